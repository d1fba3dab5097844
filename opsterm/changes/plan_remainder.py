"""What of a plan is still to be done: by target and step, as the journal has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from opsterm.changes.change import OutcomeState
from opsterm.changes.events import ChangeStepEnded, ChangeStepRolledBack, ChangeStepStarted
from opsterm.core.errors import BadInput
from opsterm.core.events import Event
from opsterm.inventory.folding import fold, natural_key
from opsterm.policy.plan_order import PlanOrder, PlanStep

STEP_EVENTS = (ChangeStepStarted, ChangeStepEnded, ChangeStepRolledBack)
"""What says of a plan how far it is on a target."""


def steps_done(told: Iterable[Event]) -> Mapping[str, frozenset[int]]:
    """Return by target the numbers of the steps that ended well there and were not taken back.

    A step of which nobody saw the end is not done: it is begun again.

    Args:
        told: what the journal has of a plan, oldest first.
    """
    done: dict[str, set[int]] = {}
    for event in told:
        if not isinstance(event, STEP_EVENTS):
            continue
        found = done.setdefault(event.target, set())
        if isinstance(event, ChangeStepEnded) and event.state == OutcomeState.DONE:
            found.add(event.step)
        else:
            found.discard(event.step)
    return {target: frozenset(found) for target, found in done.items()}


def remainder(
    plan: PlanOrder, names: Sequence[str], chosen: Collection[str], done: Mapping[str, Collection[int]], *, name: str
) -> PlanOrder:  # fmt: skip
    """Return what of a plan is still to be done on some of its targets.

    Args:
        plan: as it was approved.
        names: of all its targets.
        chosen: the targets on which it is gone on with.
        done: by target the numbers of the steps that are done there.
        name: of its change, as in "c18".

    Returns:
        The steps, each with its targets.

    Raises:
        BadInput: nothing is left, or a step before one of them is not done on a target that is left out.
    """
    steps: list[PlanStep] = []
    skipped = ""
    begins = True  # whether nothing is left of the steps that this one is joined to
    for number, step in enumerate(plan.steps, 1):
        begins = begins or not step.joined
        undone = [one for one in names if (not step.on or one in step.on) and number not in done.get(one, ())]
        left = [one for one in undone if one in chosen]
        if left and skipped and plan.across:
            raise BadInput(
                f"{skipped}, and comes before what is left of {fold(left)}.",
                next_step=f"Go on with all of it: opsterm resume {name} all",
            )
        if len(left) < len(undone):
            skipped = skipped or f"Step {number}, {step.title}, is not done on {fold(set(undone) - set(left))}"
        if left:
            on = tuple(sorted(left, key=natural_key))
            steps.append(replace(step, on=on, joined=bool(steps) and not begins))
            begins = False
    if not steps:
        raise BadInput(
            f"Every step of {name} is done on {fold(chosen)}.",
            why="What is not well there was seen after the last step.",
            next_step=f"See it: opsterm change {name}. Do all of it once more: opsterm resume {name} --again",
        )
    return PlanOrder(steps=tuple(steps), across=plan.across)


def everywhere(plan: PlanOrder) -> PlanOrder:
    """Return a plan in which a step that is for all of its targets does not name them, and no order is said in vain."""
    names = {one for step in plan.steps for one in step.on}
    across = plan.across and not all(step.joined for step in plan.steps[1:])
    steps = tuple(
        replace(step, on=() if set(step.on) == names else step.on, joined=step.joined and across) for step in plan.steps
    )
    return PlanOrder(steps=steps, across=across)


def names_of(plan: PlanOrder) -> tuple[str, ...]:
    """Return the targets that the steps of a plan name, in natural order; () where each is for all."""
    return tuple(sorted({one for step in plan.steps for one in step.on}, key=natural_key))
