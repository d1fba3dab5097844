"""Why an SNMP agent is silent: a second question tells a wrong community from a closed port and from a dead host.

An agent must not answer a wrong community (RFC 3584, 5.2), so a time-out alone says little. But an agent with version 3
answers a request that names no engine with a report (discovery, RFC 3414, 4), whoever asks; and from a connected socket
the kernel tells what the network said: port unreachable, no route.
"""

from __future__ import annotations

import asyncio
import errno
from enum import Enum

_DISCOVERY = bytes.fromhex(
    "303e020103"  # a message of version 3
    "301102047f0f5a11020300ffe3040104020103"  # id, largest answer 65,507 octets, reportable, security model USM
    "0410300e0400020100020100040004000400"  # no engine, boots 0, time 0, no user, no keys
    "301404000400a00e02047f0f5a120201000201003000"  # no context; a get of nothing
)


class Silence(Enum):
    """What is behind a request without an answer."""

    ANSWERS = "answers"
    CLOSED = "closed"
    NO_ROUTE = "no route"
    SILENT = "silent"


class _Question(asyncio.DatagramProtocol):
    """Waits for the first answer or complaint."""

    def __init__(self, heard: asyncio.Future[Silence]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take any answer of the right port for a living agent: what is in it does not matter."""
        del data, addr
        self._hear(Silence.ANSWERS)

    def error_received(self, exc: Exception) -> None:
        """Take what the network said."""
        found = silence_of(exc) if isinstance(exc, OSError) else Silence.SILENT
        if found is not Silence.SILENT:
            self._hear(found)

    def _hear(self, what: Silence) -> None:
        if not self._heard.done():
            self._heard.set_result(what)


def silence_of(error: OSError) -> Silence:
    """Return what an error of a socket says."""
    if error.errno == errno.ECONNREFUSED:
        return Silence.CLOSED
    no_route = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL)
    return Silence.NO_ROUTE if error.errno in no_route else Silence.SILENT


async def ask_why(address: str, port: int, timeout_s: float) -> Silence:
    """Ask an agent for its engine and listen to what comes.

    Args:
        address: a number, not a name.
        port: UDP port.
        timeout_s: seconds to wait.
    """
    loop = asyncio.get_running_loop()
    heard: asyncio.Future[Silence] = loop.create_future()
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Question(heard), remote_addr=(address, port))
    except OSError as error:
        return silence_of(error)
    try:
        transport.sendto(_DISCOVERY)
        async with asyncio.timeout(timeout_s):
            return await heard
    except TimeoutError:
        return Silence.SILENT
    finally:
        transport.close()
