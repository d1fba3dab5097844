"""Which traps are the same, how many are kept, which are alerts and what ends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from opsterm.core.errors import BadSetting
from opsterm.core.snmp_settings import SnmpSettings, SnmpTrapAlertSetting, udp_place
from opsterm.monitoring.metrics import LINK_DOWN, SNMP_TRAP
from opsterm.monitoring.mib import NAMES, Oid, parse_oid
from opsterm.monitoring.sample import SeriesKey
from opsterm.monitoring.snmp_values import Binding, SnmpValue, ValueKind
from opsterm.monitoring.trap_rules import ends_at, interface, readings, trap_rules
from opsterm.monitoring.traps import KEPT_AT_ONCE, SAME_S, ArrivedTrap, Bucket, TrapSieve, trap_of

DOWN, UP, COLD = NAMES["linkDown"], NAMES["linkUp"], NAMES["coldStart"]
FAN, FAN_OK, FAN_NAME = (parse_oid(f"1.3.6.1.4.1.9999.{last}") for last in ("0.1", "0.2", "1"))
NOW = 1_700_000_000.0


def binding(name: str | Oid, row: int, value: int | str) -> Binding:
    root = NAMES[name] if isinstance(name, str) else name
    if isinstance(value, str):
        return Binding((*root, row), SnmpValue(ValueKind.STRING, value.encode()))
    return Binding((*root, row), SnmpValue(ValueKind.INTEGER, value))


def arrived(trap: Oid, *bindings: Binding, at: float = NOW, target: str = "sw-1") -> ArrivedTrap:
    return ArrivedTrap(
        target=target, sender="192.0.2.9", at=at, version="2c", user="", checked=True, trap=trap, up_time=100,
        bindings=bindings, is_inform=False,
    )  # fmt: skip


def test_the_same_trap_again_is_counted_and_not_kept_twice() -> None:
    sieve = TrapSieve()
    first = sieve.sift([arrived(DOWN, binding("ifIndex", 2, 2), at=NOW + n) for n in range(3)])
    ((mark, trap),) = first.new
    assert (trap.count, trap.at, trap.last_at) == (3, NOW, NOW + 2)
    sieve.kept([mark], [replace(trap, id=9)])
    again = sieve.sift([arrived(DOWN, binding("ifIndex", 2, 2), at=NOW + 60)] * 2)
    assert (again.new, again.again) == ([], {9: (2, NOW + 60)})
    other = sieve.sift([arrived(DOWN, binding("ifIndex", 3, 3)), arrived(DOWN, target="sw-2")])
    assert len(other.new) == 2
    late = sieve.sift([arrived(DOWN, binding("ifIndex", 2, 2), at=NOW + 61 + SAME_S)])
    assert len(late.new) == 1


def test_what_one_target_sends_too_much_is_left_out_and_counted_and_others_are_kept() -> None:
    sieve = TrapSieve()
    found = sieve.sift([arrived(DOWN, binding("ifIndex", n, n)) for n in range(10_000)])
    assert (len(found.new), found.left_out) == (KEPT_AT_ONCE, {"sw-1": 10_000 - KEPT_AT_ONCE})
    assert len(sieve.sift([arrived(COLD, target="sw-2")]).new) == 1
    assert len(sieve.sift([arrived(COLD, at=NOW + 60)]).new) == 1, "after a while there is room again"


def test_a_clock_that_is_set_back_empties_no_bucket() -> None:
    bucket = Bucket(2, 1, NOW)
    assert [bucket.take(NOW), bucket.take(NOW - 3600), bucket.take(NOW - 3600)] == [True, True, False]
    assert bucket.take(NOW - 3599)


def test_a_trap_is_kept_cleaned_and_cut() -> None:
    trap = trap_of(arrived(FAN, *(binding(FAN_NAME, n, "\x1b[31mred\u202e") for n in range(60))))
    assert (trap.name, trap.trap) == ("1.3.6.1.4.1.9999.0.1",) * 2
    assert "\x1b" not in trap.text
    assert "\u202e" not in trap.text
    assert trap.bindings[-1] == ("…", "20 more")


def said(
    trap: ArrivedTrap, *rules: SnmpTrapAlertSetting, chosen: bool = True
) -> Sequence[tuple[str, str, float, float]]:
    found = readings(
        trap, trap_rules(rules), chooses=lambda selector, _: chosen or selector == "*", names={("sw-1", 7): "ge-0/0/7"}
    )
    return [(reading.key.metric, reading.key.item, reading.value, reading.ends_at) for reading in found]


@pytest.mark.parametrize(
    ("bindings", "item"),
    [
        ([binding("ifIndex", 2, 2), binding("ifDescr", 2, "eth0")], "eth0"),
        ([binding("ifDescr", 2, "long name"), binding("ifName", 2, "ge0"), binding("ifIndex", 2, 2)], "ge0"),
        ([binding("ifIndex", 7, 7)], "ge-0/0/7"),
        ([binding("ifOperStatus", 7, 2)], "ge-0/0/7"),
        ([binding("ifIndex", 3, 3)], "#3"),
        ([], ""),
    ],
)
def test_a_link_that_is_down_is_named_as_well_as_it_can_be(bindings: Sequence[Binding], item: str) -> None:
    assert said(arrived(DOWN, *bindings)) == [(LINK_DOWN, item, 1.0, 0.0)]


def test_a_link_that_came_up_ends_what_its_name_and_what_its_number_raised() -> None:
    assert said(arrived(UP, binding("ifIndex", 7, 7))) == [
        (LINK_DOWN, "ge-0/0/7", 0.0, 0.0),
        (LINK_DOWN, "#7", 0.0, 0.0),
    ]
    assert said(arrived(UP)) == [(LINK_DOWN, "", 0.0, 0.0)]
    assert interface(arrived(COLD)) == (0, "")


def test_a_start_ends_by_itself_and_an_unknown_trap_is_no_alert() -> None:
    assert said(arrived(COLD)) == [(SNMP_TRAP, "coldStart", 1.0, NOW + 3600)]
    assert said(arrived(FAN)) == []


def test_a_rule_of_ones_own_raises_and_ends_an_alert_for_each_thing() -> None:
    rule = SnmpTrapAlertSetting(
        trap="1.3.6.1.4.1.9999.0.1", ends_with=".1.3.6.1.4.1.9999.0.2", severity="critical", ends_after_s=0,
        item="1.3.6.1.4.1.9999.1",
    )  # fmt: skip
    item = "1.3.6.1.4.1.9999.0.1 left\\n"  # cleaned: what a device names a thing is shown in many places
    assert said(arrived(FAN, binding(FAN_NAME, 0, "left\n")), rule) == [(SNMP_TRAP, item, 2.0, 0.0)]
    assert said(arrived(FAN_OK, binding(FAN_NAME, 0, "left\n")), rule)[0][2] == 0.0
    assert said(arrived(FAN), rule)[0][1] == "1.3.6.1.4.1.9999.0.1"


def test_the_first_rule_that_fits_counts_and_none_silences_a_trap() -> None:
    silent = SnmpTrapAlertSetting(trap="coldStart", severity="none", target="tag:lab")
    assert said(arrived(COLD), silent) == []
    assert said(arrived(COLD), silent, chosen=False) == [(SNMP_TRAP, "coldStart", 1.0, NOW + 3600)]


def test_after_a_restart_an_alert_still_ends_in_its_time() -> None:
    rules = trap_rules([])
    assert ends_at(SeriesKey("sw-1", SNMP_TRAP, "coldStart"), NOW, rules) == NOW + 3600
    assert ends_at(SeriesKey("sw-1", SNMP_TRAP, "coldStart eth0"), NOW, rules) == NOW + 3600
    assert ends_at(SeriesKey("sw-1", SNMP_TRAP, "of a rule that is gone"), NOW, rules) == NOW


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (SnmpTrapAlertSetting(trap="linkdwn"), "No object is named 'linkdwn'"),
        (SnmpTrapAlertSetting(trap=""), "is no object identifier"),
        (SnmpTrapAlertSetting(trap="coldStart", ends_with="?"), "is no object identifier"),
        (SnmpTrapAlertSetting(trap="coldStart", ends_after_s=0), "nothing would ever end its alert"),
    ],
)
def test_a_rule_that_cannot_be_used_says_which_and_why(rule: SnmpTrapAlertSetting, words: str) -> None:
    with pytest.raises(BadSetting, match="number 2") as caught:
        trap_rules([SnmpTrapAlertSetting(trap="coldStart"), rule])
    assert words in caught.value.what


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("udp 0.0.0.0:1162", ("0.0.0.0", 1162)), ("udp :162", ("0.0.0.0", 162)), ("udp [::]:162", ("::", 162)),
        ("udp  198.51.100.7:9", ("198.51.100.7", 9)), ("", None), ("tcp :162", None), ("udp :0", None),
        ("udp :70000", None), ("udp", None), ("udp host:162", None), ("udp 1.2.3.4", None),
        ("udp 162", ("0.0.0.0", 162)),
    ],
)  # fmt: skip
def test_where_traps_are_received_is_read(text: str, place: tuple[str, int] | None) -> None:
    assert udp_place(text) == place


def test_nothing_is_received_unless_it_is_set() -> None:
    assert SnmpSettings().traps == ""
