"""A name becomes addresses, and a failure to connect becomes a sentence: for checks of reachability."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence

from opsterm.core.errors import Unreachable
from opsterm.core.text import clean_line

MOST_ADDRESSES = 4
"""Addresses of one name that are tried, one after the other."""

Place = tuple[int, str, int, int]
"""Family, address in digits, and what IPv6 adds: flow information and scope."""


async def look_up(host: str) -> Sequence[Place]:
    """Return the addresses of a name, at most MOST_ADDRESSES. Raises Unreachable."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError, ValueError) as error:
        shown = clean_line(host, limit=255)
        passing = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise Unreachable(
            f"The name {shown} could not be resolved: the name server did not answer."
            if passing
            else f"The name {shown} is not known."
        ) from error
    return [
        (family, str(address[0]), *((int(address[2]), int(address[3])) if len(address) == 4 else (0, 0)))
        for family, _, _, _, address in found
    ][:MOST_ADDRESSES]


def sockaddr(place: Place, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return what a socket connects to."""
    family, address, flow, scope = place
    return (address, port, flow, scope) if family == socket.AF_INET6 else (address, port)


_REASONS = {
    errno.ECONNREFUSED: "refused the connection: nothing listens there, or a firewall answers for it.",
    errno.EHOSTUNREACH: "cannot be reached: no route to the host, or nobody has that address.",
    errno.ENETUNREACH: "cannot be reached: this machine has no route to its network.",
    errno.ETIMEDOUT: "did not answer.",
    errno.ECONNRESET: "cut the connection.",
    errno.EPIPE: "cut the connection.",
    errno.EACCES: "cannot be reached: this machine's firewall does not let it out.",
    errno.EPERM: "cannot be reached: this machine's firewall does not let it out.",
}


def why_not(error: OSError, what: str) -> str:
    """Return a sentence about a connection that failed."""
    reason = _REASONS.get(error.errno or 0)
    return f"{what} {reason}" if reason else f"{what}: {clean_line(error.strerror or str(error), limit=200)}."
