"""Names of managed objects, both ways, and values as a person reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.monitoring.mib import COLUMNS, NAMES, Oid, instance_of, oid_name, oid_text, parse_oid, split_name
from opsterm.monitoring.snmp_values import Binding, SnmpValue, ValueKind, as_table, octets_text, value_data, value_words

numbers = st.integers(0, 2**32 - 1)
oids = st.lists(numbers, max_size=20).map(lambda rest: (1, 3, *rest))


@given(oids)
def test_numbers_and_names_mean_the_same(oid: Oid) -> None:
    assert parse_oid(oid_text(oid)) == parse_oid(f".{oid_text(oid)}") == parse_oid(oid_name(oid)) == oid


@given(st.sampled_from(sorted(name for name in NAMES if name != "iso")), st.lists(numbers, max_size=5))  # not 1.40
def test_a_name_takes_an_instance_and_any_case(name: str, instance: list[int]) -> None:
    spoken = ".".join([name.upper(), *map(str, instance)])
    assert parse_oid(spoken) == (*NAMES[name], *instance)


@pytest.mark.parametrize(
    ("text", "oid"),
    [
        ("IF-MIB::ifHCInOctets.3", (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 3)),
        ("sysDescr", (1, 3, 6, 1, 2, 1, 1, 1)),
        ("hrProcessorLoad", (1, 3, 6, 1, 2, 1, 25, 3, 3, 1, 2)),
        ("entPhysicalSerialNum.1", (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 11, 1)),
        ("ssCpuRawIdle.0", (1, 3, 6, 1, 4, 1, 2021, 11, 53, 0)),
    ],
)
def test_the_table_agrees_with_the_mibs(text: str, oid: Oid) -> None:
    assert parse_oid(text) == oid


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ifNam", "The nearest is IF-MIB::ifName."), ("IF-MIB::sysName", "The nearest is SNMPv2-MIB::sysName."),
        ("3.1", "begins with 0, 1 or 2"), ("1.40.1", "begins with 0, 1 or 2"),
        ("1.3.4294967296", "below 4,294,967,296"),
        ("1..3", "Write numbers or a name"), ("", "Write numbers or a name"), ("sysDescr.x", "Write numbers or a name"),
        ("1." * 200 + "1", "at most 128 numbers"), ("zzzz", "names of other MIBs are not known"),
        ("١.٣", "Write numbers or a name"),
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused_with_what_would_be(text: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_oid(text)
    assert words in str(caught.value)


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse_oid(text)
    except BadInput:
        return


def test_a_scalar_gets_its_instance_and_a_column_does_not() -> None:
    assert instance_of(NAMES["sysName"]) == (*NAMES["sysName"], 0)
    for name in ("ifName", "ifTable", "enterprises", "system"):
        assert instance_of(NAMES[name]) == NAMES[name]
    assert instance_of((*NAMES["sysName"], 0)) == (*NAMES["sysName"], 0)


VALUES = {
    "enumeration": ("ifOperStatus", SnmpValue(ValueKind.INTEGER, 2), "down(2)", 2),
    "unknown number of one": ("ifOperStatus", SnmpValue(ValueKind.INTEGER, 99), "99", 99),
    "ticks": ("sysUpTime", SnmpValue(ValueKind.TICKS, 26_352_118), "3 d (26352118)", 26_352_118),
    "hardware address": ("ifPhysAddress", SnmpValue(ValueKind.STRING, b"\x52\x54\0\x12\x34\x56"), "52:54:00:12:34:56",
                         "52:54:00:12:34:56"),
    "identifier": ("sysObjectID", SnmpValue(ValueKind.OID, NAMES["sysName"]), "sysName", "sysName"),
    "address": ("ipAdEntAddr", SnmpValue(ValueKind.ADDRESS, bytes([192, 0, 2, 1])), "192.0.2.1", "192.0.2.1"),
    "date": ("hrSystemDate", SnmpValue(ValueKind.STRING, bytes([7, 234, 11, 28, 17, 5, 9, 0, 43, 1, 0])),
             "2026-11-28 17:05:09 +01:00", "2026-11-28 17:05:09 +01:00"),
    "absent": ("sysName", SnmpValue(ValueKind.ABSENT, None, "no such object"), "(no such object)", None),
    "escape": ("sysDescr", SnmpValue(ValueKind.STRING, b"a long text that hides \x1b]52;c;AA\x07"),
               r"a long text that hides \x1b]52;c;AA\x07", r"a long text that hides \x1b]52;c;AA\x07"),
    "bytes": ("sysDescr", SnmpValue(ValueKind.STRING, b"\xff\xfe\x00\x01"), "ff fe 00 01", "ff fe 00 01"),
    "end of a string in C": ("sysDescr", SnmpValue(ValueKind.STRING, b"Switch\0"), "Switch", "Switch"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "value", "words", "data"), VALUES.values(), ids=VALUES)
def test_a_value_is_read_as_its_mib_says(name: str, value: SnmpValue, words: str, data: object) -> None:
    binding = Binding((*NAMES[name], 1), value)
    assert value_words(binding) == words
    assert value_data(binding) == data


@given(st.binary(max_size=200), st.sampled_from(sorted(NAMES)))
def test_no_octets_reach_a_terminal_as_they_are(octets: bytes, name: str) -> None:
    for text in (octets_text(octets), value_words(Binding((*NAMES[name], 1), SnmpValue(ValueKind.STRING, octets)))):
        assert not any(char < " " or "\x7f" <= char <= "\x9f" for char in text)


def test_rows_of_a_table_stand_in_the_order_of_their_index() -> None:
    cells = [((*NAMES["ifDescr"], row), f"eth{row}") for row in (10, 2)] + [((*NAMES["ifMtu"], 2), "1500")]
    found = as_table(
        NAMES["ifTable"], [Binding(oid, SnmpValue(ValueKind.STRING, text.encode())) for oid, text in cells]
    )
    assert list(found.columns) == ["ifDescr", "ifMtu"]
    assert [(index, [cell.value.text if cell else None for cell in row]) for index, row in found.rows] == [
        ("2", ["eth2", "1500"]), ("10", ["eth10", None]),
    ]  # fmt: skip


def test_a_table_without_names_is_put_into_rows_by_its_numbers() -> None:
    root = (1, 3, 6, 1, 4, 1, 9, 9, 48, 1, 1)
    cells = [(*root, 1, column, row) for column in (2, 5) for row in (1, 2)]
    found = as_table(root, [Binding(oid, SnmpValue(ValueKind.GAUGE, oid[-1])) for oid in cells])
    assert list(found.columns) == [oid_text((*root, 1, 2)), oid_text((*root, 1, 5))]
    assert [index for index, _ in found.rows] == ["1", "2"]


def test_every_column_has_a_name() -> None:
    assert all(split_name(column)[0] for columns in COLUMNS.values() for column in columns)
