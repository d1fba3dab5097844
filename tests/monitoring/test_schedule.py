"""Things that repeat are spread, never twice at once, and never catch up."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.monitoring.schedule import Schedule


def test_many_are_spread_over_their_interval() -> None:
    schedule = Schedule[int](lane=1000, slow_lane=1000)
    schedule.put(dict.fromkeys(range(500), 60.0), 0.0)
    begun = Counter[int]()
    for second in range(121):
        keys = schedule.begin(second)
        begun[second] += len(keys)
        for key in keys:
            schedule.end(key, second + 0.1, well=True)
    assert sum(begun.values()) >= 1000
    assert max(list(begun.values())[1:]) <= 10, "8.3 a second are due"


def test_what_is_slow_misses_turns_and_holds_up_nobody() -> None:
    """480 that answer at once and 20 that take two intervals: 20 at a time."""
    schedule = Schedule[int](lane=20, slow_lane=20)
    schedule.put(dict.fromkeys(range(500), 60.0), 0.0)
    made, ends = Counter[int](), dict[int, float]()
    for second in range(1200):
        for key in [key for key, at in ends.items() if at <= second]:
            del ends[key]
            schedule.end(key, float(second), well=False)
        for key in schedule.begin(float(second)):
            assert key not in ends, "never twice at once"
            made[key] += 1
            if key < 20:
                ends[key] = second + 120.0
            else:
                schedule.end(key, second + 0.1, well=True)
    assert min(made[key] for key in range(20, 500)) >= 18
    assert all(6 <= made[key] <= 10 for key in range(20)), "every third turn, and no queue behind it"


def test_what_falls_out_is_named_and_what_comes_anew_gets_a_place() -> None:
    schedule = Schedule[str](lane=5, slow_lane=5)
    assert schedule.put({"a": 10.0, "b": 10.0}, 0.0) == []
    assert set(schedule.begin(20.0)) == {"a", "b"}
    assert schedule.put({"b": 10.0, "c": 10.0}, 20.0) == ["a"]
    schedule.end("a", 21.0, well=True)  # of something that is gone: nothing
    assert "a" not in schedule
    assert schedule.begin(40.0) == ["c"], "b is still at work"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 500), st.booleans(), st.floats(0, 300)), max_size=40), st.integers(1, 5))
def test_whatever_happens_no_turn_lies_behind_and_no_lane_is_too_full(
    steps: list[tuple[float, bool, float]], lane: int
) -> None:
    schedule = Schedule[int](lane=lane, slow_lane=lane)
    schedule.put({key: 10.0 + key for key in range(8)}, 0.0)
    now, running = 0.0, dict[int, tuple[float, bool]]()
    for wait_s, well, takes_s in steps:
        now += wait_s
        for key, (at, how) in list(running.items()):
            if at <= now:
                del running[key]
                schedule.end(key, now, well=how)
        for key in schedule.begin(now):
            assert key not in running
            running[key] = (now + takes_s, well)
        assert len(running) <= 2 * lane
