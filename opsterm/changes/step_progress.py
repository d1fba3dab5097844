"""How far the targets of a running change are: of a plan which step, of any the time since it began there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from opsterm.changes.change import Change, OutcomeState
from opsterm.changes.events import ChangeStepEnded, ChangeStepRolledBack, ChangeStepStarted
from opsterm.changes.plan_steps import UNITS
from opsterm.core.errors import BadInput
from opsterm.core.events import Event
from opsterm.core.text import clean_line
from opsterm.core.units import age_text
from opsterm.policy.order import PLAN
from opsterm.policy.plan_order import parse_plan

SHOWN = 6
"""Targets of which each has a line of its own; the others are counted."""


def steps_now(change: Change, told: Iterable[Event]) -> Mapping[str, str]:
    """Return by target what its newest step is: "step 2 of 3, reload nginx".

    Args:
        change: any change; of one that is no plan nothing is returned.
        told: what the journal has of it, oldest first.
    """
    if change.order.shell != PLAN:
        return {}
    try:
        steps = parse_plan(change.order.command).steps
    except BadInput:
        return {}
    found: dict[str, str] = {}
    for event in told:
        if isinstance(event, ChangeStepStarted) and event.step != UNITS:
            found[event.target] = f"step {event.step} of {len(steps)}, {clean_line(event.title)}"
        elif isinstance(event, ChangeStepEnded) and event.state != OutcomeState.DONE:
            found[event.target] = f"step {event.step} of {len(steps)} {event.state}"
        elif isinstance(event, ChangeStepRolledBack):
            found[event.target] = f"{'the units' if event.step == UNITS else f'step {event.step}'} taken back"
    return found


def running_lines(change: Change, steps: Mapping[str, str], now: float) -> Sequence[str]:
    """Return a line for each target at work, those that began first at the top: "web-1: step 2 of 3, reload · 12 s".

    Args:
        change: any change.
        steps: as of `steps_now`.
        now: epoch seconds.
    """
    at_work = sorted(
        (one for one in change.outcomes if one.state is OutcomeState.RUNNING),
        key=lambda one: (one.started_at, one.target),
    )
    lines = [
        f"{one.target}: {steps.get(one.target) or 'at work'} · {age_text(max(0.0, now - one.started_at))}"
        for one in at_work[:SHOWN]
    ]
    more = Counter(steps.get(one.target) or "at work" for one in at_work[SHOWN:])
    return [*lines, *(f"{count} more: {said}" for said, count in more.most_common(SHOWN))]
