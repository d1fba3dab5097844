"""A wish to acknowledge, silence or reopen alerts: which ones, and until when. It is said back before it is done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.assistant.intents.names import Intent
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.target import TargetRow
from opsterm.monitoring.alerts import Alert, AlertState

LONGEST_S = 90 * 86400.0
"""A silence ends after so many seconds at most."""


class AlertVerb(StrEnum):
    """What is to be done with alerts; the words of `opsterm alerts`."""

    ACKNOWLEDGE = "ack"
    SILENCE = "silence"
    REOPEN = "reopen"


_FROM = {
    AlertVerb.ACKNOWLEDGE: (AlertState.FIRING,),
    AlertVerb.SILENCE: (AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SILENCED),
    AlertVerb.REOPEN: (AlertState.ACKNOWLEDGED, AlertState.SILENCED),
}
"""States in which an alert can be treated so."""

_LINE = re.compile(
    r"(ack|silence|reopen) alerts(?: (a\d{1,15}(?:,a\d{1,15})*))?(?: about ([a-z]+(?:,[a-z]+)*)(?:\[([^\]\s]+)\])?)?"
    r"(?: (critical|warning))?(?: on (.+?))?(?: for (\d{1,6})m)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertOrder:
    """A wish to change the state of alerts.

    Attributes:
        verb: what is to be done.
        numbers: of alerts that were named; () for those that the rest chooses.
        families: first words of their metrics, as in "fs"; () for any.
        item: of their series, as in "/var"; "" for any.
        severity: "critical", "warning" or "" for both.
        selector: canonical selector of their targets, "" for all.
        for_min: minutes that a silence lasts, 0 for the other verbs.
    """

    intent = Intent.ALERT
    verb: AlertVerb
    numbers: tuple[int, ...] = ()
    families: tuple[str, ...] = ()
    item: str = ""
    severity: str = ""
    selector: str = ""
    for_min: int = 0

    @property
    def line(self) -> str:
        """The canonical line."""
        about = f" about {','.join(self.families)}{f'[{self.item}]' if self.item else ''}" if self.families else ""
        return "".join((
            f"{self.verb} alerts", f" {','.join(f'a{n}' for n in self.numbers)}" if self.numbers else "", about,
            f" {self.severity}" if self.severity else "", f" on {self.selector}" if self.selector else "",
            f" for {self.for_min}m" if self.for_min else "",
        ))  # fmt: skip


def read_alert_line(line: str) -> AlertOrder | None:
    """Return the order of a canonical line, its selector as written; None when it is none."""
    match = _LINE.fullmatch(line)
    if match is None or bool(match[7]) != (match[1] == AlertVerb.SILENCE):
        return None
    if match[7] and not 1 <= int(match[7]) <= LONGEST_S / 60:
        return None
    return AlertOrder(
        verb=AlertVerb(match[1]), numbers=tuple(int(one[1:]) for one in match[2].split(",")) if match[2] else (),
        families=tuple(match[3].split(",")) if match[3] else (), item=match[4] or "", severity=match[5] or "",
        selector=match[6] or "", for_min=int(match[7] or 0),
    )  # fmt: skip


def meant_alerts(
    order: AlertOrder, alerts: Sequence[Alert], rows: Sequence[TargetRow]
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """Return (the alerts that an order is for, those that it names and cannot change).

    Args:
        order: what was asked.
        alerts: open ones.
        rows: every target; an alert whose target is gone is found only without a selector.
    """
    selector = parse_selector(order.selector)
    names = None if selector.is_everything else {row.target.name for row in selector.select(rows)}
    meant = [
        one for one in alerts
        if one.is_open and one.id
        and (not order.numbers or one.id in order.numbers)
        and (not order.families or one.key.metric.partition(".")[0] in order.families)
        and order.item in ("", one.key.item)
        and order.severity in ("", one.severity.value)
        and (names is None or one.key.target in names)
    ]  # fmt: skip
    can = tuple(one for one in meant if one.state in _FROM[order.verb])
    return can, tuple(one for one in meant if one not in can)


def command_for(order: AlertOrder, alerts: Sequence[Alert]) -> str:
    """Return the command line that does it."""
    names = " ".join(one.name for one in alerts)
    return f"opsterm alerts {order.verb} {names}{f' --for {order.for_min}m' if order.for_min else ''}"
