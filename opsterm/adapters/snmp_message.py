"""Messages that a receiver of traps and informs understands: versions 1, 2c and 3, and what it answers.

Sources: RFC 1157 (version 1), RFC 3416 (traps and informs), RFC 3412 and 3414 (version 3), RFC 3584, 3.1 (how a trap of
version 1 reads as one of version 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.adapters.snmp_ber import (
    ADDRESS,
    SEQUENCE,
    STRING,
    TICKS,
    Malformed,
    Reader,
    identifier,
    number,
    wrapped,
)
from opsterm.monitoring.mib import NAMES, Oid, instance_of
from opsterm.monitoring.snmp_values import Binding, SnmpValue, ValueKind

V1, V2C, V3 = 0, 1, 3
TRAP_V1, RESPONSE, INFORM, TRAP, REPORT = 0xA4, 0xA2, 0xA6, 0xA7, 0xA8
AUTHENTICATED, ENCRYPTED, REPORTABLE = 1, 2, 4

UP_TIME = instance_of(NAMES["sysUpTime"])
TRAP_OID = instance_of(NAMES["snmpTrapOID"])
TRAP_ADDRESS = instance_of(NAMES["snmpTrapAddress"])
TRAP_ENTERPRISE = instance_of(NAMES["snmpTrapEnterprise"])
_COMMUNITY = NAMES["snmpTrapCommunity"]
_STANDARD_TRAPS: Oid = NAMES["snmpTraps"]
_ENTERPRISE_SPECIFIC = 6
_LARGEST_TICKS = 2**32 - 1
_USM = 3

NO_REQUEST = 2**31 - 1
"""The request id of a report on something whose own cannot be read (RFC 3412, 7.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrapContent:
    """A trap or an inform, of whichever version.

    Attributes:
        trap: which one.
        up_time: of the sender, hundredths of a second; None when it does not say.
        bindings: what it tells, in order; which trap it is and since when the sender runs are not in it.
        is_inform: whether the sender waits for an answer.
        answer: the answer's inner part, for an inform.
    """

    trap: Oid
    up_time: int | None
    bindings: Sequence[Binding]
    is_inform: bool = False
    answer: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityMessage:
    """A message of version 1 or 2c; `pdu` is not looked into yet."""

    version: int
    community: bytes
    pdu: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class V3Message:
    """A message of version 3 with the parameters of the user-based security model.

    Attributes:
        whole: all of it.
        id: of the message.
        flags: bits `AUTHENTICATED`, `ENCRYPTED`, `REPORTABLE`.
        engine: which engine's clock and keys count: the sender's for a trap, ours for an inform.
        boots, time: of that engine, as the sender knows it.
        user: its name.
        digest_at: where in `whole` the digest begins.
        digest: of the whole.
        salt: for decryption.
        scoped: the inner part: a scoped PDU, or one that is encrypted.
    """

    whole: bytes
    id: int
    flags: int
    engine: bytes
    boots: int
    time: int
    user: bytes
    digest_at: int
    digest: bytes
    salt: bytes
    scoped: bytes


def read_message(data: bytes) -> CommunityMessage | V3Message:
    """Read the outer part of a message. Raises Malformed."""
    outer = Reader(data)
    inner = outer.inside(SEQUENCE, "the message")
    outer.finish()
    version = inner.number("the version")
    if version == V3:
        return _read_v3(data, inner)
    if version not in (V1, V2C):
        raise Malformed("its version is none of 1, 2c and 3")
    community = inner.octets("the community", longest=255)
    return CommunityMessage(version=version, community=community, pdu=data[inner.at :])


def _read_v3(data: bytes, inner: Reader) -> V3Message:
    header = inner.inside(SEQUENCE, "the header")
    message_id = header.number("the message's id", low=0)
    header.number("the largest size", low=0)
    flags = header.octets("the flags", longest=1)
    if header.number("the security model") != _USM or len(flags) != 1:
        raise Malformed("its security model is not the user-based one")
    header.finish()
    if flags[0] & ENCRYPTED and not flags[0] & AUTHENTICATED:
        raise Malformed("it is encrypted and not authenticated")
    outside = inner.inside(STRING, "the security parameters")
    fields = outside.inside(SEQUENCE, "the security parameters")
    outside.finish()
    engine = fields.octets("the engine", longest=32)
    boots = fields.number("the engine's boots", low=0)
    time = fields.number("the engine's time", low=0)
    user = fields.octets("the user", longest=32)
    digest = fields.octets("the digest", longest=64)
    digest_at = fields.at - len(digest)
    salt = fields.octets("the salt", longest=32)
    fields.finish()
    return V3Message(
        whole=data, id=message_id, flags=flags[0] & 7, engine=engine, boots=boots, time=time, user=user,
        digest_at=digest_at, digest=digest, salt=salt, scoped=data[inner.at :],
    )  # fmt: skip


def encrypted_part(message: V3Message) -> bytes:
    """Return what is to be decrypted. Raises Malformed."""
    reader = Reader(message.scoped)
    found = reader.octets("the encrypted part")
    reader.finish()
    return found


def open_scoped(data: bytes) -> tuple[bytes, bytes]:
    """Return the context of a scoped PDU (engine and name, encoded as they came), and the PDU. Raises Malformed.

    Octets behind it are let pass: decryption leaves padding there.
    """
    reader = Reader(data)
    inner = reader.inside(SEQUENCE, "the scoped part")
    start = inner.at
    inner.octets("the context's engine", longest=32)
    inner.octets("the context's name", longest=255)
    return data[start : inner.at], data[inner.at : reader.at]


def request_id(pdu: bytes) -> int:
    """Return the request id of any PDU but a trap of version 1, `NO_REQUEST` when it cannot be read."""
    try:
        _, start, stop = Reader(pdu).head()
        return Reader(pdu, start, stop).number("the request")
    except Malformed:
        return NO_REQUEST


def read_notification(pdu: bytes, version: int) -> TrapContent:
    """Read the inner part. Raises Malformed, also for a request that is none of ours."""
    outer = Reader(pdu)
    tag, start, stop = outer.head()
    outer.finish()
    inner = Reader(pdu, start, stop)
    if tag == TRAP_V1 and version == V1:
        return _read_v1(inner)
    if tag not in (TRAP, INFORM) or version == V1:
        raise Malformed("it is neither a trap nor an inform")
    inner.number("the request")
    inner.number("the status", low=0)
    inner.number("the place of an error", low=0)
    bindings = inner.bindings()
    inner.finish()
    named = [(place, binding) for place, binding in enumerate(bindings[:3]) if binding.oid == TRAP_OID]
    if not named or not isinstance(named[0][1].value.value, tuple):
        raise Malformed("it does not say which trap it is")
    up_time = next((binding.value.number for binding in bindings[:3] if binding.oid == UP_TIME), None)
    is_inform = tag == INFORM
    return TrapContent(
        trap=named[0][1].value.value, up_time=up_time, is_inform=is_inform,
        bindings=[b for b in bindings if b.oid not in (UP_TIME, TRAP_OID) and b.oid[: len(_COMMUNITY)] != _COMMUNITY],
        answer=bytes((RESPONSE,)) + pdu[1:] if is_inform else b"",  # an answer differs from an inform in its tag alone
    )  # fmt: skip


def _read_v1(inner: Reader) -> TrapContent:
    """Read a trap of version 1 as one of version 2 (RFC 3584, 3.1)."""
    enterprise = inner.oid("the enterprise")
    address = inner.octets("the agent's address", tag=ADDRESS, longest=4)
    generic = inner.number("the generic trap", low=0, high=_ENTERPRISE_SPECIFIC)
    specific = inner.number("the specific trap")
    up_time = inner.number("the time", low=-(2**31), high=_LARGEST_TICKS, tag=TICKS) % 2**32
    bindings = inner.bindings()
    inner.finish()
    if specific < 0 or len(address) != 4:
        raise Malformed("a part of it is out of its range")
    trap = (*enterprise, 0, specific) if generic == _ENTERPRISE_SPECIFIC else (*_STANDARD_TRAPS, generic + 1)
    if TRAP_ENTERPRISE not in [binding.oid for binding in bindings]:
        bindings.append(Binding(TRAP_ENTERPRISE, SnmpValue(ValueKind.OID, enterprise)))
    if any(address):
        bindings.insert(0, Binding(TRAP_ADDRESS, SnmpValue(ValueKind.ADDRESS, address)))
    return TrapContent(trap=trap, up_time=up_time, bindings=bindings)


def community_answer(message: CommunityMessage, answer: bytes) -> bytes:
    """Return the answer to an inform of version 2c."""
    return wrapped(SEQUENCE, number(message.version), wrapped(STRING, message.community), answer)


def report(context: bytes, request: int, counter: Oid, count: int) -> bytes:
    """Return a scoped PDU that tells a counter of the security model instead of an answer."""
    binding = wrapped(SEQUENCE, identifier(counter), number(count % 2**32, tag=0x41))
    pdu = wrapped(REPORT, number(request), number(0), number(0), wrapped(SEQUENCE, binding))
    return wrapped(SEQUENCE, context, pdu)


def v3_envelope(
    *, message_id: int, flags: int, engine: bytes, boots: int, time: int, user: bytes, digest_size: int, salt: bytes,
    scoped: bytes,
) -> tuple[bytes, int]:  # fmt: skip
    """Return a message of version 3 with zeros for its digest, and where the digest begins."""
    header = wrapped(SEQUENCE, number(message_id), number(65507), wrapped(STRING, bytes((flags,))), number(_USM))
    tail = wrapped(STRING, salt) + scoped
    digest = wrapped(STRING, bytes(digest_size))
    fields = wrapped(
        SEQUENCE, wrapped(STRING, engine), number(boots), number(time), wrapped(STRING, user), digest,
        wrapped(STRING, salt),
    )  # fmt: skip
    whole = wrapped(SEQUENCE, number(V3), header, wrapped(STRING, fields), scoped)
    return whole, len(whole) - len(tail) - digest_size
