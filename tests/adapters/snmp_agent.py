"""An SNMP agent of version 2c in a thread of its own, for what a real one cannot be made to do: lie, and send rubbish.

It answers GET and GETBULK out of a table (RFC 3416, 4.2.1 and 4.2.3) and is silent to a wrong community. Checked with
snmpget and snmpbulkwalk of Net-SNMP's rules as written there, and by holding the same tests against Net-SNMP's snmpd
in `test_snmp_lab.py`. Of version 3 it knows discovery alone, and that it only acknowledges.
"""

from __future__ import annotations

import bisect
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api, rfc1902

from opsterm.monitoring.mib import NAMES, Oid, instance_of

V2C = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]

Sent = Callable[[bytes, Sequence[Oid]], Sequence[bytes]]
"""What is really sent, given the right answer and what was asked for."""


def honest(answer: bytes, asked: Sequence[Oid]) -> Sequence[bytes]:
    """Send the right answer."""
    return [answer]


def system_group(**other: object) -> dict[Oid, Any]:
    """Return a small agent's objects: the system group and two interfaces, and what else is named."""
    text, ticks = rfc1902.OctetString, rfc1902.TimeTicks
    found: dict[Oid, Any] = {
        instance_of(NAMES["sysDescr"]): text("Linux agent 6.1.0-18-amd64 #1 SMP"),
        instance_of(NAMES["sysObjectID"]): rfc1902.ObjectIdentifier((1, 3, 6, 1, 4, 1, 8072, 3, 2, 10)),
        instance_of(NAMES["sysUpTime"]): ticks(123_456),
        instance_of(NAMES["sysName"]): text("agent"),
    }
    for row, name in ((1, "lo"), (2, "eth0")):
        found[(*NAMES["ifDescr"], row)] = text(name)
        found[(*NAMES["ifOperStatus"], row)] = rfc1902.Integer32(1)
        found[(*NAMES["ifHCInOctets"], row)] = rfc1902.Counter64(2**40 + row)
    for name, value in other.items():
        found[instance_of(NAMES[name])] = value
    return found


class Agent:
    """Answers until it is left.

    Attributes:
        port: where it listens, on 127.0.0.1.
        requests: how many it has read.
        asked: set by the first of them.
    """

    def __init__(
        self, objects: Mapping[Oid, Any], *, community: str = "public", sends: Sent = honest, speaks_v3: bool = False
    ) -> None:
        self._objects = dict(objects)
        self._order = sorted(objects)
        self._community = community.encode()
        self._sends = sends
        self._speaks_v3 = speaks_v3
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.requests = 0
        self.asked = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="snmp agent")

    def __enter__(self) -> Agent:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(65536)
            if not data:
                return
            self.requests += 1
            self.asked.set()
            if data[2:5] == b"\x02\x01\x03":
                if self._speaks_v3:
                    self._socket.sendto(b"a report", peer)
                continue
            for packet in self._answer(data):
                self._socket.sendto(packet, peer)

    def _answer(self, data: bytes) -> Sequence[bytes]:
        message, _ = decoder.decode(data, asn1Spec=V2C.Message())
        if bytes(V2C.apiMessage.get_community(message)) != self._community:
            return []
        request = V2C.apiMessage.get_pdu(message)
        answer = V2C.apiMessage.get_response(message)
        pdu = V2C.apiMessage.get_pdu(answer)
        asked = [tuple(oid) for oid, _ in V2C.apiPDU.get_varbinds(request)]
        if request.isSameTypeWith(V2C.GetBulkRequestPDU()):
            found = self._bulk(asked, int(V2C.apiBulkPDU.get_max_repetitions(request)))
        else:
            found = [(oid, self._objects.get(oid, V2C.NoSuchObject(""))) for oid in asked]
        V2C.apiPDU.set_varbinds(pdu, found)
        return self._sends(encoder.encode(answer), asked)

    def _bulk(self, asked: Sequence[Oid], rows: int) -> list[tuple[Oid, Any]]:
        places, found = list(asked), []
        for _ in range(rows):
            for number, place in enumerate(places):
                at = bisect.bisect_right(self._order, place)
                if at == len(self._order):
                    found.append((place, V2C.EndOfMibView("")))
                else:
                    places[number] = self._order[at]
                    found.append((places[number], self._objects[places[number]]))
        return found
