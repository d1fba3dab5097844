"""What each step of a plan is by itself: over what, where, how bad, what rules say of it, and how it is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from opsterm.changes.plan_steps import step_words
from opsterm.changes.way_back.prepared import step_ways
from opsterm.core.text import clean_line
from opsterm.inventory.folding import fold
from opsterm.policy.compliance.review import verdict_lines
from opsterm.policy.level import RiskLevel
from opsterm.policy.mask import mask
from opsterm.policy.order import HTTP, VAPIX, WATCH, Order
from opsterm.policy.plan_order import PlanStep, about_step, parse_plan
from opsterm.policy.way_back import WayBack
from opsterm.runtime.assessments import Assessments

SHOWN = 200
_OVER: Mapping[str, str] = {HTTP: "HTTP API", VAPIX: "VAPIX", WATCH: "opsterm itself"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutline:
    """One step. All texts are clean, and masked.

    Attributes:
        step: its number.
        title: what it is for.
        over: what carries it: "ssh", "local", "VAPIX", "HTTP API", "opsterm itself"; several with "and".
        targets: folded.
        does: its first line.
        risk: its own grade.
        reason: the first sentence of that.
        rules: what rules say of it.
        back: how it is taken back, and what is not.
        verify: checks after it, "" for none.
    """

    step: int
    title: str
    over: str
    targets: str
    does: str
    risk: RiskLevel
    reason: str
    rules: str
    back: str
    verify: str


async def outline(
    order: Order, assessments: Assessments, *, reason: str, told: Sequence[str] = ()
) -> Sequence[StepOutline]:  # fmt: skip
    """Return the steps of a plan.

    Args:
        order: one whose command is a plan.
        assessments: say what is thought of each.
        reason: why, which may name a ticket.
        told: whole sentences that were said of the whole; those about a step count where that is graded.

    Raises:
        BadInput: it is no plan, or a target is not in the inventory.
    """
    plan = parse_plan(order.command)
    ways = step_ways(plan, order.run_as)
    found: list[StepOutline] = []
    for number, (step, way) in enumerate(zip(plan.steps, ways, strict=True), 1):
        targets = [one for one in order.targets if not step.on or one.name in step.on]
        where = await assessments.whereabouts(" or ".join(one.name for one in targets))
        begin = about_step(number)
        own = [one.removeprefix(begin) for one in told if one.startswith(begin)]
        judge = partial(
            assessments.assess, step.command, shell=step.shell, where=where, reason=reason, how=order.run_as
        )  # fmt: skip
        said = await judge()
        if step.shell == HTTP and (doubts := [one for one in own if one not in said.reasons]):
            said = await judge(warnings=doubts)
        protocols = sorted({one.protocol for one in targets})
        first, *more = mask(step_words(step))[0].strip().split("\n")
        found.append(
            StepOutline(
                step=number, title=step.title, over=_OVER.get(step.shell) or " and ".join(protocols),
                targets=fold([one.name for one in targets]),
                does=clean_line(first, limit=SHOWN) + (f" (+{len(more)} lines)" if more else ""), risk=said.level,
                reason=mask(said.reasons[0])[0], rules="; ".join(verdict_lines(said.review)), back=_back(step, way),
                verify=mask(", ".join(step.verify))[0],
            )
        )  # fmt: skip
    return found


def _back(step: PlanStep, way: WayBack) -> str:
    if step.shell == VAPIX:
        return f"{way.coverage}: the configuration of now is set again, unless somebody else has changed it"
    if not way.leads_back:
        return " ".join([f"{way.coverage}.", *way.gaps]) if way.gaps else str(way.coverage)
    kept = [*(clean_line(text, limit=SHOWN) for text in way.own), *map(str, way.things)]
    return mask(f"{way.coverage}: {', '.join(kept)}{' · not covered: ' * bool(way.gaps)}{' '.join(way.gaps)}")[0]
