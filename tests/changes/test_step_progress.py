"""How far a running change is on each of its targets, in a line each."""

from __future__ import annotations

from dataclasses import replace

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.changes.events import ChangeStepEnded, ChangeStepRolledBack, ChangeStepStarted
from opsterm.changes.plan_steps import UNITS
from opsterm.changes.step_progress import SHOWN, running_lines, steps_now
from opsterm.policy.order import PLAN
from opsterm.policy.plan_order import PlanOrder, PlanStep
from tests.changes.samples import NOW, proposed

STEPS = PlanOrder(steps=tuple(PlanStep(title=title, command="true") for title in ("write", "reload", "look")))


def running(*names: str, plan: bool = True) -> Change:
    change = proposed(*names)
    order = replace(change.order, shell=PLAN, command=STEPS.text()) if plan else change.order
    outcomes = tuple(
        Outcome(target=name, state=OutcomeState.RUNNING, started_at=NOW + number) for number, name in enumerate(names)
    )
    return replace(change, order=order, state=ChangeState.RUNNING, outcomes=outcomes)


def started(target: str, step: int, title: str) -> ChangeStepStarted:
    return ChangeStepStarted(change=18, target=target, step=step, title=title)


def test_the_newest_step_of_each_target_is_told() -> None:
    change = running("a", "b", "c", "d")
    told = [
        started("a", UNITS, "units"), started("a", 1, "write"), started("b", 1, "write"), started("a", 2, "reload"),
        ChangeStepEnded(change=18, target="b", step=1, state="failed", exit_status=1, message=""),
        ChangeStepRolledBack(change=18, target="c", step=UNITS, by_change=18, equal=True),
    ]  # fmt: skip
    assert steps_now(change, told) == {
        "a": "step 2 of 3, reload", "b": "step 1 of 3 failed", "c": "the units taken back"
    }  # fmt: skip
    assert running_lines(change, steps_now(change, told), NOW + 50)[:2] == [
        "a: step 2 of 3, reload · 50 s", "b: step 1 of 3 failed · 49 s"
    ]  # fmt: skip
    assert steps_now(running("a", plan=False), told) == {}


def test_of_many_targets_the_first_are_told_and_the_rest_counted() -> None:
    change = running(*(f"web-{number:02}" for number in range(40)))
    steps = {f"web-{number:02}": f"step {1 + number % 2} of 3, x" for number in range(40)}
    lines = running_lines(change, steps, NOW + 60)
    assert len(lines) == SHOWN + 2
    assert lines[-2:] == ["17 more: step 1 of 3, x", "17 more: step 2 of 3, x"]


def test_nothing_is_told_of_what_does_not_run() -> None:
    assert running_lines(proposed("a"), {}, NOW) == []
