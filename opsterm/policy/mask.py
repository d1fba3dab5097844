r"""Secrets in text, replaced before the text is kept, exported or shown in a list.

Masked is what is stored and told (journal, audit, notes), never the bytes that run. A masked value becomes
`[masked:KIND]`, which is itself left alone: masking twice changes nothing.

The rules are data: argument positions of common tools, key = value in several spellings, headers, token shapes,
key blocks, passwords inside URLs, hashes of /etc/shadow. Values that are no secrets (a variable's name, a
placeholder, a path) stay readable.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_VALUE = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"';|&]+)"""
"""A shell value: quoted or bare."""

_WORD = (
    r"(?:password|passphrase|passwort|secret(?:[_-]?key)?|secret[_-]?access[_-]?key|(?<![a-z])token|auth[_-]?token|"
    r"api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key|client[_-]?secret|(?<![a-z])pwd|(?<![a-z])credentials?|"
    r"(?<![a-z])community)"
)
"""Last part of a name whose value is a secret: DB_PASSWORD, api-key, client_secret, community of SNMP."""

_EQUALS_ONLY = r"(?:passwd|(?<![a-z])passcode|(?<![a-z])pass)"
"""Names that are too common in front of a colon: `passwd: files`, `pass: 12`."""

_IN_COMMAND = r"[^|;&\n]{0,400}?"
"""What may stand between a tool's name and its option; bounded, so that no text makes the search slow."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """One shape of a secret.

    Attributes:
        kind: the word in the placeholder.
        pattern: with a group "secret" around what is replaced; compiled when a text first has its hint.
        flags: of `re`.
        hint: lower-case texts of which one must be in the text for the pattern to be tried; () for always.
    """

    kind: str
    pattern: str
    flags: int
    hint: tuple[str, ...] = ()


def _rule(kind: str, pattern: str, *hint: str, flags: int = 0) -> _Rule:
    return _Rule(kind, pattern, flags, hint)


@functools.cache
def _compiled(pattern: str, flags: int) -> re.Pattern[str]:
    return re.compile(pattern, flags)


_I = re.IGNORECASE
_WORDS = ("pass", "secret", "token", "key", "pwd", "credential", "community")
_RULES: tuple[_Rule, ...] = (
    _rule(
        "private-key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?P<secret>[\s\S]*?)"
        r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)",
        "private key",
    ),
    _rule("password", r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@'\"]{0,200}:(?P<secret>[^\s/'\"]{1,400})@", "://", flags=_I),
    _rule(
        "authorization",
        r"\b(?:proxy-)?authorization['\"]?\s*[:=]\s*['\"]?(?:(?:bearer|basic|token|digest|negotiate|apikey)\s+)?"
        r"(?P<secret>[^\s'\",;]+)",
        "authorization",
        flags=_I,
    ),
    _rule("token", r"\bbearer\s+(?P<secret>[A-Za-z0-9._~+/=-]{8,})", "bearer", flags=_I),
    _rule("cookie", r"\b(?:set-)?cookie\s*:\s*[^=\s;]+=(?P<secret>[^\s;'\"]+)", "cookie", flags=_I),
    _rule("aws-key", r"\b(?P<secret>(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16})\b"),
    _rule("token", r"\b(?P<secret>gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})\b", "gh", "github_pat_"),
    _rule("token", r"\b(?P<secret>glpat-[A-Za-z0-9_-]{20,})", "glpat-"),
    _rule("token", r"\b(?P<secret>xox[abeoprs]-[A-Za-z0-9-]{10,})", "xox"),
    _rule("token", r"\b(?P<secret>sk-[A-Za-z0-9_-]{20,})", "sk-"),
    _rule("token", r"\b(?P<secret>[sr]k_(?:live|test)_[A-Za-z0-9]{16,})", "k_"),
    _rule("token", r"\b(?P<secret>AIza[A-Za-z0-9_-]{35})", "aiza"),
    _rule("token", r"\b(?P<secret>hv[sb]\.[A-Za-z0-9_-]{20,})", "hv"),
    _rule("token", r"\b(?P<secret>eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})", "eyj"),
    _rule("token", r"hooks\.slack\.com/services/(?P<secret>[A-Za-z0-9/]{20,})", "hooks.slack"),
    _rule("hash", r"(?P<secret>\$(?:1|2[aby]|5|6|7|y|gy|apr1)\$[A-Za-z0-9./$=,]{8,})", "$"),
    _rule("password", rf"\bsshpass\s+(?:-[veP]\S*\s+)*-p\s*(?P<secret>{_VALUE})", "sshpass"),
    _rule(
        "password",
        rf"\b(?:mysql|mysqldump|mysqladmin|mysqlimport|mysqlcheck|mariadb|mariadb-dump|mariadb-admin)\b"
        rf"{_IN_COMMAND}\s-p(?P<secret>{_VALUE})",
        "mysql", "mariadb",
    ),
    _rule("password", rf"\b(?:redis-cli|valkey-cli)\b{_IN_COMMAND}\s(?:-a|--pass)[ =](?P<secret>{_VALUE})", "-cli"),
    _rule("password", rf"\b(?:docker|podman|helm|az|oc|skopeo|buildah)\b(?>{_IN_COMMAND}\slogin\b){_IN_COMMAND}"
                      rf"\s-p[ =](?P<secret>{_VALUE})", "login"),
    _rule("password", rf"\b(?:mongo|mongosh|mongodump|mongorestore|sqlcmd|ldapsearch|ldapmodify|ldapadd|ldapdelete|"
                      rf"ldapwhoami|ipmitool|smbclient|lftp|ncftp|xfreerdp|rdesktop|bcp)\b{_IN_COMMAND}"
                      rf"\s-(?-i:[pPwW])\s*(?P<secret>{_VALUE})",
          "mongo", "sqlcmd", "ldap", "ipmitool", "lftp", "ncftp", "rdesktop", "bcp"),
    _rule("password", rf"\b(?:curl|wget|http|https)\b{_IN_COMMAND}\s(?:-u|--user|--proxy-user|-U)[ =]?['\"]?[^\s:'\"]+:"
                      r"(?P<secret>[^\s'\"]+)", "curl", "wget", "http"),
    _rule("password", rf"\b(?:smbclient|net rpc|rpcclient|winexe|wmic|impacket-\w+)\b{_IN_COMMAND}\s-U[ =]?['\"]?"
                      rf"[^\s%'\"]+%(?P<secret>{_VALUE})", "%"),
    *(_rule(kind, rf"\bsnmp(?:get|walk|bulkwalk|bulkget|set|getnext|table|trap|status|df)\b{_IN_COMMAND}"
                  rf"\s-{letter}\s*(?P<secret>{_VALUE})", "snmp")
      for letter, kind in (("c", "community"), ("A", "password"), ("X", "password"))),
    _rule("password", r"\bnet\s+user\s+(?!/)\S+\s+(?P<secret>(?![/*])\S+)", "net", flags=_I),
    _rule("password", rf"\bConvertTo-SecureString\s+(?:-String\s+)?(?P<secret>(?!-)(?!\$){_VALUE})",
          "securestring", flags=_I),
    _rule("password", rf"\becho\s+(?:-[ne]+\s+)?(?P<secret>{_VALUE})\s*\|\s*(?:sudo\s+(?:-\S+\s+)*)?"
                      r"(?:passwd\b|sudo\s+-S|cryptsetup\b)", "passwd", "sudo", "cryptsetup"),
    _rule("password", r"\b(?:echo|printf)\s+(?:-[ne]+\s+)?['\"]?[a-z_][\w-]*:(?P<secret>[^\s'\"|]+)['\"]?\s*\|\s*"
                      r"(?:sudo\s+)?chpasswd\b", "chpasswd"),
    _rule("password", rf"\b(?:useradd|usermod)\b{_IN_COMMAND}\s-p\s*(?P<secret>{_VALUE})", "user"),
    _rule("password", rf"\bopenssl\b{_IN_COMMAND}\s-(?:passin|passout|pass|k|K)\s+(?:pass:)?(?P<secret>{_VALUE})",
          "openssl"),
    _rule("password", rf"\b(?:zip|unzip|7z|7za|rar)\b{_IN_COMMAND}\s(?:-P\s+|-p)(?P<secret>{_VALUE})",
          "zip", "7z", "rar"),
    _rule("password", rf"(?<![\w-])--?(?!no-)(?:[a-z0-9]+[-_]){{0,4}}(?:{_WORD}|{_EQUALS_ONLY})"
                      rf"(?:[ \t]*=[ \t]*|[ \t]+)(?P<secret>(?!-){_VALUE})", *_WORDS, flags=_I),
    _rule("password", rf"{_WORD}(?:[_-]?[0-9]{{1,2}})?['\"]?[ \t]*(?::=|=>?|:(?!:))[ \t]*(?P<secret>{_VALUE})", *_WORDS,
          flags=_I),
    _rule("password", rf"{_EQUALS_ONLY}(?:[_-]?[0-9]{{1,2}})?['\"]?[ \t]*=[ \t]*(?P<secret>(?![0-9]{{1,4}}\b){_VALUE})",
          "pass", flags=_I),
    _rule("token", r"\b[a-z][a-z0-9+.-]{0,20}://(?P<secret>[A-Za-z0-9_-]{20,400})@", "://", flags=_I),
    _rule("token", rf"\bvault\b{_IN_COMMAND}\slogin\s+(?:-\S+\s+)*(?P<secret>(?!-)(?![\w-]+=){_VALUE})", "vault"),
    _rule("password", rf"\bhtpasswd\s+(?:-\S+\s+)*-\w*b\w*\s+(?:-\S+\s+)*\S+\s+\S+\s+(?P<secret>{_VALUE})",
          "htpasswd"),
    _rule("password", r"\bchpasswd\b[^|;&\n]{0,100}?<<<\s*['\"]?[a-z_][\w-]*:(?P<secret>[^\s'\"]+)", "chpasswd"),
    _rule("password", rf"\bprintf\s+(?:(?:'[^'\n]*'|\"[^\"\n]*\"|%\S+)\s+)?(?P<secret>{_VALUE})\s*\|\s*(?:sudo\s+)?"
                      r"(?:passwd\b|cryptsetup\b)", "passwd", "cryptsetup"),
    _rule("password", rf"--from-literal[= ][\w.-]+=(?P<secret>{_VALUE})", "--from-literal"),
    _rule("password", rf"\bnmcli\b{_IN_COMMAND}\s(?:password|psk|[\w-]+\.(?:psk|password))\s+(?P<secret>{_VALUE})",
          "nmcli"),
    _rule("password", rf"\bwpa_passphrase\s+{_VALUE}\s+(?P<secret>{_VALUE})", "wpa_passphrase"),
    _rule("password", rf"\b(?:xfreerdp|wlfreerdp|mstsc)\b{_IN_COMMAND}\s/p:(?P<secret>{_VALUE})", "rdp"),
    _rule("password", rf"\brabbitmqctl\s+(?:add_user|change_password)\s+\S+\s+(?P<secret>{_VALUE})", "rabbitmqctl"),
    _rule("password", rf"\bkeytool\b{_IN_COMMAND}\s-(?:storepass|keypass|new)\s+(?P<secret>{_VALUE})", "keytool"),
    _rule("password", rf"\bssh-keygen\b{_IN_COMMAND}\s-[NP]\s*(?P<secret>{_VALUE})", "ssh-keygen"),
    _rule("password", rf"\blftp\b{_IN_COMMAND}\s-u\s*[^\s,]+,(?P<secret>{_VALUE})", "lftp"),
    _rule("password", r"\b(?:sqlplus|expdp|impdp|rman)\s+(?:-\S+\s+)*['\"]?[\w$#]+/(?P<secret>[^\s@'\"]+)",
          "sqlplus", "dp ", "rman"),
    _rule("password", rf"\bmosquitto_(?:pub|sub)\b{_IN_COMMAND}\s(?:-P|--pw)\s*(?P<secret>{_VALUE})", "mosquitto"),
    _rule("community", rf"\bsnmp-server\s+community\s+(?P<secret>{_VALUE})", "snmp-server"),
    _rule("password", rf"\b(?:username\s+\S+\s+(?:privilege\s+\d+\s+)?|enable\s+)(?:password|secret)\s+(?:\d\s+)?"
                      rf"(?P<secret>{_VALUE})", "password", "secret", flags=_I),
    _rule("password", r"(?<![\w$])(?:PGPASSWORD|MYSQL_PWD|SSHPASS|REDISCLI_AUTH|LDAP_PASSWD|RESTIC_PASSWORD)="
                      rf"(?P<secret>{_VALUE})", "pass", "pwd", "auth"),
    _rule("password", r"\bidentified\s+(?:with\s+\S+\s+)?by\s+(?P<secret>'[^']*'|\"[^\"]*\")", "identified", flags=_I),
    _rule("password", r"\b(?:with\s+)?(?:encrypted\s+)?password\s+(?P<secret>'[^']+')", "password", flags=_I),
)  # fmt: skip

_PLAIN = re.compile(
    r"""['"]?(?:\[masked:[a-z-]+\]
    | \$\{?\w+\}? | \$\(.*    # a variable or a substitution, decided elsewhere
    | <[^>]*> | %\w+% | \{\{.*  # placeholders
    | \*+ | x{3,} | \.{3,}
    | ~?/(?:etc|run|var|home|root|tmp|usr|opt|srv|proc|dev|mnt|data)(?:/[\w.@/-]*)? | /  # where it is, not what it is
    | (?:true|false|yes|no|none|null|required|prompt|ask|expired|changed|unchanged|incorrect|invalid|wrong|missing
       |authentication|policy|stdin|file|env|never|off|on|and|or|is|was|has|for|reset|failed|failure)[,.]?
    )['"]?""",
    re.IGNORECASE | re.VERBOSE,
)


def mask(text: str) -> tuple[str, int]:
    """Return the text with its secrets replaced, and how many were.

    Idempotent. Never raises. Cost: some milliseconds for 100 kB without secrets.
    """
    count = 0
    lowered = text.lower()
    for rule in _RULES:
        if rule.hint and not any(hint in lowered for hint in rule.hint):
            continue
        replaced, hits = _apply(rule, text)
        if hits:
            text, count, lowered = replaced, count + hits, replaced.lower()
    return text, count


def _apply(rule: _Rule, text: str) -> tuple[str, int]:
    """Replace every hit of one rule, from left to right."""
    pieces: list[str] = []
    at = hits = 0
    for match in _compiled(rule.pattern, rule.flags).finditer(text):
        secret = match["secret"]
        start, end = match.span("secret")
        if start < at or not secret.strip() or _PLAIN.fullmatch(secret.strip()) or _is_masked(secret, text[at:start]):
            continue
        opening, closing = _quotes(secret)
        pieces += [text[at:start], opening, f"[masked:{rule.kind}]", closing]
        at, hits = end, hits + 1
    if not hits:
        return text, 0
    pieces.append(text[at:])
    return "".join(pieces), hits


def _is_masked(secret: str, before: str) -> bool:
    """Return whether a placeholder is in the value, or the value in one, so that masking again leaves it."""
    return "[masked:" in secret or secret.strip("'\"").startswith("masked:") or before.endswith("[masked:")


def _quotes(secret: str) -> tuple[str, str]:
    """Return the quotes around a value, so that the text keeps its shape."""
    if len(secret) >= 2 and secret[0] in "'\"" and secret[-1] == secret[0]:
        return secret[0], secret[0]
    return "", ""
