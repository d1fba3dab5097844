"""Secrets that are told by the place they stand in: a URL, a header, a cookie, a pipe into a program that takes one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from opsterm.policy.masking.hinted_text import HintedRules, HintedText
from opsterm.policy.masking.plain import is_plain
from opsterm.policy.masking.spans import SecretSpan


class _Place(NamedTuple):
    """A place of a secret.

    Attributes:
        kind: the word in the placeholder.
        pattern: tried on the text in small letters, with a group "secret".
        hints: texts of which one must be in what it finds.
    """

    kind: str
    pattern: str
    hints: tuple[str, ...]


def _place(kind: str, pattern: str, *hints: str) -> _Place:
    return _Place(kind, pattern, hints)


_ARGUMENT = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"';|&]+)"""
_SUDO = r"(?:sudo\s+(?:-\S+\s+){0,3})?"

PLACES: tuple[_Place, ...] = (
    _place("password", r"://(?!mailto:)[^\s/:'\"<>]{0,200}:(?!\d{1,5}[;?])(?P<secret>[^\s/'\"<>]{1,400})@", "://"),
    _place("password", r"://[^\s/:@'\"<>]{1,200}:(?!\d{1,5}/)(?P<secret>[^\s'\"<>@]{1,200})@(?=[\w.-]{1,200}(?:[:/?\s'\"]|$))", "://"),
    _place("token", r"\b[a-z][a-z0-9+.-]{0,20}://(?P<secret>(?=[a-z_-]{0,400}\d)[a-z0-9_-]{20,400})@", "://"),
    _place("password", r"\b[\w.-]{1,64}:(?P<secret>[^\s/'\"@]{1,200})@(?:tcp|unix|udp)\(", "@tcp(", "@unix(", "@udp("),
    _place("password", r"\bjdbc:oracle:\w{1,10}:[\w$#.-]{1,64}/(?P<secret>[^\s@'\"]{1,200})@", "jdbc:oracle"),
    _place("authorization", r"\b(?:proxy-)?authorization\\?['\"]?\s{0,3}[:=]\s{0,3}\\?['\"]?"
           r"(?P<secret>aws4-hmac-sha256[ ,][^'\n]{0,300}?(?:credential|signature)=[^'\n]{1,400}|digest[ \t][^\n]{1,600}|hawk[ \t][^\n]{1,400}|oauth[ \t][^\n]{1,600})",
           "authorization"),
    _place("authorization", r"\b(?:proxy-)?authorization\\?['\"]?\s{0,3}[:=][ \t]{0,3}\\?['\"]?(?:(?:bearer|basic|token|negotiate|ntlm|"
           r"apikey|api-key|key|ssws|glpat|genie?key|bot|jwt|sharedkey[ \t]\w{1,64}:|sharedaccesssignature|[a-z][a-z0-9_-]{1,30}(?=[ \t]+(?:[\w+/=.-]{16}|\[masked)))[ \t:]{1,3}"
           r"(?:token=\\?\"?)?)?\\?['\"]?(?P<secret>[^\s'\",;\\`]+)", "authorization"),
    _place("token", r"(?<!\w)(?<!\w-)bearer[ \t]{1,3}(?P<secret>(?:(?=[a-z._~+/=-]{0,400}\d)[a-z0-9._~+/=-]{8,}|[a-z._~+/=-]{24,}))", "bearer"),
    _place("token", r"\b(?:x-[a-z-]{0,30}(?:token|key|secret|auth|signature)|private-token|job-token|deploy-token|api-?key|"
           r"dd-(?:api|application)-key|ocp-apim-subscription-key|circle-token|fastly-key|x-vault-token)\\?['\"]?\s{0,2}:\s{0,3}"
           r"\\?['\"]?(?P<secret>[^\s'\",;\\]{4,})", "token", "key", "secret", "auth", "signature"),
    _place("cookie", r"(?<![\w-])(?:set-)?cookie2?\\?['\"]?\s{0,2}:\s{0,3}\\?['\"]?[^=\s;'\"]{1,100}=(?P<secret>[^\s;'\"\\]+)", "cookie"),
    _place("password", rf"\becho\s+(?:-[ne]+\s+)?(?P<secret>{_ARGUMENT})\s*\|\s*{_SUDO}(?:passwd\b|sudo\s+(?:-\S+\s+){{0,3}}-S|"
           r"sudo\s+-\w*s\b|cryptsetup\b|docker\s+login|podman\s+login|helm\s+registry\s+login|gh\s+auth|su\b|kinit\b|"
           r"smbpasswd|pdbedit|ansible-vault|gpg\b|openssl\b|cargo\s+login|mkpasswd|htpasswd|ecryptfs|veracrypt)",
           "passwd", "sudo", "cryptsetup", "login", "gh auth", "su", "kinit", "pdbedit", "vault", "gpg", "openssl", "crypt"),
    _place("password", rf"\bprintf\s+(?:(?:'%[^'\n]*'|\"%[^\"\n]*\"|%\S+)\s+)?(?P<secret>{_ARGUMENT})\s*\|\s*{_SUDO}(?:passwd\b|"
           r"sudo\s+-s|cryptsetup\b|docker\s+login|podman\s+login|gh\s+auth|kinit\b|smbpasswd|gpg\b|openssl\b)",
           "passwd", "sudo", "cryptsetup", "login", "gh auth", "kinit", "gpg", "openssl"),
    _place("password", rf"\b(?:echo|printf)\s+(?:-[ne]+\s+)?(?:['\"]?%s(?:\\n)?['\"]?\s+)?(?P<secret>{_ARGUMENT})\s*\|\s*[^\n|;&]{{1,200}}?\s-{{1,2}}(?:password-stdin|"
           r"passphrase-stdin|pass-stdin|token-stdin|with-token|passphrase-fd[ =]0|pass-fd[ =]0|from-stdin|stdin|pinentry-mode|key-file[ =]-|passin[ ]stdin|pass[ ]stdin)(?![\w-])",
           "-stdin", "with-token", "-fd", "--stdin", "key-file", " stdin", "pinentry"),
    _place("password", rf"\becho\s+(?:-[ne]+\s+)?(?P<secret>{_ARGUMENT})\s*\|\s*{_SUDO}(?:argon2|pw\s+(?:user|mod|add)|pass(?:age)?\s+insert|secrethub\s+write|gopass\s+insert|"
           r"vault\s+login|bw\s+unlock|(?:docker|podman)\s+secret\s+create|chezmoi\s+encrypt|sops\s+|systemd-creds\s+encrypt|age\s)", "argon2", "pw ", "insert", "secret", "unlock", "encrypt", "login", "sops", "age "),
    _place("password", rf"\byes\s+(?P<secret>{_ARGUMENT})\s*\|\s*{_SUDO}(?:passwd|smbpasswd|vncpasswd)\b", "passwd"),
    _place("password", r"\b(?:echo|printf)\s+(?:-[ne]+\s+)?['\"]?[a-z_][\w-]{0,31}:(?P<secret>[^\s'\"|]+?)(?:\\n)?['\"]?\s*\|\s*"
           r"(?:sudo\s+)?chpasswd\b", "chpasswd"),
    _place("password", r"\bchpasswd\b[^|;&\n]{0,100}?<<<\s*['\"]?[a-z_][\w-]{0,31}:(?P<secret>[^\s'\"]+)", "chpasswd"),
    _place("password", r"\bchpasswd\b[^\n]{0,60}<<-?\s*['\"]?\w{1,20}['\"]?\n[a-z_][\w-]{0,31}:(?P<secret>[^\s'\"]+)", "chpasswd"),
    _place("password", rf"\b(?:sudo\s+-\w*s\w*[^<\n|;]{{0,100}}|kinit[^<\n|;]{{0,100}}|passwd\s+--stdin[^<\n|;]{{0,60}}|cryptsetup[^<\n|;]{{0,100}}|"
           rf"docker\s+login[^<\n|;]{{0,100}}|gh\s+auth[^<\n|;]{{0,60}}|(?:realm|adcli|smbpasswd|pdbedit|ipa|openssl|ansible-vault|gpg|vault\s+login|ldap\w+|podman\s+login|helm\s+registry)\s[^<\n|;]{{0,100}})<<<\s*\$?(?P<secret>{_ARGUMENT})", "<<<"),
    _place("password", r"pass(?:word)?-?file[ =]<\((?:echo|printf)\s+(?:-\w+\s+)?(?P<secret>[^\s)]{1,200})", "<("),
    _place("password", rf"-stdin[\w-]{{0,20}}[^<\n|;]{{0,40}}<\s*<\((?:echo|printf)\s+(?:-\w+\s+)?(?P<secret>{_ARGUMENT})", "<("),
    _place("password", r"assword:?\s?\*?\"?\}?[;\s]+send\s+(?:--\s+)?\"(?P<secret>[^\"\\\n]{1,80})\\[rn]\"", "send"),
    _place("password", r"(?m)^[\"']?[\w.@\\*-]{1,64}[\"']?[ \t]+[\"']?(?:\*|[\w.-]{1,64})[\"']?[ \t]+(?P<secret>\"[^\"\n]{4,80}\"|[^\s\"'*]{4,80})[ \t]+[\"']?\*[\"']?[ \t]*$", "*"),
    _place("password", r"(?m)^\s*smtpd?_sasl_password_maps\s*=\s*static:[^:\s]{1,100}:(?P<secret>\S+)", "sasl_password"),
    _place("password", r"(?m)^\[?[\w.-]{1,100}\]?(?::\d{1,5})?[ \t]+[\w.+-]{1,64}@[\w.-]{1,100}:(?P<secret>[^\s:]{4,100})$", "@"),
    _place("token", r"//[\w.-]{1,100}/(?:[\w./-]{0,100}/)?:_authtoken\s*=\s*(?P<secret>[^\s'\"]+)", "_authtoken"),
    _place("token", r"\"auth\\{0,8}\"\s{0,4}:\s{0,4}\\{0,8}\"(?P<secret>[a-z0-9+/_-]{8,}={0,2})\\{0,8}\"", "\"auth"),
    _place("key", r"\bwg[ \t]set[ \t][^\n]{1,200}?(?:private|preshared)-key[ \t]+<\(echo[ \t]+(?P<secret>[^)\s]+)", "wg set"),
)  # fmt: skip

_COOKIE_LINE = r"(?<![\w-])cookie\\?['\"]?\s{0,2}:\s{0,3}(?P<all>[^\n'\"]{1,8000})"
_FURTHER_COOKIE = re.compile(r";\s{0,3}[^=\s;'\"]{1,100}=(?P<secret>[^\s;'\"]{8,})")


_BY_HINT = HintedRules(PLACES)


def find_placed(text: str, small: HintedText) -> Iterator[SecretSpan]:
    """Yield the secrets of a text that are told by the place they stand in.

    Args:
        text: as it is.
        small: the same with ASCII capitals made small.
    """
    for place, match in _BY_HINT.found_in(small):
        start, end = _unquoted(text, *match.span("secret"))
        if not is_plain(text[start:end]):
            yield SecretSpan(start, end, place.kind)
    for line in small.matches(_COOKIE_LINE, ("cookie",)) if "cookie" in small.text else ():
        for match in _FURTHER_COOKIE.finditer(small.text, *line.span("all")):
            yield SecretSpan(*match.span("secret"), "cookie")


def _unquoted(text: str, start: int, end: int) -> tuple[int, int]:
    if end - start >= 2 and text[start] in "'\"" and text[end - 1] == text[start]:
        return start + 1, end - 1
    return start, end
