"""What a pasted error is, by its looks: of which kind, and which codes stand in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

TEXT_LIMIT = 20_000
MOST_CODES = 8
LINES = 3
"""Lines of a screen that are taken for the error."""


class ErrorClass(StrEnum):
    """Of which kind an error is."""

    SPACE = "no space"
    MEMORY = "out of memory"
    PERMISSION = "not permitted"
    LOGIN = "log-in refused"
    NAME = "name not resolved"
    REFUSED = "connection refused"
    TIMEOUT = "time-out"
    NETWORK = "no way there"
    CERTIFICATE = "certificate"
    MISSING = "not there"
    LIMIT = "limit reached"
    CRASH = "crash"
    INPUT_OUTPUT = "input or output error"
    READ_ONLY = "read-only"
    LOCKED = "locked or busy"
    SYNTAX = "configuration or syntax"
    UPSTREAM = "upstream failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSigns:
    """What an error text shows.

    Attributes:
        classes: of which kinds it is, in the order of `ErrorClass`.
        codes: as they stand there, as in "ENOSPC", "ORA-12541", "HTTP 502", "0x80070005"; each once.
    """

    classes: Sequence[ErrorClass]
    codes: Sequence[str]

    @property
    def text(self) -> str:
        """One sentence of what was seen, "" for nothing."""
        parts = [f"Looks like: {', '.join(self.classes)}." if self.classes else ""]
        parts.append(f"Codes: {', '.join(self.codes)}." if self.codes else "")
        return " ".join(part for part in parts if part)


_LOOKS: Mapping[ErrorClass, tuple[str, ...]] = {
    ErrorClass.SPACE: (
        "no space left", "disk (?:is )?full", "enospc", "not enough space", "quota exceeded", "edquot",
    ),
    ErrorClass.MEMORY: (
        "out of memory", "oom[- ]?kill", "cannot allocate memory", "enomem", "heap space", "oomkilled",
    ),
    ErrorClass.PERMISSION: (
        "permission denied", "eacces", "eperm", "operation not permitted", "access (?:is )?denied", "0x80070005",
        "avc: +denied", r"\b403\b",
    ),
    ErrorClass.LOGIN: (
        "authentication fail", "login incorrect", "invalid (?:user|password|credentials)",
        r"permission denied \(publickey", "logon failure", r"\b401\b", "too many authentication",
    ),
    ErrorClass.NAME: (
        "could not resolve", "name or service not known", "nxdomain", "servfail",
        "temporary failure in name resolution", "no such host is known", "getaddrinfo",
    ),
    ErrorClass.REFUSED: (
        "connection refused", "econnrefused", "actively refused", "no listener",
    ),
    ErrorClass.TIMEOUT: (
        "timed? ?out", "etimedout", "deadline exceeded", r"\b504\b",
    ),
    ErrorClass.NETWORK: (
        "no route to host", "ehostunreach", "network is unreachable", "enetunreach", "connection reset",
        "econnreset", "broken pipe",
    ),
    ErrorClass.CERTIFICATE: (
        "certificate", "x509", "self.signed", "ssl(?:v3)? alert", "tls handshake", "unable to get local issuer",
    ),
    ErrorClass.MISSING: (
        "no such file", "enoent", "not found", "does not exist", r"\b404\b", "cannot find",
    ),
    ErrorClass.LIMIT: (
        "too many (?:open files|connections|requests)", "emfile", "enfile", "resource temporarily unavailable",
        "limit (?:reached|exceeded)", r"\b429\b", "table full",
    ),
    ErrorClass.CRASH: (
        "segfault", "segmentation fault", "core dumped", "sigsegv", "sigabrt", "kernel panic", "crashloopbackoff",
        "stack trace", "bugcheck",
    ),
    ErrorClass.INPUT_OUTPUT: (
        "input/output error", r"\beio\b", "i/o error", "medium error", "unrecovered read error", "bad sector",
    ),
    ErrorClass.READ_ONLY: (
        "read-only file ?system", "erofs", "remounting filesystem read-only",
    ),
    ErrorClass.LOCKED: (
        "could not get lock", "ebusy", "device or resource busy", "deadlock", "lock wait", "being used by another",
        "address already in use", "eaddrinuse",
    ),
    ErrorClass.SYNTAX: (
        "syntax error", "parse error", "unexpected token", "invalid (?:directive|option|argument|configuration)",
        "test failed", "unknown directive", "yaml:",
    ),
    ErrorClass.UPSTREAM: (
        "bad gateway", r"\b502\b", "service unavailable", r"\b503\b", "upstream", "no live backend",
    ),
}  # fmt: skip
"""Kind -> expressions by one of which it shows; case does not count."""

_KINDS = {kind: re.compile("|".join(looks), re.IGNORECASE) for kind, looks in _LOOKS.items()}
_HTTP = re.compile(
    r"(?:HTTP/[\d.]+\"? |\bstatus(?: code)?[ :=]+|\bHTTP )(4\d\d|5\d\d)\b|\b(5\d\d) (?=Bad|Internal|Serv|Gate)",
    re.IGNORECASE,
)
_CODES = re.compile(
    r"\b(?:ORA|TNS|PLS|RMAN|SP2|SQL|AADSTS|KB|CVE-\d{4}|PRVF)-?\d{3,7}\b"
    r"|\b0x[0-9A-Fa-f]{8}\b"
    r"|\bE(?:ACCES|PERM|NOENT|NOSPC|NOMEM|IO|BUSY|EXIST|INVAL|MFILE|NFILE|ROFS|PIPE|AGAIN|DQUOT|CONNREFUSED|CONNRESET|TIMEDOUT"
    r"|HOSTUNREACH|NETUNREACH|ADDRINUSE)\b"
    r"|\bSIG(?:SEGV|ABRT|KILL|TERM|BUS|ILL|FPE)\b"
    r"|\bSQLSTATE[ :\[]*[0-9A-Z]{5}\b|\b(?:Error|ERROR|Fehler) \d{3,5}\b"
    r"|\b(?:exit(?:ed)?|status|code)[ =:/]+(?:code |status )?\d{1,3}(?:/[A-Z-]+)?\b"
    r"|\b[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\b"
    r"|\b(?:Event ?ID|event id)[ :=]*\d{1,5}\b"
)  # fmt: skip


def signs_of(text: str) -> ErrorSigns:
    """Return what an error text shows; only its first 20,000 characters count."""
    said = text[:TEXT_LIMIT]
    codes = [" ".join(match[0].split()) for match in _CODES.finditer(said)]
    codes += [f"HTTP {match[1] or match[2]}" for match in _HTTP.finditer(said)]
    classes = [kind for kind, pattern in _KINDS.items() if pattern.search(said)]
    return ErrorSigns(classes=classes, codes=list(dict.fromkeys(codes))[:MOST_CODES])


def error_lines(text: str) -> str:
    """Return the newest lines of a screen that look like an error, oldest first; the last ones where none does."""
    lines = [line.strip() for line in text[-TEXT_LIMIT:].splitlines() if line.strip()]
    return "\n".join([line for line in lines if signs_of(line).text][-LINES:] or lines[-LINES:])
