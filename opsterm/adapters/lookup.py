"""A name becomes addresses, and a failure to connect becomes words: for whatever opens a connection."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence

from opsterm.core.errors import Unreachable
from opsterm.core.text import clean_line
from opsterm.runtime.ports_connection_test import Phase, Steps

MOST_ADDRESSES = 4
"""Addresses of one name that are tried, one after the other."""

Place = tuple[int, str, int, int]
"""Family, address in digits, and what IPv6 adds: flow information and scope."""


async def look_up(host: str, *, family: int = socket.AF_UNSPEC, owner: str = "") -> Sequence[Place]:
    """Return the addresses of a name, at most MOST_ADDRESSES.

    Args:
        host: name, or address in digits: that needs no thread and no name server.
        family: of `socket`, AF_UNSPEC for any.
        owner: whose name it is, cleaned, for the message; "" when the name says it.

    Raises:
        Unreachable: the name is not known, or no name server answered.
    """
    literal = _literal(host, family)
    if literal is not None:
        return [literal]
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError, ValueError) as error:
        name = clean_line(host, limit=255) + (f" of {owner}" if owner else "")
        passing = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise Unreachable(
            f"The name {name} could not be resolved: the name server did not answer."
            if passing
            else f"The name {name} is not known.",
            why="" if passing else "Neither /etc/hosts nor the name server has it.",
            next_step="Try again, or see this machine's name servers (/etc/resolv.conf)."
            if passing
            else "Mend the address, or give the name one: in /etc/hosts, or for SSH as HostName in ssh_config.",
        ) from error
    return [
        (kind, str(address[0]), *((int(address[2]), int(address[3])) if len(address) == 4 else (0, 0)))
        for kind, _, _, _, address in found
    ][:MOST_ADDRESSES]


def _literal(host: str, family: int) -> Place | None:
    for kind in (socket.AF_INET, socket.AF_INET6):
        if family in (socket.AF_UNSPEC, kind):
            try:
                socket.inet_pton(kind, host)
            except (OSError, ValueError):
                continue
            return kind, host, 0, 0
    return None


async def tell_look_up(
    host: str, steps: Steps, *, whose: str = "", family: int = socket.AF_UNSPEC, owner: str = ""
) -> Sequence[Place]:
    """Return the addresses of a name as `look_up` does, telling the step; `whose` is how steps call it, or `host`."""
    steps.begin(Phase.LOOKUP, whose or host)
    places = await look_up(host, family=family, owner=owner)
    steps.found(", ".join(place[1] for place in places))
    return places


def sockaddr(place: Place, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return what a socket connects to."""
    family, address, flow, scope = place
    return (address, port, flow, scope) if family == socket.AF_INET6 else (address, port)


REASONS = {
    errno.ECONNREFUSED: (
        "refused the connection",
        "Nothing listens on that port there, or a firewall answers for it.",
    ),
    errno.EHOSTUNREACH: (
        "cannot be reached: no route to the host",
        "Nobody on the way knows how to get there, or nobody there has that address.",
    ),
    errno.ENETUNREACH: (
        "cannot be reached: no route to its network",
        "This machine has no route to that address.",
    ),
    errno.ETIMEDOUT: ("did not answer", "The system gave up waiting for the connection."),
    errno.ECONNRESET: ("cut the connection", "It, or a firewall on the way, does not want it."),
    errno.EACCES: (
        "cannot be reached: this machine does not let the connection out",
        "A local firewall or security module forbids it.",
    ),
}
REASONS[errno.EPERM] = REASONS[errno.EACCES]
REASONS[errno.EPIPE] = REASONS[errno.ECONNRESET]
REASONS[errno.EADDRNOTAVAIL] = (
    "cannot be reached from the address that is to be used here",
    "This machine does not have that address.",
)
"""By number of the system's error: what is the case, and why."""


def why_not(error: OSError, what: str) -> str:
    """Return a sentence about a connection that failed."""
    known = REASONS.get(error.errno or 0)
    return f"{what} {known[0]}." if known else f"{what}: {clean_line(error.strerror or str(error), limit=200)}."
