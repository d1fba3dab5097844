"""Addresses that are not connected to on a stranger's word."""

from __future__ import annotations

import ipaddress

_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200")))
"""Where clouds answer a machine that asks about itself, secrets included."""


def is_off_limits(host: str) -> bool:
    """Return whether a host, as far as it is written in digits, is where no service of an operator is.

    Link-local, multicast, unspecified and metadata addresses are; a name is not, until it is looked up.
    """
    try:
        given = ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    number = getattr(given, "ipv4_mapped", None) or given
    return number in _METADATA or number.is_link_local or number.is_multicast or number.is_unspecified
