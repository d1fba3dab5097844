"""Senders of traps and informs that know nothing of the receiver: messages made with pyasn1, and pysnmp itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pyasn1.codec.ber import encoder
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto import api, rfc1902

from opsterm.adapters.snmp_login import auth_data
from opsterm.adapters.snmp_traps import UdpTrapEar
from opsterm.core.clock import Clock
from opsterm.monitoring.mib import NAMES, Oid
from opsterm.runtime.ports_snmp import SnmpLogin
from opsterm.runtime.ports_traps import Arrival, LocalEngine
from tests.adapters.test_snmp import Ring, in_a_thread
from tests.runtime.stage import until

V1 = api.PROTOCOL_MODULES[api.SNMP_VERSION_1]
V2C = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
ENGINE = LocalEngine(id=bytes.fromhex("8000000005000102030405060708090a0b"), boots=7)

Given = Sequence[tuple[Oid, Any]]
IF_2: Given = [((*NAMES["ifIndex"], 2), rfc1902.Integer32(2))]


def v2c(trap: Oid, bindings: Given = (), *, community: str = "public", inform: bool = False) -> bytes:
    """Return a trap or an inform of version 2c."""
    pdu = V2C.InformRequestPDU() if inform else V2C.TrapPDU()
    V2C.apiTrapPDU.set_defaults(pdu)
    V2C.apiTrapPDU.set_varbinds(
        pdu,
        [
            (V2C.apiTrapPDU.sysUpTime, rfc1902.TimeTicks(4_200)),
            (V2C.apiTrapPDU.snmpTrapOID, rfc1902.ObjectIdentifier(trap)),
            *bindings,
        ],
    )
    return _message(V2C, pdu, community)


def v1(*, generic: int, specific: int = 0, bindings: Given = (), community: str = "public") -> bytes:
    """Return a trap of version 1."""
    pdu = V1.TrapPDU()
    V1.apiTrapPDU.set_defaults(pdu)
    V1.apiTrapPDU.set_enterprise(pdu, (1, 3, 6, 1, 4, 1, 9))
    V1.apiTrapPDU.set_generic_trap(pdu, generic)
    V1.apiTrapPDU.set_specific_trap(pdu, specific)
    V1.apiTrapPDU.set_agent_address(pdu, "192.0.2.9")
    V1.apiTrapPDU.set_timestamp(pdu, 4_200)
    V1.apiTrapPDU.set_varbinds(pdu, list(bindings))
    return _message(V1, pdu, community)


def _message(version: Any, pdu: Any, community: str) -> bytes:
    message = version.Message()
    version.apiMessage.set_defaults(message)
    version.apiMessage.set_community(message, community)
    version.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


class Wire(asyncio.DatagramProtocol):
    """A sender's end of the line.

    Attributes:
        answers: what came back.
    """

    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Keep an answer."""
        self.answers.put_nowait(data)


class Line:
    """The receiver, and a sender beside it on the same machine.

    Attributes:
        ear: the receiver.
        ring: where it looks for log-ins.
    """

    def __init__(self, ear: UdpTrapEar, ring: Ring, transport: asyncio.DatagramTransport, wire: Wire) -> None:
        self.ear, self.ring, self._transport, self._wire = ear, ring, transport, wire

    def received(self) -> int:
        """Return how many packets the receiver has got."""
        return sum(count.received for count in self.ear.counts())

    async def send(self, *packets: bytes, hears: bool = True) -> Sequence[Arrival]:
        """Send packets, and return what the receiver makes of them; what it keeps is acknowledged."""
        wanted = self.received() + len(packets)
        for packet in packets:
            self._transport.sendto(packet)
        await until(lambda: self.received() >= wanted)
        return await self.hear() if hears else []

    async def hear(self) -> list[Arrival]:
        """Return what the receiver makes of what it has got; what it keeps is acknowledged."""
        found: list[Arrival] = []
        while more := await self.ear.arrivals(0.0):
            found += more
        for arrival in found:
            arrival.acknowledge()
        return found

    async def answer(self) -> bytes:
        """Return the next answer that the sender got."""
        async with asyncio.timeout(120):
            return await self._wire.answers.get()

    def said(self) -> str:
        """Return what the receiver says was wrong with the newest sender."""
        return self.ear.counts()[0].said


@asynccontextmanager
async def listening(clock: Clock, *, target: str = "sw-1") -> AsyncIterator[Line]:
    """Receive on a free port; what is sent from this machine is of `target`, or of a stranger when that is empty."""
    ring = Ring()
    ear = UdpTrapEar(ring, clock, in_a_thread)  # type: ignore[arg-type]  # the part of Credentials that it uses
    await ear.listen("127.0.0.1", 0, ENGINE)
    ear.know({"127.0.0.1": target} if target else {})
    loop = asyncio.get_running_loop()
    transport, wire = await loop.create_datagram_endpoint(Wire, remote_addr=("127.0.0.1", ear.port))
    try:
        yield Line(ear, ring, transport, wire)
    finally:
        transport.close()
        await ear.close()
        await asyncio.sleep(0)


async def inform_v3(line: Line, login: SnmpLogin, *, times: int = 1) -> tuple[list[Arrival], str]:
    """Have pysnmp send an inform; return what arrived, and what pysnmp says in the end: "" when it is content."""
    found: list[Arrival] = []
    said = ""
    async with _sending(line.ear.port, login, "inform") as send:
        for _ in range(times):
            sending = asyncio.ensure_future(send())
            while not sending.done():
                found += await line.hear()
                await asyncio.sleep(0.005)
            said = str(sending.result()[0] or "")
    return found, said


async def trap_v3(login: SnmpLogin) -> bytes:
    """Return what pysnmp sends for a trap of version 3."""
    loop = asyncio.get_running_loop()
    transport, wire = await loop.create_datagram_endpoint(Wire, local_addr=("127.0.0.1", 0))
    try:
        async with _sending(transport.get_extra_info("sockname")[1], login, "trap") as send, asyncio.timeout(120):
            await send()
            return await wire.answers.get()
    finally:
        transport.close()


@asynccontextmanager
async def _sending(port: int, login: SnmpLogin, kind: str) -> AsyncIterator[Callable[[], Coroutine[Any, Any, Any]]]:
    engine = hlapi.SnmpEngine()
    transport = await hlapi.UdpTransportTarget.create(("127.0.0.1", port), timeout=1, retries=0)

    def send() -> Coroutine[Any, Any, Any]:
        trap = hlapi.NotificationType(hlapi.ObjectIdentity(NAMES["linkDown"])).add_varbinds(*IF_2)
        sending: Coroutine[Any, Any, Any] = hlapi.send_notification(
            engine, auth_data(login), transport, hlapi.ContextData(), kind, trap
        )
        return sending

    try:
        yield send
    finally:
        engine.close_dispatcher()
        await asyncio.sleep(0)
