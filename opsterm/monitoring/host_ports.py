"""Listening ports and connections of a host, from what ss, netstat or the kernel's own tables say."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence

from opsterm.core import lean_re as re
from opsterm.core.text import clean_line
from opsterm.monitoring.host_facts import Link, Listener
from opsterm.monitoring.sections import Sections, by_file

MOST_LISTENERS = 500
MOST_LINKS = 500
LONGEST_NAME = 64

_SS_OWNER = re.compile(r'"([^"]{1,64})",pid=(\d{1,10})')
_NETSTAT_OWNER = re.compile(r"(\d{1,10})/(\S{1,64})")
_CGROUP = re.compile(r"/proc/(\d{1,10})/cgroup:(.*)")
_UNIT = re.compile(r"/([^/]{1,200})\.service(?:/|$)")
_CONTAINER = re.compile(r"docker[/-][0-9a-f]{12}|libpod-[0-9a-f]{12}|cri-containerd-|crio-|kubepods")
_SOCKET = re.compile(r" *\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{2}) .*")
_ESTABLISHED = {"ESTAB", "ESTABLISHED", "01"}


def listeners_of(sections: Sections) -> tuple[Listener, ...] | None:
    """Return the ports that are listened on, by protocol and port; None when not known."""
    if not {"ss", "netstat", "sockets"} & sections.lines.keys():
        return None
    units = _owners(sections.of("owners"))
    found: dict[Listener, None] = {}
    for protocol, state, local, _, owner in _rows(sections, listening=True):
        bound = _place(local)
        if bound is None or not bound[1] or (protocol == "tcp") != (state in ("LISTEN", "0A")):
            continue
        process, pid = owner
        unit, container = units.get(pid, ("", False))
        found[
            Listener(
                protocol=protocol, address=bound[0], port=bound[1], process=process, unit=unit, container=container
            )
        ] = None
    ordered = sorted(found, key=lambda one: (one.protocol, one.port, one.address))
    return tuple(ordered[:MOST_LISTENERS])


def links_of(sections: Sections, listeners: Sequence[Listener]) -> tuple[Link, ...] | None:
    """Return the connections that the host itself opened to others; None when not known.

    Args:
        sections: what was printed.
        listeners: the host's own: a connection to one of these ports was opened by the other side.
    """
    if not {"lines", "sockets"} & sections.lines.keys():
        return None
    taken = {one.port for one in listeners if one.protocol == "tcp"}
    found: set[tuple[str, int, str]] = set()
    for _, state, local, remote, owner in _rows(sections, listening=False):
        here, there = _place(local), _place(remote)
        if state not in _ESTABLISHED or here is None or there is None or here[1] in taken:
            continue
        if there[0] != "*" and not ipaddress.ip_address(there[0]).is_loopback:
            found.add((*there, owner[0]))
    return tuple(Link(address=a, port=p, process=process) for a, p, process in sorted(found)[:MOST_LINKS])


def addresses_of(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses that `ip -o addr` lists and others can reach."""
    found = []
    for line in lines:
        words = line.split()
        if len(words) > 3 and words[2] in ("inet", "inet6"):
            try:
                address = ipaddress.ip_interface(words[3]).ip
            except ValueError:
                continue
            if not address.is_loopback and not address.is_link_local:
                found.append(str(address))
    return tuple(dict.fromkeys(found))[:MOST_LISTENERS]


_Row = tuple[str, str, str, str, tuple[str, str]]
"""Protocol, state, local place, remote place, (process, its number)."""


def _rows(sections: Sections, *, listening: bool) -> Iterator[_Row]:
    if "sockets" in sections.lines:
        yield from _kernel_rows(sections.of("sockets"))
    elif "ss" in sections.lines:
        yield from _ss_rows(sections.of("ss" if listening else "lines"), listening=listening)
    else:
        yield from _netstat_rows(sections.of("netstat" if listening else "lines"))


def _ss_rows(lines: Iterable[str], *, listening: bool) -> Iterator[_Row]:
    for line in lines:
        words = line.split(maxsplit=6 if listening else 5)
        protocol = words.pop(0) if listening and words else "tcp"
        if len(words) < 5 or protocol not in ("tcp", "udp"):
            continue
        owners = _SS_OWNER.findall(words[5]) if len(words) > 5 else []
        who = (_name(owners[0][0]), owners[-1][1]) if owners else ("", "")  # the script looks at the last one's groups
        yield protocol, words[0], words[3], words[4], who


def _netstat_rows(lines: Iterable[str]) -> Iterator[_Row]:
    for line in lines:
        words = line.split()
        if len(words) < 5 or words[0] not in ("tcp", "tcp6", "udp", "udp6"):
            continue
        owner = next((found for word in words[5:7] if (found := _NETSTAT_OWNER.fullmatch(word))), None)
        who = (_name(owner[2].rstrip(":")), owner[1]) if owner else ("", "")
        yield words[0][:3], words[5] if len(words) > 5 else "", words[3], words[4], who


def _kernel_rows(lines: Sequence[str]) -> Iterator[_Row]:
    for name, inside in by_file(tuple(lines)).items():
        protocol = name.rpartition("/")[2][:3]
        for line in inside:
            told = _SOCKET.fullmatch(line)
            if told and protocol in ("tcp", "udp"):
                local, remote = (f"{_address(told[at])}:{int(told[at + 1], 16)}" for at in (1, 3))
                yield protocol, told[5], local, remote, ("", "")


def _address(digits: str) -> str:
    """Return an address as the kernel writes it: 32-bit words, each with its bytes in the host's order (little end)."""
    if len(digits) not in (8, 32):
        return ""
    packed = b"".join(bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8))
    return str(ipaddress.ip_address(packed))


def _place(text: str) -> tuple[str, int] | None:
    """Read "0.0.0.0:80", "[::]:80", ":::80", "*:80" or "fe80::1%eth0:22"; None for anything else."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]").partition("%")[0]
    number = 0 if port == "*" else int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else -1
    if not 0 <= number <= 65535:
        return None
    if host in ("*", "0.0.0.0", "::", ""):  # noqa: S104 (what a target says it listens on)
        return "*", number
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), number


def _name(text: str) -> str:
    return clean_line(text, limit=LONGEST_NAME)


def _owners(lines: Iterable[str]) -> Mapping[str, tuple[str, bool]]:
    """Return (unit, whether in a container) by number of the process, from its control groups."""
    found: dict[str, tuple[str, bool]] = {}
    for line in lines:
        told = _CGROUP.fullmatch(line)
        if told is None:
            continue
        units = _UNIT.findall(told[2])
        unit, contained = found.get(told[1], ("", False))
        unit = unit or (_name(units[-1]) if units else "")
        found[told[1]] = (unit, contained or _CONTAINER.search(told[2]) is not None)
    return found
