"""A window of a series: few points, no peak lost, gaps seen as gaps."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.monitoring.sample import Point, Sample, SeriesKey, SeriesWindow
from opsterm.monitoring.series import bucket, gap_for, gaps, joined, merge, raw_point, runs, step_for, window_of

KEY = SeriesKey("localhost", "cpu.used_percent")


def readings(*pairs: tuple[float, float]) -> list[Point]:
    return [raw_point(Sample(KEY, at, value)) for at, value in pairs]


raw = st.lists(
    st.tuples(st.integers(0, 5000).map(lambda n: n / 4), st.floats(-1e6, 1e6)), max_size=200, unique_by=lambda p: p[0]
).map(lambda pairs: readings(*sorted(pairs)))
steps = st.sampled_from([0.5, 1.0, 2.0, 5.0, 60.0])


@given(raw, steps)
def test_no_reading_and_no_peak_is_lost(points: list[Point], step_s: float) -> None:
    made = bucket(points, step_s)
    assert sum(p.readings for p in made) == len(points)
    if points:
        assert min(p.low for p in made) == min(p.low for p in points)
        assert max(p.high for p in made) == max(p.high for p in points)
        mean = sum(p.mean * p.readings for p in made) / len(points)
        assert mean == pytest.approx(sum(p.mean for p in points) / len(points), abs=1e-3)
    assert all(p.low - 1e-6 <= p.mean <= p.high + 1e-6 for p in made)


@given(raw, steps)
def test_points_stand_on_the_grid_in_order(points: list[Point], step_s: float) -> None:
    times = [p.at for p in bucket(points, step_s)]
    assert all(at / step_s == pytest.approx(round(at / step_s)) for at in times)
    assert times == sorted(set(times))


@given(raw, st.sampled_from([(1.0, 5.0), (2.0, 10.0), (1.0, 60.0)]))
def test_gathering_twice_is_gathering_once(points: list[Point], two: tuple[float, float]) -> None:
    fine, coarse = two
    once, twice = bucket(points, coarse), bucket(bucket(points, fine), coarse)
    assert [(p.at, p.low, p.high, p.readings) for p in once] == [(p.at, p.low, p.high, p.readings) for p in twice]


@given(raw, steps)
def test_a_window_fed_live_equals_one_read_at_once(points: list[Point], step_s: float) -> None:
    window = SeriesWindow(key=KEY, unit="%", start=-3600, end=0, step_s=step_s, gap_s=9, points=())
    for point in points:
        window = merge(window, [Sample(KEY, point.at, point.mean)], point.at)
    wanted = [(p.at, p.low, p.high, p.readings) for p in bucket(points, step_s) if p.at > window.start - step_s]
    assert [(p.at, p.low, p.high, p.readings) for p in window.points] == wanted


def test_a_window_moves_on_and_drops_what_is_past() -> None:
    window = window_of(KEY, readings((0, 1), (5, 2), (9, 3)), end=10, span_s=10, step_s=1, interval_s=1)
    later = merge(window, [], 16)
    assert (later.start, later.end) == (6, 16)
    assert [p.at for p in later.points] == [9]
    assert [p.at for p in window.points] == [0, 5, 9]


def test_what_is_not_this_series_or_no_number_is_left_out() -> None:
    window = window_of(KEY, readings((8, 1)), end=10, span_s=10, step_s=1, interval_s=1)
    strange = [Sample(SeriesKey("x", "y"), 9, 5), Sample(KEY, 9, math.nan), Sample(KEY, 9, math.inf), Sample(KEY, 3, 7)]
    assert merge(window, strange, 11).points == window.points


def test_a_hole_is_a_gap_and_two_lines() -> None:
    window = window_of(
        KEY, readings(*((t, 1.0) for t in [*range(20), *range(40, 60)])), end=60, span_s=60, step_s=1, interval_s=1
    )
    assert window.gap_s == 3
    assert [len(run) for run in runs(window.points, window.gap_s)] == [20, 20]
    assert gaps(window) == [(19, 40)]
    assert runs([], 3) == []


def test_a_window_without_a_point_is_one_gap() -> None:
    assert gaps(window_of(KEY, [], end=60, span_s=60, step_s=1, interval_s=1)) == [(0, 60)]


def test_a_metric_read_once_a_minute_is_no_row_of_gaps() -> None:
    units = SeriesKey("localhost", "systemd.failed_units")
    window = window_of(
        units, readings(*((t * 60.0, 0) for t in range(10))), end=600, span_s=600, step_s=2, interval_s=2
    )
    assert gaps(window) == []


@pytest.mark.parametrize(
    ("span_s", "most", "interval_s", "step_s"),
    [
        (60, 100, 2, 2),
        (900, 200, 2, 5),
        (3600, 200, 2, 30),
        (86400, 200, 2, 600),
        (60, 100, 0.1, 1),
        (600, 100, 300, 300),
    ],
)
def test_a_step_is_one_that_people_count_in(span_s: float, most: int, interval_s: float, step_s: float) -> None:
    assert step_for(span_s, most, interval_s) == step_s


@given(st.floats(1, 1e7), st.integers(10, 2000), st.floats(0.1, 3600))
def test_a_step_is_never_too_fine(span_s: float, most: int, interval_s: float) -> None:
    step_s = step_for(span_s, most, interval_s)
    assert step_s >= interval_s
    assert span_s / step_s <= most + 1e-6 or step_s == interval_s
    assert gap_for(step_s, interval_s) >= 2 * step_s


def test_joining_weighs_by_readings() -> None:
    assert joined(Point(0, 1, 2, 3, 1), Point(1, 0, 5, 9, 3)) == Point(0, 0, 4.25, 9, 4)


@pytest.mark.speed
def test_ten_series_of_six_hundred_points_cost_less_than_a_tenth_of_a_frame() -> None:
    points = readings(*((1000.0 + i, float(i % 7)) for i in range(600)))
    best = math.inf
    for _ in range(7):
        begun = time.process_time()
        for _ in range(10):
            bucket(points, 2.0)
        best = min(best, time.process_time() - begun)
    assert best < 0.006  # 1.5 ms on the machine it was written on
