"""Targets from a known_hosts file: what this account has connected to before.

Format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". The names of one line are one machine: the first that is no IP
address names the target. Hashed names cannot be read back; they are counted.
"""

from __future__ import annotations

from opsterm.core import lean_re as re
from opsterm.inventory.fields import parse_port, shown
from opsterm.inventory.imports import LINE_LIMIT, Gathering, ImportResult, lines_of
from opsterm.inventory.patterns import is_wild
from opsterm.inventory.target import LOCALHOST, Target

SOURCE = "known_hosts"
_IP = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.%a-z]*")
_KEY_TYPE = re.compile(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+")
_WITH_PORT = re.compile(r"\[([^\]]+)\]:([0-9]{1,5})")
_THIS_MACHINE = frozenset({LOCALHOST, "127.0.0.1", "::1", "localhost.localdomain", "ip6-localhost"})


def import_known_hosts(file: str, text: str) -> ImportResult:
    """Return the targets whose names stand in a known_hosts text.

    Args:
        file: how messages name it.
        text: its text.
    """
    gathering = Gathering(SOURCE)
    hashed = patterns = 0
    for number, raw in enumerate(lines_of(text), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if len(line) > LINE_LIMIT:
            gathering.problem(file, number, f"This line is longer than {LINE_LIMIT:,} characters.")
            continue
        words = line.split(None, 4)
        if words[0].startswith("@"):
            # A revoked key is no host to connect to; an authority's line holds patterns.
            patterns += words[0] != "@revoked"
            continue
        if len(words) < 3 or not _KEY_TYPE.fullmatch(words[1]):
            gathering.problem(file, number, f"This is no known_hosts line: {shown(line)}.")
        elif words[0].startswith("|"):
            hashed += 1
        elif is_wild(words[0]) or words[0].startswith("!"):
            patterns += 1
        else:
            _add(gathering, file, number, words[0].split(","))
    if hashed:
        noun = "line has its name" if hashed == 1 else "lines have their names"
        gathering.note(f"{hashed:,} {noun} hashed (HashKnownHosts), so no target can be read from them.")
    if patterns:
        noun = "line stands" if patterns == 1 else "lines stand"
        gathering.note(f"{patterns:,} {noun} for patterns, not for one host.")
    return gathering.result()


def _add(gathering: Gathering, file: str, number: int, names: list[str]) -> None:
    parsed = [_host_and_port(name) for name in names if name]
    if not parsed or any(host.lower() in _THIS_MACHINE for host, _ in parsed):
        return
    host, port = next(((h, p) for h, p in parsed if not _IP.fullmatch(h)), parsed[0])
    if host in gathering.targets or not gathering.is_usable_name(file, number, host):
        return
    gathering.targets[host] = Target(name=host, port=port, source=SOURCE)


def _host_and_port(name: str) -> tuple[str, int | None]:
    match = _WITH_PORT.fullmatch(name)
    if not match or not 1 <= int(match[2]) <= 65535:
        return name, None
    return match[1], parse_port(match[2])
