"""Receiving traps and informs: who is believed, what is answered, and what rubbish and floods do to us (nothing)."""

from __future__ import annotations

import errno
import gc
import random
from dataclasses import replace

import pytest
from pyasn1.codec.ber import decoder
from pysnmp.proto import rfc1902

from opsterm.adapters import snmp_traps
from opsterm.adapters.snmp_login import seal
from opsterm.adapters.snmp_message import V3Message, read_message
from opsterm.adapters.snmp_traps import UdpTrapEar
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import Refused, Unreachable
from opsterm.core.secret import Secret
from opsterm.monitoring.mib import NAMES, oid_name
from opsterm.monitoring.traps import trap_of
from opsterm.runtime.credentials import SNMP, SNMP_TRAPS
from opsterm.runtime.ports_snmp import SnmpLogin
from tests.adapters.test_snmp import V3, Ring, in_a_thread
from tests.adapters.trap_senders import ENGINE, IF_2, V2C, Line, inform_v3, listening, trap_v3, v1, v2c

DOWN, UP, COLD = NAMES["linkDown"], NAMES["linkUp"], NAMES["coldStart"]
PUBLIC = SnmpLogin(community=Secret("public"))


def keep(line: Line, login: SnmpLogin, *, service: str = SNMP) -> None:
    line.ring.kept[service, "sw-1"] = seal(login)


async def test_a_trap_of_version_2c_says_which_and_what(clock: StoppedClock) -> None:
    async with listening(clock) as line:
        keep(line, PUBLIC)
        (arrival,) = await line.send(v2c(DOWN, IF_2))
    trap = arrival.trap
    assert (trap.target, trap.sender, trap.version, trap.at) == ("sw-1", "127.0.0.1", "2c", clock.now())
    assert (trap.trap, trap.up_time, trap.is_inform, trap.checked) == (DOWN, 4200, False, True)
    assert trap_of(trap).text == "ifIndex.2 2"


@pytest.mark.parametrize(
    ("generic", "specific", "name"), [(0, 0, "coldStart"), (2, 0, "linkDown"), (6, 17, "1.3.6.1.4.1.9.0.17")]
)
async def test_a_trap_of_version_1_reads_as_one_of_version_2(
    clock: StoppedClock, generic: int, specific: int, name: str
) -> None:
    async with listening(clock) as line:
        (arrival,) = await line.send(v1(generic=generic, specific=specific, bindings=IF_2))
    trap = trap_of(arrival.trap)
    assert (trap.name, trap.version, trap.up_time_s) == (name, "1", 42.0)
    assert trap.text == "snmpTrapAddress.0 192.0.2.9, ifIndex.2 2, snmpTrapEnterprise.0 1.3.6.1.4.1.9"


async def test_an_inform_is_answered_with_what_it_said_once_it_is_acknowledged(clock: StoppedClock) -> None:
    async with listening(clock) as line:
        await line.send(v2c(DOWN, IF_2, inform=True))
        answer, _ = decoder.decode(await line.answer(), asn1Spec=V2C.Message())
    pdu = V2C.apiMessage.get_pdu(answer)
    assert pdu.isSameTypeWith(V2C.GetResponsePDU())
    assert int(V2C.apiPDU.get_error_status(pdu)) == 0
    assert [oid_name(tuple(oid)) for oid, _ in V2C.apiPDU.get_varbinds(pdu)] == [
        "sysUpTime.0", "snmpTrapOID.0", "ifIndex.2",
    ]  # fmt: skip


LEVELS = {
    "all of it": V3,
    "no encryption": replace(V3, priv="", priv_passphrase=None),
    "no security": SnmpLogin(user="monitor"),
    "SHA AES-256": replace(V3, auth="SHA", priv="AES-256"),
    "SHA AES-256 as Cisco": replace(V3, auth="SHA", priv="AES-256-C"),
}


@pytest.mark.parametrize("login", LEVELS.values(), ids=LEVELS)
async def test_version_3_is_understood_at_every_level(clock: StoppedClock, login: SnmpLogin) -> None:
    async with listening(clock) as line:
        keep(line, login)
        (trap,) = await line.send(await trap_v3(login))
        (inform,), said = await inform_v3(line, login)
    for arrival in (trap, inform):
        assert (arrival.trap.trap, arrival.trap.version, arrival.trap.user) == (DOWN, "3", "monitor")
        assert arrival.trap.checked is bool(login.auth)
    assert bool(trap.trap.engine) is bool(login.auth)
    assert not inform.trap.engine
    assert (trap.trap.is_inform, inform.trap.is_inform, said) == (False, True, "")


REFUSED = {
    "another user": (replace(V3, user="nobody"), "no log-in of its user is kept", "Unknown USM user"),
    "another passphrase": (
        replace(V3, auth_passphrase=Secret("not the one")),
        "the authentication passphrase or protocol is wrong",
        "Wrong SNMP PDU digest",
    ),
    "another privacy": (
        replace(V3, priv_passphrase=Secret("not the one")),
        "the privacy passphrase or protocol is wrong",
        "Ciphering services not available or ciphertext is broken",
    ),
    "less security": (
        replace(V3, priv="", priv_passphrase=None),
        "it has less security than the kept log-in asks for",
        "Unsupported SNMP security level",
    ),
}


@pytest.mark.parametrize(("sent", "ours", "theirs"), REFUSED.values(), ids=REFUSED)
async def test_a_sender_of_version_3_that_is_not_believed_is_told_and_so_are_we(
    clock: StoppedClock, sent: SnmpLogin, ours: str, theirs: str
) -> None:
    async with listening(clock) as line:
        keep(line, V3)
        assert (await line.send(await trap_v3(sent)), line.said()) == ([], ours)
        assert await inform_v3(line, sent) == ([], theirs)
        assert line.said() == ours


async def test_a_trap_of_version_3_that_is_sent_once_more_later_is_old(clock: StoppedClock) -> None:
    packet = await trap_v3(V3)
    async with listening(clock) as line:
        keep(line, V3)
        assert len(await line.send(packet)) == 1
        clock.advance(151)
        assert (await line.send(packet), line.said()) == (
            [],
            "its time is not the engine's: it is old, or was sent before",
        )


async def test_a_community_that_is_not_the_kept_one_is_refused(clock: StoppedClock) -> None:
    async with listening(clock) as line:
        keep(line, PUBLIC)
        assert await line.send(v2c(DOWN, community="private"), v2c(DOWN, community="private", inform=True)) == []
        assert (line.said(), line.ear.counts()[0].refused) == ("its community is not the kept one", 2)


async def test_traps_come_with_the_log_in_of_the_agent_or_with_one_of_their_own(clock: StoppedClock) -> None:
    async with listening(clock) as line:
        keep(line, V3)
        assert await line.send(v2c(DOWN)) == []
        assert "of version 3" in line.said()
    async with listening(clock) as line:
        keep(line, V3)
        keep(line, PUBLIC, service=SNMP_TRAPS)
        assert len(await line.send(v2c(DOWN), await trap_v3(V3), v2c(DOWN, community="other"))) == 2


async def test_without_a_log_in_a_trap_is_taken_and_marked(clock: StoppedClock) -> None:
    async with listening(clock) as line:
        (arrival,) = await line.send(v2c(DOWN))
    assert not arrival.trap.checked


async def test_a_stranger_is_counted_and_gets_no_answer(clock: StoppedClock) -> None:
    async with listening(clock, target="") as line:
        assert await line.send(*[v2c(COLD, inform=True)] * 50) == []
        (count,) = line.ear.counts()
        assert (count.target, count.received, count.taken, count.dropped) == ("", 50, 0, 45)
        assert count.said == "sent coldStart"
        assert line._wire.answers.empty()


async def test_strangers_are_remembered_up_to_a_number(clock: StoppedClock) -> None:
    async with listening(clock, target="") as line:
        for number in range(1000):
            line.ear._received(v2c(COLD), (f"198.51.{number // 250}.{number % 250}", 50_000))
        assert len(line.ear.counts()) == snmp_traps.STRANGERS


async def test_a_name_on_the_network_is_looked_up(clock: StoppedClock) -> None:
    async with listening(clock, target="") as line:
        line.ear.know({"localhost": "sw-1", "no-such-host.invalid": "sw-2"})
        await line.ear.arrivals(0.001)
        (arrival,) = await line.send(v2c(DOWN))
    assert arrival.trap.target == "sw-1"


async def test_an_address_that_is_mapped_into_ipv6_is_the_same(clock: StoppedClock) -> None:
    async with listening(clock) as line:
        line.ear._received(v2c(DOWN), ("::ffff:127.0.0.1", 50_000, 0, 0))
        (arrival,) = await line.ear.arrivals(0.001)
    assert (arrival.trap.target, arrival.trap.sender) == ("sw-1", "127.0.0.1")


BROKEN = {
    "no message": b"hello, this is no SNMP",
    "cut off": v2c(DOWN, IF_2)[:-3],
    "more behind": v2c(DOWN) + b"\0",
    "a length past the end": b"\x30\x84\x7f\xff\xff\xff" + v2c(DOWN)[2:],
    "an endless length": b"\x30\x80" + v2c(DOWN)[2:] + b"\0\0",
    "another version": v2c(DOWN).replace(b"\x02\x01\x01\x04\x06public", b"\x02\x01\x05\x04\x06public"),
    "a get": v2c(DOWN).replace(b"\xa7", b"\xa0", 1),
    "no trap named": v2c(DOWN).replace(bytes.fromhex("2b060106030101040100"), bytes.fromhex("2b060106030101040900")),
}


@pytest.mark.parametrize("packet", BROKEN.values(), ids=BROKEN)
async def test_what_is_no_notification_is_counted_as_malformed(clock: StoppedClock, packet: bytes) -> None:
    async with listening(clock) as line:
        assert await line.send(packet) == []
        (count,) = line.ear.counts()
        assert (count.malformed, count.taken) == (1, 0)
        assert count.said


def spoilt(chance: random.Random, packet: bytes) -> bytes:
    """Return a packet with some octets changed, cut out or put in."""
    made = bytearray(packet)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(4):
            case 0:
                del made[at : at + chance.randint(1, 6)]
            case 1:
                made[at:at] = chance.randbytes(chance.randint(1, 6))
            case 2:
                del made[at:]
            case _:
                made[at : at + 1] = chance.randbytes(1)
    return bytes(made)


async def test_10000_broken_packets_change_nothing_and_a_good_trap_still_arrives(clock: StoppedClock) -> None:
    chance = random.Random(11)
    sizes: list[int] = []
    async with listening(clock) as line:
        good = [await trap_v3(V3), v2c(DOWN, IF_2), v2c(UP, IF_2, inform=True), v1(generic=0)]
        taken = 0
        for round_number in range(51):
            clock.advance(10)
            keep(line, V3 if round_number % 2 else PUBLIC)
            line.ear._logins.clear()
            packets = (spoilt(chance, chance.choice(good)) for _ in range(200))
            taken += len(await line.send(*(packet for packet in packets if packet)))
            if round_number % 10 == 9:
                gc.collect()
                sizes.append(len(gc.get_objects()))
        (count,) = line.ear.counts()
        assert count.received > 10_000
        assert count.dropped == 0, "each of them was looked at"
        assert count.malformed + count.refused > 8000, count
        assert taken < 2000, "a changed value in a binding leaves a trap a trap"
        assert sizes[-1] - sizes[0] < 500, f"objects alive grow: {sizes}"
        keep(line, PUBLIC)
        line.ear._logins.clear()
        (arrival,) = await line.send(v2c(DOWN, IF_2))
        assert arrival.trap.trap == DOWN


async def test_a_flood_of_10000_good_traps_is_cut_and_what_is_cut_is_counted(clock: StoppedClock) -> None:
    async with listening(clock) as line:
        mark = 0x7A7A7A7A
        packet = v2c(DOWN, [((1, 3, 6, 1, 9), rfc1902.Integer32(mark))])
        taken = 0
        for start in range(0, 10_000, 200):
            numbers = range(start, start + 200)
            packets = [packet.replace(mark.to_bytes(4), number.to_bytes(4)) for number in numbers]
            taken += len(await line.send(*packets))
        (count,) = line.ear.counts()
        assert (count.received, count.taken, count.dropped) == (10_000, 2000, 8000)
        assert taken == 2000
        clock.advance(60)
        assert len(await line.send(v2c(UP, IF_2))) == 1


async def test_packets_that_nobody_looks_at_are_not_heaped_up(
    clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snmp_traps, "WAITING", 100)
    async with listening(clock) as line:
        await line.send(*[v2c(DOWN)] * 150, hears=False)
        assert line.ear.counts()[0].dropped == 50
        assert len(await line.send(v2c(UP))) == 100, "one more was dropped, the first hundred are there"


async def test_an_inform_of_version_3_within_another_boot_is_told_the_time_first(clock: StoppedClock) -> None:
    async with listening(clock) as line:
        keep(line, V3)
        found, said = await inform_v3(line, V3, times=3)
        assert (len(found), said) == (3, "")
        clock.advance(400)  # beyond the window: the sender's idea of our time is old
        found, said = await inform_v3(line, V3)
        assert (len(found), said) == (1, "")


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, Refused, "need root or the capability CAP_NET_BIND_SERVICE"),
        (errno.EADDRINUSE, Unreachable, "is taken"),
        (errno.EADDRNOTAVAIL, Unreachable, "cannot be received"),
    ],
)
def test_a_port_that_cannot_be_opened_says_why_and_the_way_out(
    number: int, kind: type[Refused | Unreachable], words: str
) -> None:
    error = snmp_traps._not_open(OSError(number, "no"), "0.0.0.0", 162)
    assert isinstance(error, kind)
    assert words in f"{error.what} {error.why}"
    assert "snmp.traps" in error.next_step
    if number == errno.EACCES:
        assert "udp dport 162 redirect to :1162" in error.next_step


async def test_a_port_that_is_taken_is_told(clock: StoppedClock) -> None:
    async with listening(clock) as line:
        second = UdpTrapEar(Ring(), clock, in_a_thread)  # type: ignore[arg-type]  # the part of Credentials that it uses
        with pytest.raises(Unreachable, match="another program receives traps here"):
            await second.listen("127.0.0.1", line.ear.port, ENGINE)


def test_version_3_is_read_in_its_parts() -> None:
    packet = bytes.fromhex(  # Wireshark's notion of a discovery, RFC 3414, 4
        "303e020103301102047f0f5a11020300ffe30401040201030410300e0400020100020100040004000400"
        "301404000400a00e02047f0f5a120201000201003000"
    )  # fmt: skip
    found = read_message(packet)
    assert isinstance(found, V3Message)
    assert (found.engine, found.user, found.flags, found.boots) == (b"", b"", 4, 0)
