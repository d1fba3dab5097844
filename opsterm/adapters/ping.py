"""Echo requests without a child process: ICMP (RFC 792) and ICMPv6 (RFC 4443).

Linux lets an account send them when its group lies within net.ipv4.ping_group_range (icmp(7)): then the kernel keeps
the identifier and the checksum. Otherwise root may open a raw socket.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct

from opsterm.adapters.lookup import Place, look_up, sockaddr, why_not
from opsterm.core.clock import Clock
from opsterm.core.errors import Unreachable
from opsterm.monitoring.reach import Failure, PingReading

BETWEEN_S = 0.2
"""Seconds between an answer and the next request."""

_PAYLOAD = b"opsterm ping" + bytes(44)
_NOT_ALLOWED = (
    "This account may not send echo requests: let its group into net.ipv4.ping_group_range "
    "(sysctl -w net.ipv4.ping_group_range='0 2147483647'), or check a TCP port instead."
)


async def check_ping(host: str, clock: Clock, *, count: int, timeout_s: float) -> PingReading:
    """See `ReachProbe.ping`."""
    try:
        async with asyncio.timeout(timeout_s):
            places = await look_up(host)
    except TimeoutError:
        return PingReading(failure=Failure.TIMED_OUT, reason=f"No name server answered within {timeout_s:g} s.")
    except Unreachable as error:
        return PingReading(failure=Failure.UNREACHABLE, reason=error.what)
    place = places[0]
    try:
        line, raw = _open(place)
    except PermissionError:
        return PingReading(address=place[1], failure=Failure.UNREACHABLE, reason=_NOT_ALLOWED)
    except OSError as error:
        return PingReading(address=place[1], failure=Failure.UNREACHABLE, reason=why_not(error, place[1]))
    with line:
        return await _Echo(line, place, clock, raw=raw).ask(count, timeout_s)


def _open(place: Place) -> tuple[socket.socket, bool]:
    protocol = socket.IPPROTO_ICMPV6 if place[0] == socket.AF_INET6 else socket.IPPROTO_ICMP
    try:
        line, raw = socket.socket(place[0], socket.SOCK_DGRAM, protocol), False
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT):
            raise
        line, raw = socket.socket(place[0], socket.SOCK_RAW, protocol), True
    line.setblocking(False)
    try:
        line.connect(sockaddr(place, 0))  # at once: only says whom the socket talks with
    except OSError:
        line.close()
        raise
    return line, raw


class _Echo:
    """One socket, one address, one request at a time."""

    def __init__(self, line: socket.socket, place: Place, clock: Clock, *, raw: bool) -> None:
        self._line = line
        self._place = place
        self._clock = clock
        self._raw = raw
        self._v6 = place[0] == socket.AF_INET6
        self._id = int.from_bytes(os.urandom(2))

    async def ask(self, count: int, timeout_s: float) -> PingReading:
        """Send `count` requests and count what comes back."""
        address, reason, took = self._place[1], "", list[float]()
        for number in range(1, count + 1):
            if number > 1:
                await asyncio.sleep(BETWEEN_S)
            try:
                async with asyncio.timeout(timeout_s):
                    took.append(await self._once(number))
            except TimeoutError:
                continue
            except OSError as error:
                reason = why_not(error, address)
        if took:
            return PingReading(address=address, sent=count, round_trips_s=tuple(took))
        return PingReading(
            address=address, sent=count, failure=Failure.UNREACHABLE if reason else Failure.TIMED_OUT,
            reason=reason or f"{address} answered none of {count} requests within {timeout_s:g} s each.",
        )  # fmt: skip

    async def _once(self, number: int) -> float:
        loop = asyncio.get_running_loop()
        begun = self._clock.monotonic()
        await loop.sock_sendall(self._line, echo_request(self._id, number, v6=self._v6))
        while True:
            packet = await loop.sock_recv(self._line, 2048)
            if is_answer(packet, self._id if self._raw else None, number, v6=self._v6):
                return self._clock.monotonic() - begun


def echo_request(identifier: int, number: int, *, v6: bool) -> bytes:
    """Return one request; the kernel writes the checksum of ICMPv6."""
    kind = 128 if v6 else 8
    packet = struct.pack("!BBHHH", kind, 0, 0, identifier, number) + _PAYLOAD
    return packet if v6 else struct.pack("!BBHHH", kind, 0, checksum(packet), identifier, number) + _PAYLOAD


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def is_answer(packet: bytes, identifier: int | None, number: int, *, v6: bool) -> bool:
    """Return whether a packet answers request `number`.

    Args:
        packet: as received; with the IPv4 header from a raw socket.
        identifier: ours on a raw socket; None where the kernel has compared it.
        number: of the request.
        v6: which of the two protocols.
    """
    if identifier is not None and not v6:
        packet = packet[(packet[0] & 0x0F) * 4 :] if packet else b""
    if len(packet) < 8:
        return False
    kind, _, _, whose, which = struct.unpack("!BBHHH", packet[:8])
    return bool(kind == (129 if v6 else 0) and which == number and identifier in (None, whose))
