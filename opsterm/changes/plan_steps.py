"""The steps of a plan: what is looked at around each, and the plan that takes a plan back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from opsterm.changes.change import Change
from opsterm.changes.plan_phases import PlanPhase
from opsterm.changes.plan_remainder import everywhere
from opsterm.changes.verification import (
    Verification,
    fits,
    parse_check,
    require_numbers,
    verification_of,
)
from opsterm.changes.way_back.prepared import restoring, step_ways
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.inventory.folding import fold, natural_key
from opsterm.policy.camera_order import parse_camera_order
from opsterm.policy.mask import mask
from opsterm.policy.order import HTTP, RESTORE, STEPS_OF_PROTOCOL, VAPIX, Order, OrderTarget, RunAs
from opsterm.policy.plan_order import MOST_STEPS, TITLE_LENGTH, PlanOrder, PlanStep, parse_plan
from opsterm.policy.restoring import Stored
from opsterm.policy.way_back import Coverage, ThingKind, WayBack, in_order

_COMMAND_SHOWN = 60


def require_checks(plan: PlanOrder) -> None:
    """Check the checks of a plan. Raises BadInput or Refused, as `parse_check`."""
    for step in plan.steps:
        before_of(step)
        require_numbers(after_of(step))


def require_transports(plan: PlanOrder, targets: Sequence[OrderTarget]) -> None:
    """Check that each step can be carried out, and looked at, on each of its targets.

    Raises:
        BadInput: a target is reached in another way than the step needs; it names both.
    """
    for number, step in enumerate(plan.steps, 1):
        looked = (*before_of(step).checks, *after_of(step).checks)
        for target in targets:
            if step.on and target.name not in step.on:
                continue
            if step.shell not in STEPS_OF_PROTOCOL.get(target.protocol, ()):
                raise BadInput(
                    f"Step {number}, {step.title}, cannot be done on {target.name}: it is reached over "
                    f"{target.protocol}, and the step is for {step.shell}.",
                    next_step="Give the step other targets by on.",
                )
            strange = sorted(check.kind for check in looked if not fits(check, target.protocol))
            if strange:
                raise BadInput(
                    f"Step {number}, {step.title}, cannot be looked at on {target.name} by {strange[0]}.",
                    why=f"It is reached over {target.protocol}.",
                    next_step="Anywhere there is reach:; snmp: is for agents, camera: for cameras over http.",
                )


def before_of(step: PlanStep) -> Verification:
    """Return what has to hold before a step begins; it is looked at once."""
    return Verification(checks=tuple(map(parse_check, step.before)), tries=1, within_s=step.within_s)


def after_of(step: PlanStep) -> Verification:
    """Return what has to hold once a step has ended well."""
    return Verification(checks=tuple(map(parse_check, step.verify)), tries=step.tries, within_s=step.within_s)


def repeated(order: Order, phase: PlanPhase) -> Verification:
    """Return what is looked at again while a rollout waits: what is verified of the whole, and after the last step.

    What had to hold after an earlier step need not hold any more: a step may stop what the next one starts.

    Args:
        order: any.
        phase: that part of it that waits; the whole is verified behind the last.

    Raises:
        BadInput, Refused: as `verification_of`.
    """
    whole = verification_of(order)
    of_whole = whole.checks if phase.is_last else ()
    last = after_of(parse_plan(order.command).steps[phase.steps[-1] - 1]).checks if phase.steps else ()
    return replace(whole, checks=tuple(dict.fromkeys((*of_whole, *last))))


UNITS = MOST_STEPS + 1
"""Number under which the units that a plan touches are kept, before its first step; behind that of any step.

With them goes what is done again once files are as they were, and whether containers run.

They are put back last: what runs has to read again what all the steps have changed. Step by step in reverse, a service
would be reloaded before the file that an earlier step wrote is back.
"""

_LAST = (ThingKind.AGAIN, ThingKind.UNIT, ThingKind.CONTAINER)


def kept_ways(plan: PlanOrder, how: RunAs, target: str) -> Mapping[int, WayBack]:
    """Return what is kept on a target before each of its steps, by its number, without units; these stand under UNITS.

    Args:
        plan: any.
        how: as whom its steps run.
        target: its name.
    """
    there = plan.steps_on(target)
    ways = {number: way for number, way in enumerate(step_ways(plan, how), 1) if number in there}
    units = in_order([thing for way in ways.values() for thing in way.things if thing.kind in _LAST])
    found = {
        number: replace(way, things=tuple(thing for thing in way.things if thing.kind not in _LAST))
        for number, way in ways.items()
    }
    if not units:
        return found
    become = next(way.become for way in ways.values())
    return found | {UNITS: WayBack(coverage=Coverage.INVERSE, things=units, become=become)}


def undoing(
    change: Change, names: Sequence[str], *, insist: bool = False,
    stored: Mapping[int, Sequence[Stored]] = MappingProxyType({}),
) -> PlanOrder:  # fmt: skip
    """Return the plan that takes a plan back: its steps in reverse that leave something, then the units.

    Targets with other units have a step of their own for them. Where the order was kept across targets, it is kept in
    reverse as well.

    Args:
        change: one whose order is a plan.
        names: of the targets on which it is taken back.
        insist: whether what somebody else has changed since is put back, too.
        stored: copies on this host, by the step, for targets that have lost theirs.
    """
    plan = parse_plan(change.order.command)
    ways = {name: kept_ways(plan, change.order.run_as, name) for name in names}
    group_of = dict(zip(range(1, len(plan.steps) + 1), _groups(plan), strict=True))
    found: list[PlanStep] = []
    for number in [*range(len(plan.steps), 0, -1), UNITS]:
        inverse = plan.steps[number - 1].inverse if number != UNITS else ""
        base = PlanStep(title=_undoing_title(plan, number), command="", undoes=(change.id, number))
        places: dict[WayBack, list[str]] = {}
        for name in names:
            if number in ways[name] and (inverse or ways[name][number].things):
                places.setdefault(ways[name][number], []).append(name)
        for way, there in places.items():
            last = found[-1].undoes[1] if found and found[-1].undoes is not None else 0
            joined = plan.across and group_of.get(last, last) == group_of.get(number, number)
            base = replace(base, on=tuple(sorted(there, key=natural_key)), joined=joined)
            if inverse:
                shell = plan.steps[number - 1].inverse_shell
                found.append(replace(base, command=inverse, shell=shell))
            else:
                text = restoring(change, way, step=number, insist=insist, stored=stored.get(number, ())).text()
                found.append(replace(base, command=text, shell=RESTORE))
    return everywhere(PlanOrder(steps=tuple(found), across=plan.across))


def _groups(plan: PlanOrder) -> Iterator[int]:
    """Yield for each step a number that those share that are gone over together; none is that of a step."""
    group = 0
    for step in plan.steps:
        group -= not step.joined
        yield group


def _undoing_title(plan: PlanOrder, number: int) -> str:
    title = f"take back step {number}, {plan.steps[number - 1].title}" if number != UNITS else "put the units back"
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"


def step_lines(order: Order) -> Sequence[str]:
    """Return each step of a plan in one line: "2 reload nginx: systemctl reload nginx; then unit:nginx active".

    Raises:
        BadInput: it is no plan.
    """
    return [_line(number, step) for number, step in enumerate(parse_plan(order.command).steps, 1)]


def step_words(step: PlanStep) -> str:
    """Return what a step does as it is shown: its command; of the configuration of a camera which profiles it has."""
    if step.shell == VAPIX:
        return f"configure {parse_camera_order(step.command).in_words()}"
    return f"request {step.command}" if step.shell == HTTP else step.command


def _line(number: int, step: PlanStep) -> str:
    first, *more = mask(step_words(step))[0].strip().split("\n")
    shown = clean_line(first)
    shown = shown if len(shown) <= _COMMAND_SHOWN else shown[: _COMMAND_SHOWN - 1] + "…"
    parts = [f"{number} {step.title}{f' (on {fold(step.on)})' if step.on else ''}"]
    if step.before:
        parts.append(f"if {', '.join(step.before)}")
    if step.undoes is None or step.shell != RESTORE:
        parts.append(shown + (f" (+{len(more)} lines)" if more else ""))
    if step.verify:
        parts.append(f"then {', '.join(step.verify)}")
    return "; ".join(parts)
