"""The first step of a connection: a name becomes addresses, an address a TCP connection; one error per cause."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Sequence

from opsterm.adapters.lookup import REASONS, Place, sockaddr, tell_look_up
from opsterm.core.errors import TimedOut, Unreachable
from opsterm.core.text import clean_line
from opsterm.runtime.ports_connection_test import UNHEARD, Phase, Steps

GREETING_BYTES = 8192
"""Bytes within which an SSH server has said what it is."""

_NEXT_STEPS = {
    errno.ECONNREFUSED: "See on the target's console whether its SSH server runs, and whether the port is right.",
    errno.EHOSTUNREACH: "See whether the address is right, the target is up, and a VPN or route is missing.",
    errno.ENETUNREACH: "See the routes of this machine (ip route get ADDRESS); a VPN may be down.",
    errno.ETIMEDOUT: "See whether the target is up and no firewall drops the packets.",
    errno.EACCES: "See the firewall of this machine.",
    errno.EPERM: "See the firewall of this machine.",
    errno.EADDRNOTAVAIL: "Mend BindAddress in ssh_config.",
}


async def open_tcp(
    place: str, host: str, port: int, *, family: int, bind_address: str, timeout_s: float, name: str = "",
    steps: Steps = UNHEARD,
) -> socket.socket:  # fmt: skip
    """Connect and return the socket, non-blocking.

    Args:
        place: how messages name the target, cleaned.
        host: name or address.
        port: TCP port.
        family: of `socket`, AF_UNSPEC for any.
        bind_address: local address, "" for any.
        timeout_s: seconds for the name and all addresses together.
        name: what `steps` call the target.
        steps: hears of both steps.

    Raises:
        Unreachable: the name is unknown, or every address refused or has no route.
        TimedOut: no answer in time; the message says in which step.
    """
    step = "looking up its name"
    try:
        async with asyncio.timeout(timeout_s):
            found = await tell_look_up(host, steps, whose=name, family=family, owner=place)
            step = "opening the TCP connection"
            steps.begin(Phase.TCP, name)
            return await _first(place, found, port, bind_address, timeout_s, steps)
    except TimeoutError as error:
        raise TimedOut(
            f"{place} did not answer within {timeout_s:g} s, while {step}.",
            why="No name server answered." if "name" in step else "It is down, or a firewall drops the packets.",
            next_step="See this machine's name servers."
            if "name" in step
            else "See whether the target is up; ssh.connect_timeout_s sets how long opsterm waits.",
        ) from error


async def _first(place: str, found: Sequence[Place], port: int, bind_address: str, timeout_s: float,
                 steps: Steps) -> socket.socket:  # fmt: skip
    fault: OSError | None = None
    for number, one in enumerate(found):
        left = len(found) - number
        steps.found(f"{one[1]} port {port}")
        try:
            async with asyncio.timeout(None if left == 1 else timeout_s / len(found)):
                return await _connect(one[0], sockaddr(one, port), bind_address)
        except TimeoutError as error:
            fault = OSError(errno.ETIMEDOUT, str(error))
        except OSError as error:
            fault = error
    raise unreachable(place, fault or OSError(errno.EHOSTUNREACH, "no address"))


async def _connect(family: int, address: tuple[object, ...], bind_address: str) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        connection.setblocking(False)
        if bind_address:
            connection.bind((bind_address, 0))
        await asyncio.get_running_loop().sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


async def read_greeting(place: str, read: Callable[[int], Awaitable[bytes]], *, timeout_s: float) -> None:
    """Wait for the line by which an SSH server says what it is (RFC 4253, 4.2); others may come before it.

    Args:
        place: how messages name the target, cleaned.
        read: returns up to so many bytes, b"" at the end.
        timeout_s: seconds for all of it.

    Raises:
        Unreachable: the connection ended before, or something else than an SSH server spoke.
        TimedOut: nothing that could be it came in time.
    """
    heard = b""
    try:
        async with asyncio.timeout(timeout_s):
            while not heard.startswith(b"SSH-") and b"\nSSH-" not in heard and len(heard) < GREETING_BYTES:
                piece = await read(GREETING_BYTES - len(heard))
                if not piece:
                    break
                heard += piece
    except TimeoutError as error:
        raise TimedOut(
            f"{place} took the connection and said nothing for {timeout_s:g} s.",
            why="An SSH server speaks first; this one is overloaded, or is something else.",
            next_step="See whether the port is right, and how the target is.",
        ) from error
    except OSError as error:
        raise unreachable(place, error) from error
    if heard.startswith(b"SSH-") or b"\nSSH-" in heard:
        return
    said = clean_line(heard[:60].decode("utf-8", errors="backslashreplace").strip(), limit=60)
    raise Unreachable(
        f"{place} took the connection and is no SSH server."
        if heard
        else f"{place} took the connection and closed it again.",
        why=f"It said: {said}"
        if said
        else "Its SSH server is starting, refuses this address, or is behind a port that forwards to nothing.",
        next_step="See whether the port is right." if heard else "See the target's log of its SSH server.",
    )


def unreachable(place: str, error: OSError) -> Unreachable:
    """Return the error for what the system said about a connection."""
    said = clean_line(error.strerror or str(error) or type(error).__name__)
    number = error.errno or 0
    what, why = REASONS.get(number, ("cannot be reached", f"The system said: {said}."))
    return Unreachable(f"{place} {what}.", why=why, next_step=_NEXT_STEPS.get(number, "See whether the target is up."))
