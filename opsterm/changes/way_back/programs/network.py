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
    if named[0] in ("link", "l", "li") and named[1:2] not in (["set"], ["add"]):
        raise NotKnown("a link that is removed is not made anew")
    yield Thing(kind=ThingKind.NETWORK)


def _ifconfig(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Thing(kind=ThingKind.NETWORK)


def _firewalld(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep what it lets in for good, which is files, and at the moment."""
    if any(flag.startswith(("--list", "--get", "--query", "--info", "--state")) for flag in call.flags):
        return
    yield Thing(kind=ThingKind.FILES, name="/etc/firewalld")
    yield Thing(kind=ThingKind.ZONES)


def _nmcli(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep the profiles, and how the one that is named is set and whether it is up."""
    call.require_known()
    kind, verb, *named = [*call.others("-f --fields -w --wait -t -g"), "", ""]
    if not "connection".startswith(kind or "?") or not kind.startswith("c"):
        raise NotKnown("only what is done to connections is kept")
    named = [word for word in named if word not in ("id", "uuid", "")]
    name = named[0] if named else ""
    if "add".startswith(verb):
        name = next((named[at + 1] for at, word in enumerate(named[:-1]) if word == "con-name"), "")
    if not name:
        raise NotKnown("which connection it is about is not said")
    yield from (Thing(kind=ThingKind.FILES, name=path) for path in _PROFILES)
    yield Thing(kind=ThingKind.CONNECTIONS, name=name)
    yield Thing(kind=ThingKind.NETWORK)


def _netplan(call: KnownCall) -> Iterator[Thing | Gap]:
    if call.others()[:1] not in (["apply"], ["set"]):
        raise NotKnown("no way back from this form of netplan is known")
    yield Thing(kind=ThingKind.FILES, name="/etc/netplan")
    yield Thing(kind=ThingKind.AGAIN, name="netplan", option="reload")
    yield Thing(kind=ThingKind.NETWORK)


def _tc(call: KnownCall) -> Iterator[Thing | Gap]:
    device = next((call.words[at + 1] for at, word in enumerate(call.words[:-1]) if word == "dev"), "")
    if call.others("-n -netns")[:1] != ["qdisc"] or not device or "?" in device:
        raise NotKnown("only the queue of a link is kept")
    yield Thing(kind=ThingKind.QUEUE, name=device)


def _ethtool(call: KnownCall) -> Iterator[Thing | Gap]:
    if not call.has("-K", "--features", "--offload") or len(call.words) < 3:
        raise NotKnown("only what the card does by itself (-K) is kept")
    yield Thing(kind=ThingKind.OFFLOAD, name=call.words[2])


def _resolvectl(call: KnownCall) -> Iterator[Thing | Gap]:
    named = call.others()
    opposite = f"resolvectl revert {named[1]}" if len(named) > 1 else ""
    yield Gap("What was set for the link by hand before is not kept.", opposite)


_PROFILES = ("/etc/NetworkManager/system-connections", "/run/NetworkManager/system-connections")

NETWORK: Mapping[str, Ways] = {
    **dict.fromkeys(
        ("nft", "iptables", "ip6tables", "iptables-restore", "ip6tables-restore", "iptables-nft", "ip6tables-nft"),
        _rules(),
    ),
    "netfilter-persistent": _rules("/etc/iptables"), "ufw": _rules("/etc/ufw", "/etc/default/ufw"),
    "firewall-cmd": _firewalld, "ip": _ip, "ifconfig": _ifconfig, "route": _ifconfig,
    "ifup": _ifconfig, "ifdown": _ifconfig, "ifreload": _ifconfig, "ipset": _rules(), "nmcli": _nmcli,
    "netplan": _netplan, "tc": _tc, "ethtool": _ethtool, "resolvectl": _resolvectl,
}  # fmt: skip
