"""The steps of a plan: what is looked at around each, and the plan that takes a plan back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from opsterm.changes.change import Change
from opsterm.changes.verification import Verification, parse_check, require_numbers
from opsterm.changes.way_back.prepared import restoring, step_ways
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask
from opsterm.policy.order import RESTORE, Order, RunAs
from opsterm.policy.plan_order import MOST_STEPS, TITLE_LENGTH, PlanOrder, PlanStep, parse_plan
from opsterm.policy.restoring import Stored
from opsterm.policy.way_back import Coverage, ThingKind, WayBack, in_order

_COMMAND_SHOWN = 60


def require_checks(plan: PlanOrder) -> None:
    """Check the checks of a plan. Raises BadInput or Refused, as `parse_check`."""
    for step in plan.steps:
        before_of(step)
        require_numbers(after_of(step))


def before_of(step: PlanStep) -> Verification:
    """Return what has to hold before a step begins; it is looked at once."""
    return Verification(checks=tuple(map(parse_check, step.before)), tries=1, within_s=step.within_s)


def after_of(step: PlanStep) -> Verification:
    """Return what has to hold once a step has ended well."""
    return Verification(checks=tuple(map(parse_check, step.verify)), tries=step.tries, within_s=step.within_s)


UNITS = MOST_STEPS + 1
"""Number under which the units that a plan touches are kept, before its first step; behind that of any step.

With them goes what is done again once files are as they were, and whether containers run.

They are put back last: what runs has to read again what all the steps have changed. Step by step in reverse, a service
would be reloaded before the file that an earlier step wrote is back.
"""

_LAST = (ThingKind.AGAIN, ThingKind.UNIT, ThingKind.CONTAINER)


def kept_ways(plan: PlanOrder, how: RunAs) -> Mapping[int, WayBack]:
    """Return what is kept before each step, by its number, without units; these stand under UNITS.

    Args:
        plan: any.
        how: as whom its steps run.
    """
    ways = step_ways(plan, how)
    units = in_order([thing for way in ways for thing in way.things if thing.kind in _LAST])
    found = {
        number: replace(way, things=tuple(thing for thing in way.things if thing.kind not in _LAST))
        for number, way in enumerate(ways, 1)
    }
    return found | ({UNITS: WayBack(coverage=Coverage.INVERSE, things=units, become=ways[0].become)} if units else {})


def undoing(
    change: Change, *, insist: bool = False, stored: Mapping[int, Sequence[Stored]] = MappingProxyType({})
) -> tuple[PlanStep, ...]:
    """Return the steps that take a plan back: those of the plan in reverse that leave something, then its units.

    Args:
        change: one whose order is a plan.
        insist: whether what somebody else has changed since is put back, too.
        stored: copies on this host, by the step, for targets that have lost theirs.
    """
    plan = parse_plan(change.order.command)
    ways = kept_ways(plan, change.order.run_as)
    found = []
    for number in [*range(len(plan.steps), 0, -1), *[UNITS] * (UNITS in ways)]:
        step = plan.steps[number - 1] if number != UNITS else None
        title = f"take back step {number}, {step.title}" if step is not None else "put the units back"
        title = title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"
        undoes = (change.id, number)
        if step is not None and step.inverse:
            found.append(PlanStep(title=title, command=step.inverse, undoes=undoes))
        elif ways[number].things:
            copies = stored.get(number, ())
            text = restoring(change, ways[number], step=number, insist=insist, stored=copies).text()
            found.append(PlanStep(title=title, command=text, shell=RESTORE, undoes=undoes))
    return tuple(found)


def step_lines(order: Order) -> Sequence[str]:
    """Return each step of a plan in one line: "2 reload nginx: systemctl reload nginx; then unit:nginx active".

    Raises:
        BadInput: it is no plan.
    """
    return [_line(number, step) for number, step in enumerate(parse_plan(order.command).steps, 1)]


def _line(number: int, step: PlanStep) -> str:
    first, *more = mask(step.command)[0].strip().split("\n")
    shown = clean_line(first)
    shown = shown if len(shown) <= _COMMAND_SHOWN else shown[: _COMMAND_SHOWN - 1] + "…"
    parts = [f"{number} {step.title}"]
    if step.before:
        parts.append(f"if {', '.join(step.before)}")
    if step.undoes is None or step.shell != RESTORE:
        parts.append(shown + (f" (+{len(more)} lines)" if more else ""))
    if step.verify:
        parts.append(f"then {', '.join(step.verify)}")
    return "; ".join(parts)
