"""Log-ins among the arguments of any command, also of tools that no table has: a user, and behind it a password.

`-p` alone says nothing, it is a port, a path or a process; behind `-u ana` it is a password unless it looks like one of
those. `--auth ana:…` and `domain/user:…@host` need no table either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from opsterm.policy.masking.arguments import known_tools
from opsterm.policy.masking.hinted_text import HintedRules, HintedText
from opsterm.policy.masking.plain import is_plain, looks_made, looks_random
from opsterm.policy.masking.rules import VALUE, find_by, rule
from opsterm.policy.masking.spans import SecretSpan, compiled

_PAIR = (
    rf"(?<![\w-])(?P<user>(?:--?(?:u|user|username|login|account|uid|userid|user-name|login-user)|/u|/user|/username)[ \t=:]+(?!-)[^\s;|&]{{1,80}})"
    rf"(?P<between>(?:[ \t]+[^\s;|&]{{1,120}}){{0,6}}?)[ \t]+(?:-p|-pw|-w|/p|/pw|--pw|-pass)[ \t:=]+(?![-&|;<>#/]){VALUE}"
)
"""A user's name and a password as two options, with a few words between."""

_HINTS = (" -p ", " /p", " -pw ", " --pw", " -w ", " -pass ")

_OWN_MEANING = frozenset({
    "journalctl", "sudo", "su", "doas", "runuser", "read", "ps", "top", "htop", "lsof", "strace", "ltrace", "pgrep",
    "pkill", "mkdir", "cp", "mv", "install", "ss", "netstat", "ssh", "scp", "sftp", "systemctl", "loginctl", "tmux",
    "screen", "docker", "podman", "docker-compose", "nerdctl", "kubectl", "git", "find", "xargs", "test", "unshare",
    "chroot", "taskset", "crontab", "useradd", "usermod", "adduser", "date", "sort", "tar", "rsync", "make", "pytest",
    "patch", "perl", "python", "ruby", "nmap", "sqlmap", "gobuster", "nc", "ncat",
})  # fmt: skip
"""Programs of which `-u` or `-p` mean something else."""

_WRAPPERS = frozenset({
    "sudo", "doas", "env", "time", "nohup", "nice", "ionice", "timeout", "watch", "proxychains", "proxychains4",
    "torsocks", "winpty",
})  # fmt: skip
"""Programs that only start another one."""

_NO_PASSWORD = re.compile(
    r"\d{1,5}(?:[:/-]\S*)?|[\d.]+:\d+.*|err|warning|info|debug|crit|alert|emerg|tcp|udp|high|low|\d+\.\.\d+"
)

RULES = (
    rule(r"(?<![\w-])--?(?:[a-z]{1,20}-){0,3}(?:auth|creds?|credentials?|userpass|userpwd|basicauth)[ \t=]+[\"']?(?![a-z]{2,10}://)[\w.@\\-]{1,64}:"
         r"(?P<secret>(?!\d{1,5}(?:[\s\"']|$))[^\s\"'@]{3,200})", "auth", "cred", "userp"),
    rule(r"(?<![\w.-])(?:impacket-[\w-]{2,30}|[\w-]{2,40}\.py)[ \t][^\n|;]{0,200}?(?<=[ \t'\"])[\w.-]{1,64}/[\w.$-]{1,64}:(?P<secret>(?!\d+\b)[^\s'\"@]{1,100})(?=@|[\s'\"]|$)",
         ".py", "impacket-"),
    rule(r"(?<![\w.-])(?:impacket-[\w-]{2,30}|[\w-]{2,40}\.py)[ \t][^\n|;]{0,200}?(?<=[ \t'\"])[\w.$-]{1,64}:(?P<secret>(?!\d+\b)[^\s'\"@/]{1,100})@[\w.-]",
         ".py", "impacket-"),
    rule(r"(?<![\w/:@.-])(?!mailto:|sips?:|acct:|xmpp:|git:|tel:)[\w.-]{1,64}:(?P<secret>[^\s/:@'\"()]{6,80})@[a-z][\w.-]{0,100}(?:(?::\d{2,5})?/[\w-]{1,60}|:\d{2,5}(?![\w.-]))",
         "@", wants=looks_made),
    rule(r"\bcurl\b[^\n|;]{0,300}?[ \t]-[a-z]{1,6}u[ \t]*['\"]?[^\s:'\"]{1,80}:(?P<secret>[^\s'\"]{1,200})", "curl"),
    rule(rf"\bhtpasswd(?=[^\n|;]{{0,80}}?[ \t]-[a-z]*b)(?=[^\n|;]{{0,80}}?[ \t]-[a-z]*n)(?:[ \t]+-\w+(?:[ \t]+\d+)?){{1,5}}[ \t]+[^\s-][^\s]{{0,80}}[ \t]+{VALUE}", "htpasswd"),
    rule(rf"\bhtpasswd(?=[^\n|;]{{0,80}}?[ \t]-[a-z]*b)(?![^\n|;]{{0,80}}?[ \t]-[a-z]*n)(?:[ \t]+-\w+(?:[ \t]+\d+)?){{1,5}}[ \t]+[^\s-]\S{{0,200}}[ \t]+\S{{1,80}}[ \t]+{VALUE}", "htpasswd"),
    rule(r"\bopen[ \t]+(?:-p[ \t]+\d+[ \t]+)?-u[ \t]+['\"]?[\w.@-]{1,64},(?P<secret>[^\s'\"]{1,200})", "open"),
    rule(rf"(?<![\w+])\+\+pass(?:word|wd)?[ \t=]+{VALUE}", "++pass"),
    rule(rf"(?<![\w-])--?(?:[a-z]{{1,20}}-)?key[ \t=]+{VALUE}", "-key", wants=looks_random),
    rule(r"(?<![\w-])-{1,2}hash(?:es)?[ \t=]+(?P<secret>(?:[0-9a-f]{32})?:[0-9a-f]{32}|[0-9a-f]{32})(?![0-9a-f])", "-hash"),
    rule(r"(?<![\w-])(?:auth|authtoken|add-authtoken|login|enable|register|unlock|activate|enroll|access|join|token|apikey|set-token|setup)[ \t]"
         r"(?P<secret>[a-z0-9_-]{20,200})(?![\w./:@=-])", "auth", "login", "enable", "register", "unlock", "activate", "enroll",
         "access", "join", "token", "apikey", "setup", wants=looks_random),
)  # fmt: skip


_BY_HINT = HintedRules(RULES)


def find_log_ins(text: str, small: HintedText) -> Iterator[SecretSpan]:
    """Yield the passwords of log-ins in commands.

    Args:
        text: as it is.
        small: the same with ASCII capitals made small.
    """
    yield from find_by(_BY_HINT, text, small)
    if not any(hint in small.text for hint in _HINTS):
        return
    for match in compiled(_PAIR).finditer(small.text):
        start, end = next(match.span(name) for name in ("double", "single", "bare") if match[name] is not None)
        value = text[start:end]
        if _is_log_in(small.text, match) and not _NO_PASSWORD.fullmatch(value) and not is_plain(value):
            yield SecretSpan(start, end, "password")


def _is_log_in(small: str, match: re.Match[str]) -> bool:
    """Return whether the options are of a program of which nothing else is known."""
    line = small[max(small.rfind("\n", 0, match.start()) + 1, match.start() - 300) : match.start()]
    words = [word for word in re.split(r"[;|&(`]", line)[-1].split() if word[0] != "-" and "=" not in word]
    program = next((word for word in words if word not in _WRAPPERS), "sudo")
    name = program.strip("\"'").rpartition("/")[2].rpartition("\\")[2].removesuffix(".exe")
    return name not in _OWN_MEANING and name not in known_tools()
