"""Where the steps of a plan run, and in which order across targets.

A phase is steps that are gone over together: each of its targets does all of them. A plan whose order is kept across
targets may have several; any other has one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.inventory.folding import fold
from opsterm.policy.order import PLAN, Order
from opsterm.policy.plan_order import PlanOrder, parse_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPhase:
    """A part of a change, done on all of its targets before the next part begins.

    Attributes:
        names: of its targets, in the order in which they are worked on.
        steps: numbers of its steps; () for an order that is no plan.
        final: names of targets that have no further part.
    """

    names: tuple[str, ...]
    steps: tuple[int, ...] = ()
    final: frozenset[str]

    @property
    def is_last(self) -> bool:
        """Whether no further part follows it anywhere."""
        return set(self.names) <= self.final


def phases_of(order: Order) -> tuple[PlanPhase, ...]:
    """Return the parts of an order in their order.

    Raises:
        BadInput: it is said to be a plan, and is none.
    """
    names = tuple(target.name for target in order.targets)
    plan = parse_plan(order.command) if order.shell == PLAN else None
    if plan is None or not plan.across:
        steps = tuple(range(1, len(plan.steps) + 1)) if plan is not None else ()
        return (PlanPhase(names=names, steps=steps, final=frozenset(names)),)
    return across_targets(plan, names)


def across_targets(plan: PlanOrder, names: Sequence[str]) -> tuple[PlanPhase, ...]:
    """Return the phases of a plan whose order is kept across targets.

    Args:
        plan: any.
        names: of its targets, in the order in which they are worked on.
    """
    groups: list[list[int]] = []
    for number, step in enumerate(plan.steps, 1):
        if step.joined and groups:
            groups[-1].append(number)
        else:
            groups.append([number])
    there = {name: plan.steps_on(name) for name in names}
    found = [(tuple(name for name in names if {*steps} & {*there[name]}), steps) for steps in groups]
    parts = [(places, steps) for places, steps in found if places]
    last = {name: place for place, (places, _) in enumerate(parts) for name in places}
    return tuple(
        PlanPhase(
            names=places, steps=tuple(steps), final=frozenset(name for name in places if last[name] == place)
        )
        for place, (places, steps) in enumerate(parts)
    )  # fmt: skip


def is_across(order: Order) -> bool:
    """Return whether an order is a plan whose order is kept across targets."""
    return order.shell == PLAN and parse_plan(order.command).across


def require_places(plan: PlanOrder, names: Collection[str]) -> None:
    """Check that the steps of a plan run on the targets of its order, and on each of them something does.

    Raises:
        BadInput: a step names another target, or a target has no step.
    """
    known = set(names)
    for number, step in enumerate(plan.steps, 1):
        if others := set(step.on) - known:
            raise BadInput(
                f"Step {number} is for {fold(others)}, which is no target of the plan.",
                next_step="Propose the plan again.",
            )
    idle = [name for name in names if not plan.steps_on(name)]
    if idle:
        raise BadInput(f"No step of the plan is for {fold(idle)}.", next_step="Leave it away, or give it a step.")
