"""Whether a rule of a packet filter is about the line that we came in by."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from enum import StrEnum

from opsterm.monitoring.session_path import SessionPath


class FlowMatch(StrEnum):
    """What a rule has to do with our line."""

    OURS = "ours"
    OTHERS = "others"
    UNKNOWN = "unknown"


_ADDS = frozenset({"-A", "-I", "--append", "--insert"})
_CHAIN_OF_OURS = "INPUT"
_SOURCES = frozenset({"-s", "--source", "--src"})
_TARGETS = frozenset({"-d", "--destination", "--dst"})
_PORTS = frozenset({"--dport", "--destination-port", "--dports", "--destination-ports"})
_TAKES = frozenset({"-j", "--jump", "-m", "--match", "--comment", "--reject-with", "-t", "--table"})
"""Options with a value that does not say which packets are meant."""
_SSH_AND_WINRM = ("tcp", "6", "all", "0")


_PLAIN = re.compile(r"[A-Za-z0-9_.:-]+\+?")
_TUNNEL = re.compile(r"(?:wg|tun|tap|ppp|gre|ipip|sit|ip6|vti|xfrm|vxlan|geneve|tailscale|zt|nebula|l2tp|utun)")
"""What carries our line inside another one, of which nothing is known: a rule about that one cuts ours, too."""


def match_of_rule(words: Sequence[str], way: SessionPath) -> FlowMatch:
    """Return whether a rule that iptables adds to INPUT is about our line.

    OTHERS is only said when one of its own conditions leaves our line out for certain; anything that this does not
    follow, a negated condition or another module, makes it UNKNOWN unless such a condition is there too.

    Args:
        words: the command, the executable first.
        way: how we came; what is not known of it decides nothing.
    """
    answers: list[FlowMatch] = []
    at, number = 1, len(words)
    adds = False
    while at < number:
        word, value = words[at], words[at + 1] if at + 1 < number else ""
        if word in _ADDS:
            adds = True
            if value != _CHAIN_OF_OURS:
                return FlowMatch.UNKNOWN
            at += 3 if at + 2 < number and words[at + 2].isdigit() else 2
            continue
        if word == "!":
            answers.append(FlowMatch.UNKNOWN)
            at += 3
            continue
        if word in _TAKES:
            if value in ("set", "owner", "state", "conntrack", "recent"):
                answers.append(FlowMatch.UNKNOWN)
            at += 2
            continue
        answers.append(_condition(word, value, way))
        at += 2
    if not adds:
        return FlowMatch.UNKNOWN
    return with_tunnel(answers, way)


def _condition(option: str, value: str, way: SessionPath) -> FlowMatch:
    """Return what one condition of a rule says of our line."""
    if option in _SOURCES:
        return among(way.client, value)
    if option in _TARGETS:
        return among(way.server, value)
    if option in _PORTS:
        return has_port(way.port, value)
    if option in ("-i", "--in-interface"):
        return is_interface(way.interface, value)
    if option in ("-p", "--protocol"):
        return is_protocol(value)
    return FlowMatch.UNKNOWN


def with_tunnel(answers: Sequence[FlowMatch], way: SessionPath) -> FlowMatch:
    """Return what conditions that hold together say; a line in a tunnel has another below, which may be meant."""
    if FlowMatch.OTHERS in answers:
        return FlowMatch.UNKNOWN if _TUNNEL.match(way.interface) or not way.interface else FlowMatch.OTHERS
    return FlowMatch.UNKNOWN if FlowMatch.UNKNOWN in answers else FlowMatch.OURS


def is_protocol(value: str) -> FlowMatch:
    """Return whether our line, which is TCP, is of a protocol."""
    if value.lower() in _SSH_AND_WINRM:
        return FlowMatch.OURS
    known = ("udp", "icmp", "icmpv6", "ipv6-icmp", "17", "1", "58", "sctp", "esp", "ah", "gre", "vrrp")
    return FlowMatch.OTHERS if value.lower() in known else FlowMatch.UNKNOWN


def among(address: str, networks: str) -> FlowMatch:
    """Return whether an address is in any of some networks, written with commas between them."""
    if not address:
        return FlowMatch.UNKNOWN
    try:
        ours = ipaddress.ip_address(address)
        named = [ipaddress.ip_network(one, strict=False) for one in networks.split(",")]
    except ValueError:
        return FlowMatch.UNKNOWN
    mapped = getattr(ours, "ipv4_mapped", None)
    hit = any(one.version == known.version and known in one for one in named for known in (ours, mapped) if known)
    return FlowMatch.OURS if hit else FlowMatch.OTHERS


def has_port(port: int, ports: str) -> FlowMatch:
    """Return whether a port is in a list of ports and ranges, as in "22,8000:8080"; "ssh" is 22."""
    if not port:
        return FlowMatch.UNKNOWN
    for one in ports.split(","):
        low, colon, high = one.partition(":")
        low = {"ssh": "22"}.get(low, low or "0" if colon else low)
        high = high or ("65535" if colon else low)
        if not (low.isascii() and low.isdigit() and high.isascii() and high.isdigit()):
            return FlowMatch.UNKNOWN
        if int(low) <= port <= int(high):
            return FlowMatch.OURS
    return FlowMatch.OTHERS


def is_interface(interface: str, named: str) -> FlowMatch:
    """Return whether an interface is the named one, or of those that begin so, as in "eth+"."""
    if not interface or not _PLAIN.fullmatch(named):
        return FlowMatch.UNKNOWN
    if named.endswith("+"):
        return FlowMatch.OURS if interface.startswith(named[:-1]) else FlowMatch.OTHERS
    return FlowMatch.OURS if interface == named else FlowMatch.OTHERS
