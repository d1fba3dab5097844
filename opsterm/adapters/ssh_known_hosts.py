"""known_hosts: which keys a host is known by, read once and looked up in a dictionary.

A file of 1,000 lines is read in a few milliseconds, in a thread, and again only when it changed; a look-up
costs microseconds. Hashed names cost one HMAC for each line that has not been found to be somebody's yet, once per
name. Format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from opsterm.adapters.ssh_config_lines import matches_any
from opsterm.core.errors import StorageError, Unreachable
from opsterm.core.text import clean_line

REVOKED, AUTHORITY = "@revoked", "@cert-authority"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """One line.

    Attributes:
        marker: "", "@revoked" or "@cert-authority".
        key_type: e.g. "ssh-ed25519".
        blob: the public key as SSH sends it.
        where: "~/.ssh/known_hosts:12", for messages.
    """

    marker: str
    key_type: str
    blob: bytes
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFor:
    """What is known of one host.

    Attributes:
        keys: its keys.
        authorities: keys whose host certificates are believed.
        revoked: keys that must never be accepted.
    """

    keys: tuple[KnownKey, ...]
    authorities: tuple[KnownKey, ...]
    revoked: tuple[KnownKey, ...]


_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
"""What HMAC does to each byte of its key (RFC 2104)."""

_SALT_BYTES = 20
"""As long as ssh makes a salt; it takes no other."""

_Hashed: TypeAlias = tuple[bytes, bytes, bytes, KnownKey]
"""A hashed line: the first block of both hashes of its HMAC, what the HMAC of its name is, and the key."""


@dataclass(slots=True)
class _File:
    """One file, taken apart.

    A hashed line is one name's, so one that was found for a name is not tried for the next: with many targets that
    halves the work. Each has a salt of its own; its HMAC is made of two hashes, the keys of which are worked out once,
    at a quarter of what `hmac.digest` costs. Threads may look up at the same time: the worst is a line tried again.
    """

    stamp: tuple[int, int, int]
    exact: dict[str, list[KnownKey]] = field(default_factory=dict)
    patterns: list[tuple[tuple[str, ...], KnownKey]] = field(default_factory=list)
    hashed: list[_Hashed] = field(default_factory=list)
    found: dict[str, tuple[KnownKey, ...]] = field(default_factory=dict)

    def look_up(self, name: str) -> tuple[KnownKey, ...]:
        """Return the lines for a name, in the order: exact, pattern, hashed."""
        known = self.found.get(name)
        if known is None:
            known = self.found[name] = (*self._in_clear(name), *self._claimed(name))
        return known

    def revoked(self, name: str) -> tuple[KnownKey, ...]:
        """Return only those that revoke a key: of hashed lines, which cost, there are few."""
        known = self.found.get(name)
        if known is None:
            marked = [line for line in self.hashed if line[3].marker]
            known = (*self._in_clear(name), *(marked[at][3] for at in _fitting(marked, name)))
        return tuple(key for key in known if key.marker == REVOKED)

    def _in_clear(self, name: str) -> Iterator[KnownKey]:
        yield from self.exact.get(name, ())
        yield from (key for patterns, key in self.patterns if matches_any(patterns, name))

    def _claimed(self, name: str) -> Iterator[KnownKey]:
        """Take out the hashed lines of a name."""
        lines = self.hashed
        places = _fitting(lines, name)
        if places:
            self.hashed = [line for at, line in enumerate(lines) if at not in places]
        return (lines[at][3] for at in places)


def _fitting(lines: Sequence[_Hashed], name: str) -> list[int]:
    """Return the places of the hashed lines that are of a name: HMAC-SHA1, keyed with each line's salt."""
    plain, sha1 = name.encode("utf-8", "surrogateescape"), hashlib.sha1
    return [
        at
        for at, (inner, outer, sought, _) in enumerate(lines)
        if sha1(outer + sha1(inner + plain).digest()).digest() == sought
    ]


class KnownHosts:
    """Every known_hosts file that was asked about. Blocks while a file is read: call it in a thread."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._files: dict[Path, _File] = {}

    def look_up(self, name: str, files: Sequence[Path], *, bare_name: str = "") -> KnownFor:
        """Return what the files know of a host.

        Args:
            name: lower case; "[name]:port" for another port than 22.
            files: in the order in which they count.
            bare_name: tried for keys when nothing is known under `name`: the host without its port, as ssh does.

        Raises:
            Unreachable: a file is there and cannot be read: then nobody can be told from anybody.
        """
        parsed = [file for path in files if (file := self._file(path))]
        lines = tuple(line for file in parsed for line in file.look_up(name))
        revoked = tuple(line for line in lines if line.marker == REVOKED)
        if bare_name and bare_name != name:
            if all(line.marker == REVOKED for line in lines):
                lines = tuple(line for file in parsed for line in file.look_up(bare_name))
            revoked += tuple(line for file in parsed for line in file.revoked(bare_name))
        return KnownFor(
            keys=tuple(line for line in lines if not line.marker),
            authorities=tuple(line for line in lines if line.marker == AUTHORITY),
            revoked=tuple(dict.fromkeys(revoked)),
        )

    def revoked_in(self, path: Path) -> tuple[KnownKey, ...]:
        """Return the keys of a RevokedHostKeys file: one public key a line.

        Raises:
            Unreachable: it cannot be read, or is a binary list (KRL), which is not understood here.
        """
        text = self._text(path)
        if text is None or text.startswith("SSHKRL"):
            raise Unreachable(
                f"RevokedHostKeys names {clean_line(str(path))}, which cannot be used.",
                why="It is not there."
                if text is None
                else "It is a binary list (KRL); opsterm reads a list of public keys.",
                next_step="Give it a text file with one public key a line, or take the line out of ssh_config.",
            )
        keys = (_key("", line.split(), f"{path}:{n}") for n, line in enumerate(text.split("\n"), 1))
        return tuple(key for key in keys if key)

    def _file(self, path: Path) -> _File | None:
        try:
            status = path.stat()
        except OSError:
            self._files.pop(path, None)
            if path.is_symlink() or not os.access(path.parent, os.X_OK):
                self._text(path)
            return None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        file = self._files.get(path)
        if file is None or file.stamp != stamp:
            file = self._files[path] = self._parsed(path, stamp)
        return file

    def _parsed(self, path: Path, stamp: tuple[int, int, int]) -> _File:
        file = _File(stamp)
        shown = f"~/{path.relative_to(self._home)}" if path.is_relative_to(self._home) else str(path)
        for number, line in enumerate((self._text(path) or "").split("\n"), 1):
            words = line.split()
            if len(words) < 3 or words[0].startswith("#"):
                continue
            marker = words.pop(0) if words[0].startswith("@") else ""
            key = _key(marker, words[1:], f"{shown}:{number}")
            if key is None or marker not in ("", REVOKED, AUTHORITY):
                continue
            self._place(file, words[0], key)
        return file

    @staticmethod
    def _place(file: _File, names: str, key: KnownKey) -> None:
        if names.startswith("|1|"):
            salt, _, digest = names[3:].partition("|")
            try:
                secret, sought = base64.b64decode(salt), base64.b64decode(digest)
            except binascii.Error:
                return
            if len(secret) == _SALT_BYTES:
                block = secret.ljust(64, b"\0")
                file.hashed.append((block.translate(_INNER), block.translate(_OUTER), sought, key))
        elif any(c in names for c in "*?!"):
            file.patterns.append((tuple(names.lower().split(",")), key))
        else:
            for name in names.lower().split(","):
                file.exact.setdefault(name, []).append(key)

    @staticmethod
    def _text(path: Path) -> str | None:
        try:
            return path.read_text(encoding="utf-8", errors="surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreachable(
                f"{clean_line(str(path))} cannot be read, so no host key can be checked.",
                why=error.strerror or str(error),
                next_step="Make it readable for your account.",
            ) from error


def _key(marker: str, words: Sequence[str], where: str) -> KnownKey | None:
    if len(words) < 2 or words[0].startswith("#"):
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    name = words[0].encode("ascii", "replace")
    if blob[4 : 4 + len(name)] != name:
        return None
    return KnownKey(marker=marker, key_type=words[0], blob=blob, where=where)


def fingerprint(blob: bytes) -> str:
    """Return "SHA256:…" of a public key, as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def key_type(blob: bytes) -> str:
    """Return the kind of key, as in "ssh-ed25519"."""
    length = int.from_bytes(blob[:4], "big")
    return clean_line(blob[4 : 4 + length].decode("ascii", "replace"), limit=80)


def rsa_bits(blob: bytes) -> int:
    """Return the length of an RSA key's modulus; a number larger than any for every other kind of key."""
    fields: list[bytes] = []
    at = 0
    while at + 4 <= len(blob) and len(fields) < 3:
        length = int.from_bytes(blob[at : at + 4], "big")
        fields.append(blob[at + 4 : at + 4 + length])
        at += 4 + length
    if len(fields) < 3 or fields[0] != b"ssh-rsa":
        return 1 << 30
    return int.from_bytes(fields[2], "big").bit_length()


def known_hosts_line(name: str, key_type: str, blob: bytes, *, hashed: bool = False) -> str:
    """Return the line for a host, without newline. A hashed one differs each time: it carries a new salt."""
    if hashed:
        salt = secrets.token_bytes(20)
        digest = hmac.digest(salt, name.encode("utf-8", "surrogateescape"), "sha1")
        name = f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
    return f"{name} {key_type} {base64.b64encode(blob).decode()}"


def add_known_host(path: Path, line: str) -> None:
    """Append one line: in one write, under a lock, durable when it returns; a new file gets mode 0600.

    Raises:
        StorageError: the file cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return  # /dev/null: the operator wants nothing kept
            size = status.st_size
            ends_well = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
            os.write(descriptor, ("" if ends_well else "\n").encode() + line.encode("utf-8", "surrogateescape") + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(
            f"{clean_line(str(path))} cannot be added to.",
            why=error.strerror or str(error),
            next_step="Make it writable for your account, or name another file with ssh.known_hosts.",
        ) from error
