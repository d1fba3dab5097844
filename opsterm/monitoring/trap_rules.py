"""Which traps are alerts, and what ends them: a trap becomes a reading of a metric, and readings raise and end alerts.

A link that fell down is a reading of `net.link_down`, as the periodic measurement has it too; any other trap is one of
`snmp.trap`: 1 for a warning, 2 for a critical one, 0 when it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opsterm.core.errors import BadInput, BadSetting
from opsterm.core.snmp_settings import SnmpTrapAlertSetting
from opsterm.core.text import clean_line
from opsterm.monitoring.metrics import LINK_DOWN, SNMP_TRAP
from opsterm.monitoring.mib import NAMES, Oid, oid_name, parse_oid, split_name
from opsterm.monitoring.sample import SeriesKey
from opsterm.monitoring.snmp_values import Binding, value_words
from opsterm.monitoring.traps import ArrivedTrap

ITEM_LIMIT = 100

_SEVERITIES = {"none": 0.0, "warning": 1.0, "critical": 2.0}
_COLD, _WARM = NAMES["coldStart"], NAMES["warmStart"]
_DOWN, _UP = NAMES["linkDown"], NAMES["linkUp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrapRule:
    """One trap that is an alert.

    Attributes:
        raised_by: which trap.
        ended_by: the trap that ends it, None when there is none.
        value: 0 for no alert, 1 for a warning, 2 for a critical one.
        item: the object whose value tells one thing from another, None for one alert of each target.
        ends_after_s: seconds without another one after which it is over; 0 for never.
        target: selector.
    """

    raised_by: Oid
    ended_by: Oid | None = None
    value: float = 1.0
    item: Oid | None = None
    ends_after_s: float = 0.0
    target: str = "*"

    @property
    def name(self) -> str:
        """What the item of its series begins with."""
        return oid_name(self.raised_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrapReading:
    """What a trap says of a series.

    Attributes:
        key: which one; its item is cleaned.
        at: epoch seconds.
        value: see `TrapRule`.
        ends_at: when it is over by itself, epoch seconds; 0 for never.
    """

    key: SeriesKey
    at: float
    value: float
    ends_at: float = 0.0


SHIPPED: Sequence[TrapRule] = (
    TrapRule(raised_by=_COLD, ends_after_s=3600.0),
    TrapRule(raised_by=_WARM, ends_after_s=3600.0),
    TrapRule(raised_by=NAMES["authenticationFailure"], ends_after_s=900.0),
    TrapRule(raised_by=NAMES["upsTrapOnBattery"], value=2.0, ends_after_s=300.0),  # sent each minute (RFC 1628)
)
"""Beside linkDown and linkUp, see `readings`."""


def trap_rules(settings: Sequence[SnmpTrapAlertSetting]) -> Sequence[TrapRule]:
    """Return every rule in the order in which they are tried. Selectors are not checked here.

    Raises:
        BadSetting: one of them cannot be used.
    """
    return [*(_rule(setting, number) for number, setting in enumerate(settings, 1)), *SHIPPED]


def _rule(setting: SnmpTrapAlertSetting, number: int) -> TrapRule:
    place = f"[[snmp.trap_alert]] number {number}"
    try:
        raised_by = parse_oid(setting.trap)
        ended_by = parse_oid(setting.ends_with) if setting.ends_with else None
        item = parse_oid(setting.item) if setting.item else None
    except BadInput as error:
        raise BadSetting(f"{place}: {error.what}", why=error.why, next_step=error.next_step) from error
    if ended_by is None and not setting.ends_after_s:
        raise BadSetting(
            f"{place} ({setting.trap}): nothing would ever end its alert.",
            next_step="Give ends_with, the trap that ends it, or ends_after_s.",
        )
    return TrapRule(
        raised_by=raised_by, ended_by=ended_by, value=_SEVERITIES[setting.severity], item=item,
        ends_after_s=setting.ends_after_s, target=setting.target,
    )  # fmt: skip


def is_link(trap: Oid) -> bool:
    """Return whether a trap tells of a link that went down or came up."""
    return trap in (_DOWN, _UP)


def is_start(trap: Oid) -> bool:
    """Return whether a trap says that its sender began anew: interfaces may have other numbers now."""
    return trap in (_COLD, _WARM)


def interface(trap: ArrivedTrap) -> tuple[int, str]:
    """Return number and name of the interface that a trap is about: (0, "") where it does not say."""
    number, name = 0, ""
    for binding in trap.bindings:
        column, row = split_name(binding.oid)
        if column == "ifIndex" and binding.value.number:
            number = binding.value.number
        elif column.startswith("if") and len(row) == 1:
            number = number or row[0]
        if column in ("ifName", "ifDescr") and binding.value.text and (not name or column == "ifName"):
            name = binding.value.text
    return number, name


Names = Mapping[tuple[str, int], str]
"""Names of interfaces by target and number, as the agents told them."""


def readings(
    trap: ArrivedTrap, rules: Sequence[TrapRule], *, chooses: Callable[[str, str], bool], names: Names
) -> Sequence[TrapReading]:
    """Return what a trap says of series: nothing for most traps.

    Args:
        trap: what arrived.
        rules: in the order in which they are tried.
        chooses: whether a selector chooses a target, by name.
        names: of interfaces that the trap names by number only.
    """
    for rule in rules:
        if trap.trap in (rule.raised_by, rule.ended_by) and chooses(rule.target, trap.target):
            if not rule.value:
                return []
            key = SeriesKey(trap.target, SNMP_TRAP, _item(rule, trap.bindings))
            if trap.trap == rule.ended_by:
                return [TrapReading(key=key, at=trap.at, value=0.0)]
            ends_at = trap.at + rule.ends_after_s if rule.ends_after_s else 0.0
            return [TrapReading(key=key, at=trap.at, value=rule.value, ends_at=ends_at)]
    return _link(trap, names) if is_link(trap.trap) else []


def _link(trap: ArrivedTrap, names: Names) -> Sequence[TrapReading]:
    number, told = interface(trap)
    plain = f"#{number}" if number else ""
    name = clean_line(told or names.get((trap.target, number), ""), limit=ITEM_LIMIT)
    is_down = trap.trap == _DOWN
    # a link that came up may have gone down while its name was not known
    items = [name or plain] if is_down else [item for item in (name, plain) if item] or [""]
    return [
        TrapReading(key=SeriesKey(trap.target, LINK_DOWN, item), at=trap.at, value=float(is_down)) for item in items
    ]


def _item(rule: TrapRule, bindings: Sequence[Binding]) -> str:
    for binding in bindings:
        if rule.item is not None and binding.oid[: len(rule.item)] == rule.item:
            return f"{rule.name} {clean_line(value_words(binding), limit=ITEM_LIMIT)}"
    return rule.name


def ends_at(key: SeriesKey, last_seen: float, rules: Sequence[TrapRule]) -> float:
    """Return when an open alert of `snmp.trap` that is older than this process is over; 0 for never.

    Without a rule for it any more it is over: `last_seen` then.
    """
    for rule in rules:
        if key.item == rule.name or key.item.startswith(f"{rule.name} "):
            return last_seen + rule.ends_after_s if rule.ends_after_s else 0.0
    return last_seen
