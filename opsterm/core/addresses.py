"""Addresses that are not connected to on a stranger's word."""

from __future__ import annotations

import ipaddress

Number = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("169.254.169.254", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "100.100.100.200", "192.0.0.192",
         "168.63.129.16"),
    )
)  # fmt: skip
"""Where clouds answer a machine that asks about itself, secrets included."""

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")


def is_off_limits(host: str) -> bool:
    """Return whether a host, as far as it is written in digits, is where no service of an operator is.

    Link-local, multicast, unspecified and metadata addresses are; a name is not, until it is looked up.
    """
    try:
        given = ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    return any(
        number in _METADATA or number.is_link_local or number.is_multicast or number.is_unspecified
        for number in (given, *_inner(given))
    )


def _inner(given: Number) -> list[Number]:
    """Return the IPv4 addresses that an IPv6 address may lead to (RFC 4291, 6052, 3056, 4380)."""
    if not isinstance(given, ipaddress.IPv6Address):
        return []
    inner: list[Number] = [number for number in (given.ipv4_mapped, given.sixtofour) if number is not None]
    if given.teredo is not None:
        inner += given.teredo
    if given in _TRANSLATED or (given in _COMPATIBLE and int(given) > 1):
        inner.append(ipaddress.IPv4Address(int(given) & 0xFFFFFFFF))
    return inner
