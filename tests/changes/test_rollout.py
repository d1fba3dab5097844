"""A rollout never overruns its budget, never empties a group, and leaves every target in exactly one state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.changes.change import Outcome, OutcomeState
from opsterm.changes.gate import gate_of
from opsterm.changes.rollout import (
    SIDE_BY_SIDE,
    FailureBudget,
    Rollout,
    RolloutWish,
    Strategy,
    narrowed,
    parse_rollout,
    planned,
    require_able,
    wish_of,
)
from opsterm.changes.rollout_progress import RolloutProgress, failed_names, not_started_names
from opsterm.changes.rollout_words import rollout_lines, wish_from_words, words_of_wish
from opsterm.core.errors import BadInput
from opsterm.policy.order import Terms
from tests.changes.samples import order

MOST = 500


@dataclass
class Simulation:
    """Hosts that fail or not, and end in any order."""

    rollout: Rollout
    names: list[str]
    bad: frozenset[str]
    random: Random
    at_once: int = 10
    silent: frozenset[str] = frozenset()
    started: list[str] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    gates: list[int] = field(default_factory=list)  # how many had ended at each
    shuts: bool = False

    def __post_init__(self) -> None:
        self._batch = -1
        self._batch_start: dict[str, int] = {}
        for batch in self.rollout.batches(self.names):
            self._batch_start.update(dict.fromkeys(batch, len(self._batch_start)))
        self._group_of = {name: group for group, members in self.rollout.groups.items() for name in members}

    def run(self) -> RolloutProgress:
        """Let it go to its end, looking at each step whether all promises hold."""
        progress = RolloutProgress(self.rollout, self.names, at_once=self.at_once, silent=self.silent)
        self._start(progress)
        while self.running:
            name = self.running.pop(self.random.randrange(len(self.running)))
            well = name not in self.bad
            (self.done if well else self.failed).add(name)
            progress.ended(name, well=well)
            self._start(progress)
        return progress

    def _start(self, progress: RolloutProgress) -> None:
        chosen = progress.starts()
        if progress.at_gate:
            assert not chosen
            assert not self.running, "a gate is stood at when all have ended"
            self.gates.append(len(self.done) + len(self.failed))
            if self.shuts:
                progress.shut("it is not well", fallen=[])
            else:
                progress.passed()
            chosen = progress.starts()
        self._check_batches(chosen)
        self.started += chosen
        self.running += chosen
        assert len(self.running) <= self.at_once
        budget = self.rollout.budget
        assert budget is None or len(self.failed) + len(self.running) <= budget.of(len(self.names))
        for group in {self._group_of[name] for name in chosen if name in self._group_of}:
            away = [name for name in self.rollout.groups[group] if self._is_away(name)]
            assert len(away) <= self.rollout.max_unavailable

    def _is_away(self, name: str) -> bool:
        return name in self.running or name in self.failed or (name in self.silent and name not in self.done)

    def _check_batches(self, chosen: tuple[str, ...]) -> None:
        """Look whether a batch begins when exactly all before it have ended."""
        for start in {self._batch_start[name] for name in chosen} - {self._batch}:
            assert not self.running, "a batch began before the last had ended"
            assert len(self.done) + len(self.failed) == start
            self._batch = start


BUDGETS = st.none() | st.builds(FailureBudget, amount=st.integers(1, 60), is_share=st.booleans())
STRATEGIES = st.one_of(
    st.just(SIDE_BY_SIDE),
    st.just(Rollout(strategy=Strategy.SEQUENTIAL, batch=1, groups={})),
    st.builds(lambda batch: Rollout(strategy=Strategy.ROLLING, batch=batch, groups={}), st.integers(1, 60)),
    st.builds(
        lambda first, batch: Rollout(strategy=Strategy.CANARY, first=first, batch=batch, groups={}),
        st.integers(1, 9),
        st.integers(0, 60),
    ),
)


@st.composite
def simulations(draw: st.DrawFn, strategies: st.SearchStrategy[Rollout] = STRATEGIES) -> Simulation:
    """Draw hosts in groups of three, their faults, and a rollout over them."""
    count, random = draw(st.integers(1, MOST)), Random(draw(st.integers(0, 2**32)))
    names = [f"h{number:03}" for number in range(count)]
    budget = draw(BUDGETS)
    able = budget is None or budget.of(count)  # any other is refused when it is proposed
    rollout = replace(draw(strategies), budget=budget if able else FailureBudget(amount=1))
    rollout = replace(rollout, wait_s=draw(st.sampled_from((0, 1, 300))))
    if rollout.first and draw(st.booleans()):
        rollout = replace(rollout, gate=gate_of("command:cat /proc/loadavg", "20%"))
    if draw(st.booleans()):
        groups = {f"redundancy:{start}": tuple(names[start : start + 3]) for start in range(0, count, 4)}
        rollout = replace(rollout, max_unavailable=draw(st.integers(1, 3)), groups=groups)
    ills = draw(st.sampled_from((0.0, 0.02, 0.2, 0.9)))
    return Simulation(
        rollout=rollout, names=names, random=random, at_once=draw(st.integers(1, 40)),
        bad=frozenset(name for name in names if random.random() < ills),
        silent=frozenset(name for name in names if random.random() < ills / 4),
    )  # fmt: skip


@given(simulations())
def test_no_promise_is_broken_and_every_target_ends_in_one_state(simulation: Simulation) -> None:
    progress = simulation.run()
    left = progress.not_started
    assert sorted([*simulation.done, *simulation.failed, *left]) == simulation.names
    assert simulation.started == list(dict.fromkeys(simulation.started)), "a target was started twice"
    assert bool(progress.stopped) or not left, "what was not started has a reason"


@given(simulations(), st.booleans())
def test_between_batches_stands_a_gate_where_one_is_asked_for_and_a_shut_one_stops(
    simulation: Simulation, shuts: bool
) -> None:
    simulation.shuts = shuts
    progress = simulation.run()
    ends = [sum(map(len, batches)) for batches in _beginnings(simulation.rollout.batches(simulation.names))]
    asked = ends if simulation.rollout.wait_s else ends[: int(simulation.rollout.gate is not None)]
    assert simulation.gates == asked[: len(simulation.gates)], "there is a gate at the ends of batches only"
    if shuts and simulation.gates:
        assert len(simulation.gates) == 1
        assert progress.stopped
        assert len(simulation.started) == simulation.gates[0], "nothing starts behind a gate that is shut"
    elif not progress.stopped:
        assert simulation.gates == asked, "none is left out"


def _beginnings(batches: list[Sequence[str]]) -> list[list[Sequence[str]]]:
    return [batches[:count] for count in range(1, len(batches))]


@given(simulations())
def test_nothing_is_held_back_without_a_fault(simulation: Simulation) -> None:
    simulation.bad = simulation.silent = frozenset()
    simulation.rollout = replace(simulation.rollout, budget=None)
    assert not simulation.run().not_started


@given(simulations(st.just(Rollout(strategy=Strategy.SEQUENTIAL, batch=1, groups={}))))
def test_one_after_another_keeps_the_order_and_ends_at_the_first_failure(simulation: Simulation) -> None:
    simulation = replace(simulation, rollout=replace(simulation.rollout, budget=None, groups={}, max_unavailable=0))
    simulation.run()
    until = next((number + 1 for number, name in enumerate(simulation.names) if name in simulation.bad), MOST)
    assert simulation.started == simulation.names[:until]


@given(st.integers(1, MOST), st.integers(1, 40), st.integers(0, 2**32))
def test_side_by_side_starts_the_next_whenever_one_ends_whatever_fails(count: int, at_once: int, seed: int) -> None:
    names, random = [f"h{number:03}" for number in range(count)], Random(seed)
    progress = RolloutProgress(SIDE_BY_SIDE, names, at_once=at_once)
    running, waiting = list(progress.starts()), names[at_once:]
    assert running == names[:at_once]
    while running:
        progress.ended(running.pop(random.randrange(len(running))), well=random.random() < 0.5)
        expected, waiting = waiting[:1], waiting[1:]
        assert list(progress.starts()) == expected
        running += expected
    assert not progress.not_started
    assert not progress.stopped


@given(simulations())
def test_what_is_resumed_is_exactly_what_is_not_done(simulation: Simulation) -> None:
    left = simulation.run().not_started
    states = {
        **dict.fromkeys(simulation.done, OutcomeState.DONE),
        **dict.fromkeys(left, OutcomeState.CANCELLED),
        **{name: simulation.random.choice(FAILURES) for name in simulation.failed},
    }
    outcomes = [
        Outcome(target=name, state=states[name], started_at=0.0 if name in left else 1.0) for name in simulation.names
    ]
    assert set(failed_names(outcomes)) == simulation.failed
    assert set(not_started_names(outcomes)) == set(left)


@given(simulations(), st.integers(1, MOST))
def test_a_rollout_can_be_had_on_any_part_of_its_targets(simulation: Simulation, left: int) -> None:
    fewer = narrowed(replace(simulation.rollout, groups={}, max_unavailable=0), left)
    require_able(fewer, left)
    assert parse_rollout(str(fewer)) == fewer
    assert narrowed(fewer, left) == fewer


FAILURES = (
    OutcomeState.FAILED, OutcomeState.UNREACHABLE, OutcomeState.TIMED_OUT, OutcomeState.UNKNOWN, OutcomeState.CANCELLED,
)  # fmt: skip
"""CANCELLED of a target that was started: stopped half way."""


@given(simulations())
def test_a_rollout_is_read_as_it_was_written(simulation: Simulation) -> None:
    text = str(simulation.rollout)
    assert parse_rollout(text) == simulation.rollout
    assert planned(wish_of(simulation.rollout), simulation.rollout.groups) == simulation.rollout


@pytest.mark.parametrize(
    ("wish", "bad", "why"),
    [
        (RolloutWish(strategy="sequential"), "b", "1 failed, and no budget for failures was given"),
        (RolloutWish(strategy="rolling:2"), "a", "1 failed, and no budget for failures was given"),
        (RolloutWish(strategy="rolling:2", failures="50%"), "ab", "2 failed, and the budget is 2"),
        (RolloutWish(failures="1"), "a", "1 failed, and the budget is 1"),
        (RolloutWish(strategy="canary:1", failures="3"), "a", "1 of the 1 that were tried first failed"),
        (
            RolloutWish(max_unavailable=1),
            "a",
            "of redundancy:x at most 1 may be away, and a failed or did not answer",
        ),
    ],
)
def test_why_nothing_more_was_started_is_said(wish: RolloutWish, bad: str, why: str) -> None:
    rollout = planned(wish, {"redundancy:x": ("a", "b")} if wish.max_unavailable else {})
    progress = Simulation(rollout=rollout, names=list("abcd"), bad=frozenset(bad), random=Random(0), at_once=1).run()
    assert progress.stopped == why


def test_a_member_that_failed_before_stays_away_until_it_is_done() -> None:
    groups = {"redundancy:x": ("a", "b", "c")}
    left = planned(RolloutWish(max_unavailable=1), groups, away=["a", "elsewhere"])
    assert RolloutProgress(left, ["b", "c"], at_once=9).starts() == ()
    whole = RolloutProgress(left, ["a", "b", "c"], at_once=9)
    assert whole.starts() == ("a",)
    whole.ended("a", well=True)
    assert whole.starts() == ("b",)


@pytest.mark.parametrize(
    "text",
    [
        "canary:1 wait=0", "canary:1 wait=x", "canary:1 max-failures=1 wait=5", "canary:1 gate={}",
        "rolling:5 wait=99999",
        "sideways", "rolling", "rolling:0", "rolling:05", "canary", "parallel", "sequential ",
        "rolling:5 max-failures=0", "rolling:5 max-failures=101%", "rolling:5 max-unavailable=0", "rolling:5 more",
        "rolling:5  max-failures=1", "sequential max-unavailable=1 max-failures=1", "sequential redundancy:x=a",
    ],
)  # fmt: skip
def test_what_is_not_the_one_form_of_a_rollout_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_rollout(text)


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (RolloutWish(failures="10%"), "less than one"),
        (RolloutWish(max_unavailable=1), "redundancy group"),
        (RolloutWish(strategy="canary:3"), "none of 3 targets"),
        (RolloutWish(strategy="rolling:3", wait="5m"), "one batch only"),
        (RolloutWish(strategy="rolling:1", probe="command:uptime"), "none are tried first"),
        (RolloutWish(strategy="canary:1", probe="metric:load.1m"), "nothing is waited"),
    ],
)
def test_a_rollout_that_could_start_nothing_is_refused_with_a_way_out(wish: RolloutWish, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        require_able(planned(wish, {}), 3)
    assert refused.value.next_step


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("sequential", ("one target after another, 3 in all", "starts no more after the first failure")),
        (
            "rolling:2 max-failures=70%",
            (
                "in 2 batches of 2",
                "starts no more when 2 (70% of 3) failed; each at work takes one of that until it is done",
            ),
        ),
        ("canary:1", ("1 first; when all of them are done the other 2, all together",
                      "starts no more after the first failure")),
        (
            "parallel max-unavailable=1 redundancy:x=a,b",
            ("all targets side by side", "goes on when some fail",
             "at most 1 at once at work, failed or silent of redundancy:x (2 members)"),
        ),
        (
            'canary:1 wait=300 gate={"margin":"20%","probe":"metric:load.1m","worse":"higher"}',
            ("1 first; when all of them are done the other 2, all together", "starts no more after the first failure",
             "waits 5 m between batches, and looks again at what is verified",
             "gate behind those first: metric:load.1m may be higher than on the rest by no more than 20%"),
        ),
        ("nonsense", ("'nonsense' is no rollout.",)),
    ],
)  # fmt: skip
def test_a_rollout_is_told_in_words(text: str, lines: tuple[str, ...]) -> None:
    terms = Terms(requested_by="ana", environments=("",) * 3, requirement="1 person", rollout=text, once="0")
    assert rollout_lines(replace(order("a", "b", "c"), terms=terms)) == lines


@given(simulations())
def test_a_rollout_in_one_line_is_read_as_it_was_written(simulation: Simulation) -> None:
    groups = simulation.rollout.groups
    line = words_of_wish(wish_of(simulation.rollout))
    assert planned(wish_from_words(line), groups) == simulation.rollout


@pytest.mark.parametrize("text", ["canary:1; red", "sideways", "wait", "rolling:2; wait never", "canary:1; margin 5"])
def test_a_line_that_says_no_rollout_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        wish_from_words(text)
