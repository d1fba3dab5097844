"""What an SNMP agent answers, and how a person reads it.

Source: RFC 2578 (the types), RFC 2579 (DateAndTime, PhysAddress), RFC 3416 (noSuchObject and its like).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.core.text import clean_line
from opsterm.core.units import age_text
from opsterm.monitoring.mib import Oid, oid_name, split_name

TEXT_LIMIT = 4000
"""Characters kept of one value."""


class ValueKind(StrEnum):
    """The type of a value on the wire; `ABSENT` when the agent has none there."""

    INTEGER = "integer"
    STRING = "string"
    OID = "oid"
    ADDRESS = "address"
    COUNTER32 = "counter32"
    COUNTER64 = "counter64"
    GAUGE = "gauge"
    TICKS = "ticks"
    OPAQUE = "opaque"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class SnmpValue:
    """One value.

    Attributes:
        kind: its type.
        value: int for numbers and ticks (hundredths of a second), bytes for strings, addresses and opaque ones, a
            tuple of int for identifiers, None when there is none.
        why: for an absent one, "no such object" or "no such instance".
    """

    kind: ValueKind
    value: int | bytes | Oid | None
    why: str = ""

    @property
    def number(self) -> int | None:
        """The number, None when it is none."""
        return self.value if isinstance(self.value, int) else None

    @property
    def text(self) -> str:
        """A string as text, cleaned; "" when it is none."""
        return octets_text(self.value).strip() if isinstance(self.value, bytes) else ""


@dataclass(frozen=True, slots=True)
class Binding:
    """An object and its value."""

    oid: Oid
    value: SnmpValue


_UP_DOWN = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"}
_ENUMERATIONS: Mapping[str, Mapping[int, str]] = {
    "ifAdminStatus": _UP_DOWN,
    "ifOperStatus": _UP_DOWN,
    "ifType": {1: "other", 6: "ethernetCsmacd", 24: "softwareLoopback", 53: "propVirtual", 131: "tunnel",
               135: "l2vlan", 136: "l3ipvlan", 161: "ieee8023adLag", 71: "ieee80211", 209: "bridge"},
    "ifLinkUpDownTrapEnable": {1: "enabled", 2: "disabled"},
    "ifPromiscuousMode": {1: "true", 2: "false"},
    "ifConnectorPresent": {1: "true", 2: "false"},
    "hrDeviceStatus": {1: "unknown", 2: "running", 3: "warning", 4: "testing", 5: "down"},
    "hrSWRunType": {1: "unknown", 2: "operatingSystem", 3: "deviceDriver", 4: "application"},
    "hrSWRunStatus": {1: "running", 2: "runnable", 3: "notRunnable", 4: "invalid"},
    "hrFSAccess": {1: "readWrite", 2: "readOnly"},
    "entPhysicalClass": {1: "other", 2: "unknown", 3: "chassis", 4: "backplane", 5: "container", 6: "powerSupply",
                         7: "fan", 8: "sensor", 9: "module", 10: "port", 11: "stack", 12: "cpu"},
}  # fmt: skip
_PHYSICAL = frozenset({"ifPhysAddress"})
_DATES = frozenset({"hrSystemDate", "hrSWInstalledDate"})


def octets_text(octets: bytes) -> str:
    """Return octets as cleaned text where they are some, else as "0a 1b" in hexadecimal."""
    if octets.endswith(b"\0"):
        octets = octets.rstrip(b"\0")  # C programs send the end of the string along
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if octets and (not text or sum(char < " " and char not in "\t\r\n" for char in text) * 4 > len(text)):
        return clean_line(octets.hex(" "), limit=TEXT_LIMIT)
    return clean_line(text, limit=TEXT_LIMIT)


def value_words(binding: Binding) -> str:
    """Return a value as a person reads it, cleaned: "up(1)", "52:54:00:12:34:56", "3 d (26352118)"."""
    name = split_name(binding.oid)[0]
    value = binding.value.value
    if value is None:
        return f"({binding.value.why or 'no value'})"
    if isinstance(value, tuple):
        return oid_name(value)
    if isinstance(value, int):
        if binding.value.kind is ValueKind.TICKS:
            return f"{age_text(value / 100)} ({value})"
        word = _ENUMERATIONS.get(name, {}).get(value)
        return f"{word}({value})" if word else str(value)
    if binding.value.kind is ValueKind.ADDRESS:
        return ".".join(map(str, value))
    if name in _PHYSICAL:
        return value.hex(":")
    return _date_text(value) if name in _DATES and len(value) in (8, 11) else octets_text(value)


def _date_text(octets: bytes) -> str:
    """Return DateAndTime: two bytes of year, then month, day, hour, minute, second, tenths, and a zone or none."""
    year = int.from_bytes(octets[:2], "big")
    month, day, hour, minute, second = octets[2:7]
    zone = f" {chr(octets[8])}{octets[9]:02}:{octets[10]:02}" if len(octets) == 11 else ""
    return clean_line(f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{zone}")


def value_data(binding: Binding) -> object:
    """Return a value for JSON: a number, a text, or None where there is none."""
    value = binding.value.value
    return value if value is None or isinstance(value, int) else value_words(binding)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpTable:
    """Rows of a table.

    Attributes:
        columns: the names, or the numbers of those without a known name.
        rows: index, as in "2" or "10.0.0.1", and one cell for each column, None where there is none.
    """

    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Binding | None]]]


def as_table(root: Oid, bindings: Sequence[Binding]) -> SnmpTable:
    """Put what was read below a table, or below its entry or one column, into rows; indices in order of number."""
    cells: dict[Oid, dict[Oid, Binding]] = {}
    columns: dict[Oid, None] = {}
    for binding in bindings:
        name, index = split_name(binding.oid)
        depth = len(binding.oid) - len(index) if name else len(root) + 2
        column, index = binding.oid[:depth], binding.oid[depth:]
        if index:
            columns[column] = None
            cells.setdefault(index, {})[column] = binding
    ordered = sorted(columns)
    return SnmpTable(
        columns=[oid_name(column) for column in ordered],
        rows=[(".".join(map(str, index)), [cells[index].get(column) for column in ordered]) for index in sorted(cells)],
    )
