"""The way by which we came to a target, as the target sees it: whoever cuts it cuts us off."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.monitoring.sections import sections_of

_NAMED = re.compile(r"^\d+: ([^:@\s]+)(?:@([^:\s]+))?:")
_MASTER = re.compile(r"\bmaster (\S+)")
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+$-]{0,127}")
_INTERFACE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_MOST_NAMES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPath:
    """How a session reached a target; what is not known is "", 0 or ().

    Attributes:
        protocol: a word of `inventory.Protocol`.
        user: the account that logged in.
        groups: its groups.
        home: its home folder.
        client: the address that the target sees us come from; of a jump host when there is one.
        server: the address of the target that we connected to.
        port: the port of the target that we connected to.
        interface: the interface by which the target answers us.
        gateway: the router that its answers take, "" for none.
        carriers: interfaces that `interface` is made of or stands on.
        processes: ids of the processes that our session hangs on, the nearest first.
    """

    protocol: str = "ssh"
    user: str = ""
    groups: tuple[str, ...] = ()
    home: str = ""
    client: str = ""
    server: str = ""
    port: int = 0
    interface: str = ""
    gateway: str = ""
    carriers: tuple[str, ...] = ()
    processes: tuple[int, ...] = ()


def read_session_path(text: str) -> SessionPath:
    """Read what `Look.PATH` printed. Whatever has not the form that it should have is taken as not known.

    Args:
        text: from a target, so it may be anything.
    """
    found = sections_of(text)
    connection = _first(found.of("connection")).split()
    client, server, port = "", "", 0
    if len(connection) == 4:
        client, server = _address(connection[0]), _address(connection[2])
        port = int(connection[3]) if connection[3].isascii() and connection[3].isdigit() else 0
    route = _first(found.of("route")).split()
    interface = _after(route, "dev", _INTERFACE)
    user, groups, home = (*found.of("account")[:3], "", "", "")[:3]
    return SessionPath(
        user=user if _ACCOUNT.fullmatch(user) else "",
        groups=tuple(name for name in groups.split()[:_MOST_NAMES] if _ACCOUNT.fullmatch(name)),
        home=home if home.startswith("/") and len(home) < 4096 else "",
        client=client, server=server, port=port if port < 65_536 else 0, interface=interface,
        gateway=_address(_after(route, "via", re.compile(r"[0-9A-Fa-f:.]+"))),
        carriers=_carriers(found.of("links"), interface),
        processes=tuple(
            int(line) for line in found.of("processes")[:_MOST_NAMES] if line.isascii() and line.isdigit()
        ),
    )  # fmt: skip


def _first(lines: Sequence[str]) -> str:
    return next(iter(lines), "")


def _address(text: str) -> str:
    """Return an address in its usual form, "" for what is none; the zone of a link-local one is left out."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return ""


def _after(words: Sequence[str], name: str, form: re.Pattern[str]) -> str:
    """Return the word behind `name` when it has the form, "" otherwise."""
    at = words.index(name) + 1 if name in words else len(words)
    return words[at] if at < len(words) and form.fullmatch(words[at]) else ""


def _carriers(links: Sequence[str], interface: str) -> tuple[str, ...]:
    """Return what an interface stands on: the parent of a VLAN, the parts of a bridge or bond, and theirs.

    Args:
        links: lines of `ip -o link show`.
        interface: whose.
    """
    below: dict[str, set[str]] = {}
    for line in links:
        named = _NAMED.match(line)
        if named is None:
            continue
        name, parent = named.group(1), named.group(2)
        if parent and not re.fullmatch(r"if\d+|NONE", parent):
            below.setdefault(name, set()).add(parent)
        master = _MASTER.search(line)
        if master:
            below.setdefault(master.group(1), set()).add(name)
    seen: list[str] = []
    waiting = sorted(below.get(interface, ()))
    while waiting and len(seen) < _MOST_NAMES:
        name = waiting.pop(0)
        if name not in seen and name != interface:
            seen.append(name)
            waiting += sorted(below.get(name, ()))
    return tuple(seen)
