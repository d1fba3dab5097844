"""The encoding of SNMP messages: the part of BER that SNMP uses (RFC 3417, 8), read strictly and quickly.

A trap receiver reads what anybody sends. Reading goes to a fixed depth, copies little, and every fault is `Malformed`.
"""

from __future__ import annotations

from opsterm.monitoring.mib import LARGEST_PART, LONGEST_OID, Oid
from opsterm.monitoring.snmp_values import Binding, SnmpValue, ValueKind

INTEGER, STRING, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
ADDRESS, TICKS, COUNTER64 = 0x40, 0x43, 0x46

_KINDS = {
    INTEGER: ValueKind.INTEGER, STRING: ValueKind.STRING, OID: ValueKind.OID, ADDRESS: ValueKind.ADDRESS,
    0x41: ValueKind.COUNTER32, 0x42: ValueKind.GAUGE, TICKS: ValueKind.TICKS, 0x44: ValueKind.OPAQUE,
    0x45: ValueKind.OPAQUE, COUNTER64: ValueKind.COUNTER64, 0x47: ValueKind.GAUGE,
}  # fmt: skip
_OCTETS = frozenset({ValueKind.STRING, ValueKind.ADDRESS, ValueKind.OPAQUE})
_ABSENT = {NULL: "no value", 0x80: "no such object", 0x81: "no such instance", 0x82: "end of view"}


class Malformed(ValueError):
    """What arrived is no SNMP message; its text says what is wrong, in words of ours only."""


class Reader:
    """Reads one stretch of octets from its beginning to its end."""

    __slots__ = ("_data", "_end", "at")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self._data = data
        self.at = at
        self._end = len(data) if end is None else end

    @property
    def more(self) -> bool:
        """Whether anything is left."""
        return self.at < self._end

    def head(self) -> tuple[int, int, int]:
        """Read tag and length; return the tag and where the content begins and ends. Goes past the content."""
        data, at = self._data, self.at
        if at + 2 > self._end:
            raise Malformed("it ends too early")
        tag, length = data[at], data[at + 1]
        at += 2
        if length > 0x7F:
            count = length & 0x7F
            if not 1 <= count <= 4 or at + count > self._end:
                raise Malformed("a length is none")
            length = int.from_bytes(data[at : at + count], "big")
            at += count
        if at + length > self._end:
            raise Malformed("a length leads past its end")
        self.at = at + length
        return tag, at, at + length

    def inside(self, wanted: int, what: str) -> Reader:
        """Read a value of tag `wanted` that holds others; return a reader of what is in it."""
        tag, start, stop = self.head()
        if tag != wanted:
            raise Malformed(f"{what} is missing")
        return Reader(self._data, start, stop)

    def octets(self, what: str, *, tag: int = STRING, longest: int = 0xFFFF) -> bytes:
        """Read octets."""
        found, start, stop = self.head()
        if found != tag or stop - start > longest:
            raise Malformed(f"{what} is missing or too long")
        return self._data[start:stop]

    def number(self, what: str, *, low: int = -(2**31), high: int = 2**31 - 1, tag: int = INTEGER) -> int:
        """Read a number in [low, high]."""
        found, start, stop = self.head()
        if found != tag or not 1 <= stop - start <= 9:
            raise Malformed(f"{what} is no number")
        value = int.from_bytes(self._data[start:stop], "big", signed=True)
        if not low <= value <= high:
            raise Malformed(f"{what} is out of its range")
        return value

    def oid(self, what: str) -> Oid:
        """Read an object identifier."""
        found, start, stop = self.head()
        if found != OID:
            raise Malformed(f"{what} is no object identifier")
        return _oid(self._data, start, stop)

    def bindings(self) -> list[Binding]:
        """Read a list of bindings to its end."""
        found = []
        inner = self.inside(SEQUENCE, "the list of bindings")
        while inner.more:
            pair = inner.inside(SEQUENCE, "a binding")
            name = pair.oid("the name of a binding")
            found.append(Binding(name, pair.value()))
            pair.finish()
        return found

    def value(self) -> SnmpValue:
        """Read a value of any type there is in SNMP."""
        tag, start, stop = self.head()
        kind = _KINDS.get(tag)
        if kind is None:
            if tag not in _ABSENT or stop > start:
                raise Malformed("a value has a type that SNMP does not know")
            return SnmpValue(ValueKind.ABSENT, None, _ABSENT[tag])
        if kind in _OCTETS:
            if kind is ValueKind.ADDRESS and stop - start != 4:
                raise Malformed("an address has not four octets")
            return SnmpValue(kind, self._data[start:stop])
        if kind is ValueKind.OID:
            return SnmpValue(kind, _oid(self._data, start, stop))
        if not 1 <= stop - start <= 9:
            raise Malformed("a number has too few or too many octets")
        number = int.from_bytes(self._data[start:stop], "big", signed=True)
        if kind is not ValueKind.INTEGER:  # those have no sign; some agents leave out the zero octet in front
            number %= 2**64 if kind is ValueKind.COUNTER64 else 2**32
        return SnmpValue(kind, number)

    def finish(self) -> None:
        """Insist that nothing is left."""
        if self.more:
            raise Malformed("something follows where nothing should")


def _oid(data: bytes, start: int, stop: int) -> Oid:
    if start == stop or data[stop - 1] > 0x7F:
        raise Malformed("an object identifier ends too early")
    parts: list[int] = []
    value = 0
    for octet in data[start:stop]:
        value = value << 7 | octet & 0x7F
        if value > LARGEST_PART:
            raise Malformed("a part of an object identifier is too large")
        if octet < 0x80:
            parts.append(value)
            value = 0
    first = min(parts[0] // 40, 2)
    if len(parts) >= LONGEST_OID:
        raise Malformed("an object identifier is too long")
    return (first, parts[0] - 40 * first, *parts[1:])


def wrapped(tag: int, *contents: bytes) -> bytes:
    """Return contents with a tag and their length in front."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def number(value: int, *, tag: int = INTEGER) -> bytes:
    """Return a number, encoded."""
    return wrapped(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def identifier(oid: Oid) -> bytes:
    """Return an object identifier, encoded."""
    octets = bytearray()
    for part in (oid[0] * 40 + oid[1], *oid[2:]):
        groups = [part & 0x7F]
        while part := part >> 7:
            groups.append(part & 0x7F | 0x80)
        octets += bytes(reversed(groups))
    return wrapped(OID, bytes(octets))
