"""How the turns of a job go on, on a time that the test says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.changes.job import (
    GRACE_S,
    Job,
    JobRun,
    JobTerms,
    JobTurn,
    MissedPolicy,
    RunState,
    begin,
    come_due,
    fail,
    jitter_of,
    pause,
    run_now,
    succeed,
)
from opsterm.changes.schedule import JobSchedule, ScheduleKind
from opsterm.core.errors import BadInput

EVERY_S = 600.0


def after(at: float) -> float:
    """Return the next of the times 0, 600, 1200, …."""
    return (at // EVERY_S + 1) * EVERY_S


def job(turn: JobTurn | None = None, next_at: float | None = EVERY_S, **terms: object) -> Job:
    return Job(
        number=7, kind="told", payload="", what="it", phrase="every 10 minutes", by="ana", made_at=0.0, turn=turn,
        schedule=JobSchedule(kind=ScheduleKind.CRON, cron="*/10 * * * *", timezone="UTC"), next_at=next_at,
        terms=JobTerms(**terms),  # type: ignore[arg-type]  # some of its fields
    )  # fmt: skip


def told(over: Sequence[JobRun]) -> list[tuple[str, float, int]]:
    return [(run.state, run.planned_at, run.stands_for) for run in over]


def test_nothing_happens_before_its_time() -> None:
    assert come_due(job(), EVERY_S - 1, after) == (job(), ())


def test_a_turn_begins_at_its_time_and_ends_well() -> None:
    due, over = come_due(job(), EVERY_S + 1, after)
    assert (over, due.next_at, due.may_begin(EVERY_S + 1)) == ([], 2 * EVERY_S, True)
    done, over = succeed(begin(due, EVERY_S + 1), EVERY_S + 5, "done")
    assert (done.turn, told(over)) == (None, [(RunState.DONE, EVERY_S, 1)])


@pytest.mark.parametrize(
    ("missed", "turn_stands_for", "over"),
    [(MissedPolicy.RUN_ONCE, 5, []), (MissedPolicy.SKIP, None, [(RunState.MISSED, EVERY_S, 5)])],
)
def test_turns_at_whose_time_nobody_ran_jobs(
    missed: MissedPolicy, turn_stands_for: int | None, over: list[tuple[str, float, int]]
) -> None:
    now = 5 * EVERY_S + GRACE_S + 1
    late, ended = come_due(job(missed=missed), now, after)
    assert (late.turn.stands_for if late.turn else None, told(ended)) == (turn_stands_for, over)
    assert (late.next_at, late.may_begin(now)) == (6 * EVERY_S, turn_stands_for is not None)


def test_a_turn_that_is_only_a_little_late_is_run_whatever_the_policy() -> None:
    late, over = come_due(job(missed=MissedPolicy.SKIP), 3 * EVERY_S + GRACE_S - 1, after)
    assert late.turn is not None
    assert (late.turn.planned_at, told(over)) == (3 * EVERY_S, [(RunState.MISSED, EVERY_S, 2)])


def test_the_next_one_is_left_out_while_one_goes_on() -> None:
    runs = begin(come_due(job(), EVERY_S, after)[0], EVERY_S)
    still, over = come_due(runs, 2 * EVERY_S, after)
    assert (still.turn, told(over)) == (runs.turn, [(RunState.SKIPPED, 2 * EVERY_S, 1)])


def test_a_failed_try_waits_longer_each_time_and_then_it_is_over() -> None:
    now, one, pauses = EVERY_S, come_due(job(retries=3, next_at=EVERY_S), EVERY_S, after)[0], []
    for _ in range(3):
        one, over = fail(begin(one, now), now, "no line", failed=["web-01"], rest="web-01")
        assert (over, one.turn is not None) == ((), True)
        assert one.turn is not None
        pauses.append(one.turn.try_at - now)
        now = one.turn.try_at
    assert one.turn is not None
    assert (pauses, one.turn.rest) == ([60.0, 120.0, 240.0], "web-01")
    one, over = fail(begin(one, now), now, "no line", failed=["web-01"])
    assert (one.turn, over[0].tries, over[0].failed) == (None, 4, ("web-01",))


def test_a_turn_that_waits_for_its_next_try_fails_when_the_next_one_is_due() -> None:
    waits, _ = fail(begin(come_due(job(), EVERY_S, after)[0], EVERY_S), 2 * EVERY_S - 1, "no line", failed=["db"])
    due, over = come_due(waits, 2 * EVERY_S, after)
    assert (told(over), over[0].failed) == ([(RunState.FAILED, EVERY_S, 1)], ("db",))
    assert due.turn is not None
    assert due.turn.planned_at == 2 * EVERY_S


def test_jitter_is_within_its_limit_even_and_always_the_same() -> None:
    drawn = [jitter_of(replace(job(jitter_s=100.0), number=n), EVERY_S) for n in range(400)]
    assert 0 <= min(drawn) < 5
    assert 95 < max(drawn) < 100
    assert drawn == [jitter_of(replace(job(jitter_s=100.0), number=n), EVERY_S) for n in range(400)]
    one, _ = come_due(job(jitter_s=100.0), EVERY_S, after)
    assert one.turn is not None
    assert one.turn.try_at == EVERY_S + drawn[7]


def test_times_of_a_pause_are_not_made_up_for() -> None:
    paused = pause(come_due(job(), EVERY_S, after)[0], EVERY_S, after, off=False)
    assert (paused.turn, come_due(paused, 4 * EVERY_S, after)) == (None, (paused, ()))
    assert pause(paused, 4.5 * EVERY_S, after, off=True).next_at == 5 * EVERY_S


def test_it_can_be_run_beside_its_schedule_but_not_twice_at_once() -> None:
    now = run_now(job(), 5.0)
    assert now.may_begin(5.0)
    with pytest.raises(BadInput, match="is being run"):
        run_now(begin(now, 5.0), 6.0)
    with pytest.raises(BadInput, match="is paused"):
        run_now(replace(job(), paused=True), 5.0)


STEPS = st.lists(
    st.tuples(st.floats(0.0, 5000.0), st.sampled_from(["wait", "begin", "succeed", "fail", "interrupt"])), max_size=60
)


@given(STEPS, st.sampled_from(list(MissedPolicy)), st.floats(0.0, 900.0), st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_every_planned_time_is_accounted_for_once(
    steps: list[tuple[float, str]], missed: MissedPolicy, jitter_s: float, retries: int
) -> None:
    one, now, over = job(missed=missed, jitter_s=jitter_s, retries=retries), 0.0, list[JobRun]()
    for wait_s, act in steps:
        now += wait_s
        one, ended = come_due(one, now, after)
        over += ended
        turn = one.turn
        if act == "begin" and one.may_begin(now):
            one = begin(one, now)
        elif turn is not None and turn.begun_at is not None and act != "wait":
            one, ended = succeed(one, now, "") if act == "succeed" else fail(one, now, "no")
            over += ended
        in_hand = one.turn.stands_for if one.turn is not None else 0
        assert sum(run.stands_for for run in over) + in_hand == now // EVERY_S
        assert one.next_at == after(now)
        assert one.turn is None or one.turn.tries <= retries
