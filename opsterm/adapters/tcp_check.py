"""Opens a TCP connection to see whether a port answers, and reads what it says first."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from opsterm.adapters.lookup import Place, sockaddr, tell_look_up, why_not
from opsterm.core.clock import Clock
from opsterm.core.errors import Unreachable
from opsterm.monitoring.reach import Failure, TcpReading
from opsterm.runtime.ports_connection_test import UNHEARD, Phase, Steps

BANNER_BYTES = 1024
BANNER_S = 3.0
"""How much of a banner is read, and how long a server that says nothing is waited for."""


async def check_tcp(
    host: str, port: int, clock: Clock, *, timeout_s: float, banner: bool, steps: Steps = UNHEARD
) -> TcpReading:
    """See `ReachProbe.tcp`."""
    begun = clock.monotonic()
    reason = ""
    try:
        async with asyncio.timeout(timeout_s):
            places = await tell_look_up(host, steps)
            steps.begin(Phase.TCP, host)
            for place in places:
                steps.found(f"{place[1]} port {port}")
                try:
                    return await _connect(place, port, clock, begun, banner=banner)
                except OSError as error:
                    reason = reason or why_not(error, f"{place[1]} port {port}")
    except TimeoutError:
        reason = f"Nothing answered within {timeout_s:g} s."
        return TcpReading(failure=Failure.TIMED_OUT, reason=reason)
    except Unreachable as error:
        reason = error.what
    return TcpReading(failure=Failure.UNREACHABLE, reason=reason or f"{host} has no address.")


async def _connect(place: Place, port: int, clock: Clock, begun: float, *, banner: bool) -> TcpReading:
    loop = asyncio.get_running_loop()
    said = b""
    with socket.socket(place[0], socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, sockaddr(place, port))
        took = clock.monotonic() - begun
        if banner:
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(BANNER_S):
                    said = await loop.sock_recv(connection, BANNER_BYTES)
    return TcpReading(address=place[1], connect_s=took, banner=said)
