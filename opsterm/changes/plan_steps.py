"""The steps of a plan: what is looked at around each, and the plan that takes a plan back."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.changes.change import Change
from opsterm.changes.verification import Verification, parse_check, require_numbers
from opsterm.changes.way_back.prepared import restoring, step_ways
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask
from opsterm.policy.order import RESTORE, Order
from opsterm.policy.plan_order import TITLE_LENGTH, PlanOrder, PlanStep, parse_plan
from opsterm.policy.way_back import WayBack

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


def undoing(change: Change, *, insist: bool = False) -> tuple[PlanStep, ...]:
    """Return the steps that take a plan back: those of the plan in reverse, without those that leave nothing behind.

    Args:
        change: one whose order is a plan.
        insist: whether what somebody else has changed since is put back, too.
    """
    plan = parse_plan(change.order.command)
    ways = step_ways(plan, change.order.run_as)
    pairs = zip(plan.steps, ways, strict=True)
    found = [_undo(change, number, step, way, insist=insist) for number, (step, way) in enumerate(pairs, 1)]
    return tuple(step for step in reversed(found) if step is not None)


def _undo(change: Change, number: int, step: PlanStep, way: WayBack, *, insist: bool) -> PlanStep | None:
    title = f"take back step {number}, {step.title}"
    title = title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"
    undoes = (change.id, number)
    if step.inverse:
        return PlanStep(title=title, command=step.inverse, undoes=undoes)
    if not way.things:
        return None
    text = restoring(change, way, step=number, insist=insist).text()
    return PlanStep(title=title, command=text, shell=RESTORE, undoes=undoes)


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
