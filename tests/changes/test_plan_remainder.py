"""A plan that stopped, whatever stopped it, is gone on with exactly where it is not done, in the order of its steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.changes.change import OutcomeState
from opsterm.changes.events import ChangeStepEnded, ChangeStepRolledBack, ChangeStepStarted
from opsterm.changes.plan_phases import PlanPhase, across_targets
from opsterm.changes.plan_remainder import everywhere, names_of, remainder, steps_done
from opsterm.core.errors import BadInput
from opsterm.core.events import Event
from opsterm.policy.plan_order import PlanOrder, PlanStep, parse_plan


@dataclass
class Hosts:
    """Hosts that do steps, of which any may fail, until it is done or whoever runs it is killed.

    Attributes:
        plan: as it was approved; its steps are told apart by their titles.
        names: of the hosts.
        random: decides who fails, and which host is next.
        ended: how often each step ended well on each host, seen by whoever ran it.
        order: what was begun, in its order: (host, title).
    """

    plan: PlanOrder
    names: list[str]
    random: Random
    ills: float
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    order: list[tuple[str, str]] = field(default_factory=list)

    def run(self, plan: PlanOrder, names: tuple[str, ...], left: int) -> list[Event]:
        """Run a plan on some of them; after `left` events nobody sees any more. Returns what the journal has of it."""
        told: list[Event] = []
        whole = PlanPhase(names=names, steps=tuple(range(1, len(plan.steps) + 1)), final=frozenset(names))
        for phase in across_targets(plan, names) if plan.across else (whole,):
            failed = False
            for name in self.random.sample(list(phase.names), len(phase.names)):
                for number, step in plan.steps_on(name).items():
                    if number not in phase.steps:
                        continue
                    if len(told) >= left:
                        return told
                    self._may_begin(name, step.title)
                    told.append(ChangeStepStarted(change=1, target=name, step=number, title=step.title))
                    well = self.random.random() >= self.ills
                    if len(told) >= left:
                        return told  # it may have been done there, and nobody has seen it
                    state = OutcomeState.DONE if well else OutcomeState.FAILED
                    told.append(
                        ChangeStepEnded(
                            change=1, target=name, step=number, state=state, exit_status=int(not well), message=""
                        )
                    )  # fmt: skip
                    if not well:
                        failed = True
                        break
                    self.ended[name, step.title] += 1
            if failed and plan.across:
                return told
        return told

    def _may_begin(self, name: str, title: str) -> None:
        """Look whether all that comes before a step is done, and it is not done itself."""
        self.order.append((name, title))
        assert not self.ended[name, title], "what is done is not done again"
        for step in self.plan.steps:
            if step.title == title:
                return
            places = step.on or self.names
            apart = self.plan.across and not self._together(step.title, title)
            before = places if apart else [one for one in places if one == name]
            assert all(self.ended[one, step.title] for one in before), "a step begins after all before it"

    def _together(self, first: str, second: str) -> bool:
        """Whether a step and a later one are gone over together."""
        titles = [step.title for step in self.plan.steps]
        return all(step.joined for step in self.plan.steps[titles.index(first) + 1 : titles.index(second) + 1])


@st.composite
def hosts(draw: st.DrawFn) -> Hosts:
    """Draw hosts, a plan over them, and how often something fails there."""
    names = [f"h{number:02}" for number in range(draw(st.integers(1, 12)))]
    places = st.lists(st.sampled_from(names), min_size=1, unique=True).map(lambda chosen: tuple(sorted(chosen)))
    steps = draw(st.lists(st.just(()) | places, min_size=1, max_size=6))
    across = draw(st.booleans())
    plan = PlanOrder(
        steps=tuple(
            PlanStep(title=f"s{at}", command="true", on=on, joined=across and at > 0 and draw(st.booleans()))
            for at, on in enumerate(steps)
        ),
        across=across,
    )
    random = Random(draw(st.integers(0, 2**32)))
    return Hosts(plan=plan, names=names, random=random, ills=draw(st.sampled_from((0.0, 0.1, 0.5))))


@given(hosts(), st.lists(st.integers(0, 60), max_size=6))
def test_what_is_resumed_is_exactly_what_is_not_done(hosts: Hosts, kills: list[int]) -> None:
    plan = hosts.plan
    names = names_of(plan) if all(step.on for step in plan.steps) else tuple(hosts.names)
    for left in [*kills, *[10_000] * 200]:
        done = steps_done(hosts.run(plan, names, left))
        hosts.ills = hosts.ills if left < 10_000 else hosts.ills / 2
        try:
            rest = remainder(plan, names, names, done, name="c1")
        except BadInput:
            break
        plan, names = everywhere(rest), names_of(rest)
        assert parse_plan(plan.text()) == plan, "what is gone on with can be approved"
    wanted = {(name, step.title) for step in hosts.plan.steps for name in (step.on or hosts.names)}
    assert dict(hosts.ended) == dict.fromkeys(wanted, 1)


TWO = ("web-1", "web-2")
PLAN = PlanOrder(
    steps=(
        PlanStep(title="move the data", command="true", on=("db-1",)),
        PlanStep(title="new code", command="true", on=TWO),
        PlanStep(title="let it in", command="true"),
    ),
    across=True,
)
NAMES = ("db-1", *TWO)


@pytest.mark.parametrize(
    ("chosen", "done", "left"),
    [
        (NAMES, {}, ["db-1", "web-1 web-2", ""]),
        (NAMES, {"db-1": {1}}, ["web-1 web-2", "db-1 web-1 web-2"]),
        (NAMES, {"db-1": {1}, "web-1": {2}}, ["web-2", "db-1 web-1 web-2"]),
        (NAMES, {"db-1": {1, 3}, "web-1": {2, 3}, "web-2": {2}}, ["web-2"]),
        (("web-2",), {"db-1": {1, 3}, "web-1": {2, 3}, "web-2": {2}}, ["web-2"]),
        (TWO, {"db-1": {1}}, ["web-1 web-2", "web-1 web-2"]),
    ],
)
def test_what_is_left(chosen: tuple[str, ...], done: Mapping[str, set[int]], left: list[str]) -> None:
    found = remainder(PLAN, NAMES, chosen, done, name="c7")
    assert [" ".join(step.on) for step in found.steps] == [one or " ".join(NAMES) for one in left]


@pytest.mark.parametrize(
    ("chosen", "done", "why"),
    [
        (TWO, {}, "Step 1, move the data, is not done on db-1, and comes before what is left of web-\\[1-2\\]"),
        (("web-2", "db-1"), {"db-1": {1}}, "Step 2, new code, is not done on web-1"),
        (("web-1",), {"web-1": {2, 3}}, "Every step of c7 is done on web-1"),
    ],
)
def test_a_step_is_not_gone_on_with_before_those_that_come_before_it(
    chosen: tuple[str, ...], done: Mapping[str, set[int]], why: str
) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        remainder(PLAN, NAMES, chosen, done, name="c7")
    assert "opsterm resume c7" in refused.value.next_step


def test_a_step_that_was_taken_back_or_of_which_nobody_saw_the_end_is_not_done() -> None:
    def started(step: int) -> Event:
        return ChangeStepStarted(change=1, target="a", step=step, title="x")

    def ended(step: int, state: OutcomeState = OutcomeState.DONE) -> Event:
        return ChangeStepEnded(change=1, target="a", step=step, state=state, exit_status=0, message="")

    back = ChangeStepRolledBack(change=1, target="a", step=1, by_change=1, equal=True)
    assert steps_done([started(1), ended(1), started(2), ended(2), started(3)]) == {"a": {1, 2}}
    assert steps_done([started(1), ended(1), started(2), ended(2, OutcomeState.NOT_VERIFIED)]) == {"a": {1}}
    assert steps_done([started(1), ended(1), started(2), ended(2), back]) == {"a": {2}}


@pytest.mark.parametrize(
    ("steps", "phases"),
    [
        (["db-1", "web-1 web-2", ""], [("db-1", (1,)), ("web-1 web-2", (2,)), ("db-1 web-1 web-2", (3,))]),
        (["db-1", "+db-1", "web-1"], [("db-1", (1, 2)), ("web-1", (3,))]),
        (["db-1", "db-1"], [("db-1", (1,)), ("db-1", (2,))]),
        (["web-1", "+web-2", "+db-1 web-1"], [("db-1 web-1 web-2", (1, 2, 3))]),
        (["", "+"], [("db-1 web-1 web-2", (1, 2))]),
    ],
)
def test_steps_that_are_joined_are_one_phase(steps: list[str], phases: list[tuple[str, tuple[int, ...]]]) -> None:
    plan = PlanOrder(
        steps=tuple(
            PlanStep(title=str(at), command="true", on=tuple(on.removeprefix("+").split()), joined=on.startswith("+"))
            for at, on in enumerate(steps)
        ),
        across=True,
    )
    found = across_targets(plan, NAMES)
    assert [(" ".join(phase.names), phase.steps) for phase in found] == phases
    for name in {name for phase in found for name in phase.names}:
        assert [name in phase.final for phase in found if name in phase.names][-1:] == [True]
        assert sum(name in phase.final for phase in found) == 1
