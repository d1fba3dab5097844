"""The receiver of traps and informs: one UDP socket, a queue with an end, and nobody believed before they are known.

The library's own receiver makes objects of every packet (1 to 3 ms each) and knows one set of users for all senders.
Here a packet costs a tenth of that, each sender has a limit before it is looked at, and its log-in is its target's.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import socket
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from opsterm.adapters.sender_names import SenderNames, plain_address
from opsterm.adapters.snmp_ber import Malformed
from opsterm.adapters.snmp_login import octets, unseal
from opsterm.adapters.snmp_message import (
    REPORTABLE,
    CommunityMessage,
    TrapContent,
    V3Message,
    community_answer,
    read_message,
    read_notification,
)
from opsterm.adapters.snmp_usm import Keys, NotTaken, Usm, hashed
from opsterm.core.clock import Clock
from opsterm.core.errors import OpstermError, Refused, Unreachable
from opsterm.core.snmp_settings import way_without_root
from opsterm.core.text import clean_line
from opsterm.monitoring.mib import oid_name
from opsterm.monitoring.traps import ArrivedTrap, Bucket, SenderCount
from opsterm.runtime.credentials import SNMP, SNMP_TRAPS
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_traps import Arrival, LocalEngine

if TYPE_CHECKING:
    from opsterm.runtime.ports import Credentials

WAITING = 4000
"""Packets that wait to be looked at; those that come while so many wait are dropped and counted."""

AT_ONCE = 200
"""Packets looked at before what came of them is handed over."""

LOOKED_AT, LOOKED_AT_PER_S = 2000.0, 500.0
"""Packets of one target that are looked at: so many at once, and so many a second in the long run."""

STRANGERS = 200
"""Addresses of no target that are remembered."""

STRANGERS_LOOKED_AT, STRANGERS_LOOKED_AT_PER_S = 5.0, 0.1

LOGIN_KEPT_S = 60.0
"""How long a log-in is used before it is asked for again."""

RECEIVE_BUFFER = 4 * 2**20

Address = tuple[Any, ...]  # as asyncio gives it


@dataclass(slots=True)
class _Sender:
    """What came from one address, as `SenderCount` shows it, and how much of it is looked at."""

    address: str
    target: str
    bucket: Bucket
    received: int = 0
    taken: int = 0
    dropped: int = 0
    malformed: int = 0
    refused: int = 0
    seen_at: float = 0.0
    said: str = ""

    def count(self) -> SenderCount:
        """Return it as it is now."""
        return SenderCount(
            sender=self.address, target=self.target, received=self.received, taken=self.taken, dropped=self.dropped,
            malformed=self.malformed, refused=self.refused, seen_at=self.seen_at, said=self.said,
        )  # fmt: skip


@dataclass(slots=True)
class _Login:
    """What is kept for a target: communities, users with their keys, or nothing; `fault` when it cannot be read."""

    asked_at: float
    communities: list[bytes] = field(default_factory=list)
    users: dict[bytes, Keys] = field(default_factory=dict)
    fault: str = ""


class _Unwanted(Exception):
    """A well-formed packet that is not taken; its text says why."""


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take a packet."""
        self._received(data, addr)


@dataclass(slots=True)
class _Ours:
    """What is open while we receive."""

    transport: asyncio.DatagramTransport
    usm: Usm


class UdpTrapEar:
    """Implements `runtime.ports_traps.TrapEar`."""

    def __init__(self, credentials: Credentials, clock: Clock, offload: Run) -> None:
        self._credentials = credentials
        self._clock = clock
        self._offload = offload
        self._ours: _Ours | None = None
        self._waiting: deque[tuple[bytes, Address, _Sender, float]] = deque()
        self._arrived = asyncio.Event()
        self._senders: OrderedDict[str, _Sender] = OrderedDict()
        self._logins: dict[str, _Login] = {}
        self._names = SenderNames(clock)

    async def listen(self, address: str, port: int, engine: LocalEngine) -> None:
        """Begin to receive; see `TrapEar.listen`."""
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Socket(self._received), local_addr=(address, port)
            )
        except OSError as error:
            raise _not_open(error, address, port) from error
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._ours = _Ours(transport, Usm(engine, self._clock.monotonic))

    @property
    def port(self) -> int:
        """The port that we listen on."""
        found: int = self._ours.transport.get_extra_info("sockname")[1] if self._ours else 0
        return found

    def know(self, targets: Mapping[str, str]) -> None:
        """Say whose traps are wanted; see `TrapEar.know`."""
        self._names.want(targets)

    def counts(self) -> Sequence[SenderCount]:
        """Return what came from whom, the newest first."""
        found = [sender.count() for sender in self._senders.values()]
        return sorted(found, key=lambda count: -count.seen_at)

    async def close(self) -> None:
        """Receive no more."""
        ours, self._ours = self._ours, None
        self._waiting.clear()
        if ours is not None:
            ours.transport.close()
            await asyncio.sleep(0)  # lets the transport end

    # ------------------------------------------------------------------------------------------- a packet comes

    def _received(self, data: bytes, peer: Address) -> None:
        address = plain_address(str(peer[0]))
        sender = self._sender(address)
        sender.received += 1
        sender.seen_at = self._clock.now()
        if len(self._waiting) >= WAITING or not sender.bucket.take(self._clock.monotonic()):
            sender.dropped += 1
            return
        self._waiting.append((data, peer, sender, sender.seen_at))
        self._arrived.set()

    def _sender(self, address: str) -> _Sender:
        target = self._names.target(address)
        sender = self._senders.get(address)
        if sender is None or sender.target != target:
            full, per_s = (LOOKED_AT, LOOKED_AT_PER_S) if target else (STRANGERS_LOOKED_AT, STRANGERS_LOOKED_AT_PER_S)
            bucket = Bucket(full, per_s, self._clock.monotonic())
            sender = self._senders[address] = _Sender(address, target, bucket)
            if not target:
                self._forget_strangers()
        self._senders.move_to_end(address)
        return sender

    def _forget_strangers(self) -> None:
        strangers = [address for address, sender in self._senders.items() if not sender.target]
        if len(strangers) > STRANGERS:  # the one that was silent for longest comes first
            del self._senders[strangers[0]]

    # ------------------------------------------------------------------------------------------- it is looked at

    async def arrivals(self, wait_s: float) -> Sequence[Arrival]:
        """Return what has come; see `TrapEar.arrivals`."""
        await self._names.look_up()
        if not self._waiting:
            self._arrived.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        found = []
        for number in range(min(len(self._waiting), AT_ONCE)):
            if number % 20 == 19:
                await asyncio.sleep(0)  # whoever sits at the screen comes between
            if not self._waiting or self._ours is None:
                break
            data, peer, sender, at = self._waiting.popleft()
            arrival = await self._look_at(self._ours, data, peer, sender, at)
            if arrival is not None:
                found.append(arrival)
        return found

    async def _look_at(self, ours: _Ours, data: bytes, peer: Address, sender: _Sender, at: float) -> Arrival | None:
        try:
            message = read_message(data)
            if not sender.target:
                sender.said = _stranger(message)
                return None
            login = await self._login(sender.target)
            if isinstance(message, V3Message):
                notification, answer = await self._open(ours, message, login, peer)
                version, user = "3", message.user.decode("utf-8", "replace")
                proved = bool(login.users and login.users[message.user].login.auth)
                engine = message.engine.hex() if proved and not notification.is_inform else ""
            else:
                notification, answer = _let_in(message, login)
                version, user = "1" if message.version == 0 else "2c", ""
                proved, engine = bool(login.communities), ""
        except Malformed as fault:
            sender.malformed += 1
            sender.said = str(fault)
            return None
        except (_Unwanted, NotTaken) as reason:
            sender.refused += 1
            sender.said = str(reason)
            return None
        sender.taken += 1
        trap = ArrivedTrap(
            target=sender.target, sender=sender.address, at=at, version=version, user=user,
            checked=proved, engine=engine, trap=notification.trap,
            up_time=notification.up_time, bindings=notification.bindings, is_inform=notification.is_inform,
        )  # fmt: skip
        return Arrival(trap=trap, acknowledge=partial(self._send, answer, peer))

    async def _open(self, ours: _Ours, message: V3Message, login: _Login, peer: Address) -> tuple[TrapContent, bytes]:
        """Check and read a message of version 3; its sender is told what it needs to know when it asked for that."""
        keys = login.users.get(message.user)
        try:
            context, pdu = ours.usm.open(message, keys)
        except NotTaken as reason:
            if message.flags & REPORTABLE:
                self._send(ours.usm.refusal(message, reason.fault, keys), peer)
            raise
        notification = read_notification(pdu, 3)
        if not notification.is_inform or keys is None:
            return notification, b""
        return notification, ours.usm.answer(message, context, notification.answer, keys)

    def _send(self, answer: bytes, peer: Address) -> None:
        if answer and self._ours is not None:
            self._ours.transport.sendto(answer, peer)

    async def _login(self, target: str) -> _Login:
        now = self._clock.monotonic()
        known = self._logins.get(target)
        if known is None or now - known.asked_at >= LOGIN_KEPT_S:
            known = self._logins[target] = await self._ask_for_login(target, now)
        if known.fault:
            raise _Unwanted(known.fault)
        return known

    async def _ask_for_login(self, target: str, now: float) -> _Login:
        found = _Login(now)
        try:
            for service in (SNMP, SNMP_TRAPS):
                secret = await self._credentials.unsent(service, target)
                if secret is None:
                    continue
                login = unseal(secret, target)
                if login.community:
                    found.communities.append(bytes(octets(login.community)))
                else:
                    user = login.user.encode("utf-8", "surrogateescape")
                    found.users[user] = await self._offload(partial(hashed, login))
        except OpstermError as error:
            found.fault = clean_line(error.what)
        return found


def _let_in(message: CommunityMessage, login: _Login) -> tuple[TrapContent, bytes]:
    """Check and read a message of version 1 or 2c."""
    if login.users and not login.communities:
        raise _Unwanted("the kept log-in is of version 3, and this was sent with a community")
    given = message.community
    if login.communities and not any(hmac.compare_digest(kept, given) for kept in login.communities):
        raise _Unwanted("its community is not the kept one")
    notification = read_notification(message.pdu, message.version)
    answer = community_answer(message, notification.answer) if notification.is_inform else b""
    return notification, answer


def _stranger(message: CommunityMessage | V3Message) -> str:
    """Return what an address of no target sent; nothing in it is believed."""
    if isinstance(message, V3Message):
        return "sent version 3"
    found = read_notification(message.pdu, message.version)
    return f"sent {oid_name(found.trap)}"


def _not_open(error: OSError, address: str, port: int) -> OpstermError:
    """Return the error for a port that cannot be opened."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return Refused(
            f"This account may not receive traps on UDP port {port}.",
            why="Ports below 1024 need root or the capability CAP_NET_BIND_SERVICE.",
            next_step=way_without_root(port),
        )
    if error.errno == errno.EADDRINUSE:
        return Unreachable(
            f"UDP port {port} is taken: another program receives traps here.",
            next_step=f"`ss -lunp 'sport = :{port}'` names it. Stop it, or set snmp.traps to another port.",
        )
    return Unreachable(
        f"Traps cannot be received on {clean_line(address)} port {port}: {error.strerror or 'no such address'}.",
        next_step="Set snmp.traps to an address of this machine, as in: udp 0.0.0.0:1162",
    )


def open_traps(credentials: Credentials, clock: Clock, offload: Run) -> UdpTrapEar:
    """Return the receiver of this process; opens nothing yet."""
    return UdpTrapEar(credentials, clock, offload)
