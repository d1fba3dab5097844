"""What happened on this site before that is like what is asked: alerts that ended, changes that ran."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from opsterm.changes.change import Change
from opsterm.knowledge.terms import terms_of
from opsterm.monitoring.alerts import Alert
from opsterm.policy.level import RiskLevel

SHOWN = 3
ENOUGH = 0.35
"""Share of the words of what happened that have to be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that happened.

    Attributes:
        name: as in "a7" or "c18".
        at: when, epoch seconds.
        target: where; of a change its selector.
        what: one line.
        ended: how it ended.
    """

    name: str
    at: float
    target: str
    what: str
    ended: str


def like(
    words: str, alerts: Iterable[Alert], changes: Iterable[Change], *, targets: Collection[str] = ()
) -> Sequence[Incident]:
    """Return what is most like some words, first where it was on the same targets, then the newest.

    Args:
        words: a symptom or an error.
        alerts: any; those that are still open are left out.
        changes: any; those that have not ended, or only read, are left out.
        targets: names of those that are spoken of.
    """
    asked = frozenset(terms_of(words))
    found: list[tuple[float, Incident]] = []
    for alert in alerts:
        if alert.resolved_at:
            said = f"{alert.summary} {alert.key.metric}"
            lasted = max(0.0, alert.resolved_at - alert.since)
            incident = Incident(
                name=alert.name, at=alert.since, target=alert.key.target, what=alert.summary,
                ended=f"ended after {round(lasted / 60)} min",
            )  # fmt: skip
            found.append((_likeness(asked, said, alert.key.target in targets), incident))
    for change in changes:
        if change.ended_at and change.started_at and change.risk.level is not RiskLevel.READ:
            there = any(outcome.target in targets for outcome in change.outcomes)
            incident = Incident(
                name=change.name, at=change.started_at, target=change.selector, what=change.order.command,
                ended=str(change.state),
            )  # fmt: skip
            found.append((_likeness(asked, f"{change.order.command} {change.reason}", there), incident))
    near = sorted((one for one in found if one[0] >= ENOUGH), key=lambda one: (-one[0], -one[1].at))
    return [incident for _, incident in near[:SHOWN]]


def _likeness(asked: frozenset[str], said: str, same: bool) -> float:  # noqa: FBT001 (one of three traits)
    words = frozenset(terms_of(said))
    shared = len(asked & words)
    if shared < (1 if same else 2):
        return 0.0
    return shared / math.sqrt(max(1, len(words)) * max(1, len(asked))) + (0.2 if same else 0.0)
