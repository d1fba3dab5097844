"""Ways back from addresses, routes, links and rules of the packet filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_RULES = Thing(kind=ThingKind.FIREWALL)
_OBJECTS = (
    "link", "l", "li", "addr", "a", "ad", "address", "route", "r", "ro", "rule", "ru",
)  # fmt: skip


def _rules(*places: str) -> Ways:
    """Return the way back from rules that are also kept in files."""

    def ways(call: KnownCall) -> Iterator[Thing | Gap]:
        del call
        yield _RULES
        yield from (Thing(kind=ThingKind.FILES, name=place) for place in places)

    return ways


def _ip(call: KnownCall) -> Iterator[Thing | Gap]:
    named = call.others("-n -netns -f -family -b -batch")
    if call.has("-n", "-netns", "-b", "-batch") or named[:1] == ["netns"] or not named or named[0] not in _OBJECTS:
        raise NotKnown("only links, addresses, routes and rules of this host are kept")
    if named[0] in ("link", "l", "li") and named[1:2] != ["set"]:
        raise NotKnown("links that are made or removed are not kept")
    yield Thing(kind=ThingKind.NETWORK)


def _ifconfig(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Thing(kind=ThingKind.NETWORK)


NETWORK: Mapping[str, Ways] = {
    **dict.fromkeys(
        ("nft", "iptables", "ip6tables", "iptables-restore", "ip6tables-restore", "iptables-nft", "ip6tables-nft"),
        _rules(),
    ),
    "netfilter-persistent": _rules("/etc/iptables"), "ufw": _rules("/etc/ufw", "/etc/default/ufw"),
    "firewall-cmd": _rules("/etc/firewalld"), "ip": _ip, "ifconfig": _ifconfig, "route": _ifconfig,
    "ifup": _ifconfig, "ifdown": _ifconfig,
}  # fmt: skip
