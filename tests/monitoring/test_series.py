"""A window of a series: few points, no peak lost, gaps seen as gaps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.monitoring.sample import Point, Sample, SeriesKey, SeriesWindow
from opsterm.monitoring.series import gap_for, merge, runs, step_for
from tests.monitoring.windows import gathered, readings, window_of

KEY = SeriesKey("localhost", "cpu.used_percent")


raw = st.lists(
    st.tuples(st.integers(0, 5000).map(lambda n: n / 4), st.floats(-1e6, 1e6)), max_size=200, unique_by=lambda p: p[0]
).map(lambda pairs: readings(*sorted(pairs)))
steps = st.sampled_from([0.5, 1.0, 2.0, 5.0, 60.0])


@given(raw, steps)
def test_a_window_fed_live_equals_one_read_at_once(points: list[Point], step_s: float) -> None:
    window = SeriesWindow(key=KEY, unit="%", start=-3600, end=0, step_s=step_s, gap_s=9, points=())
    for point in points:
        window = merge(window, [Sample(KEY, point.at, point.mean)], point.at)
    wanted = [(p.at, p.low, p.high, p.readings) for p in gathered(points, step_s) if p.at > window.start - step_s]
    assert [(p.at, p.low, p.high, p.readings) for p in window.points] == wanted


def test_a_window_moves_on_and_drops_what_is_past() -> None:
    window = window_of(KEY, readings((0, 1), (5, 2), (9, 3)), end=10, span_s=10, step_s=1)
    later = merge(window, [], 16)
    assert (later.start, later.end) == (6, 16)
    assert [p.at for p in later.points] == [9]
    assert [p.at for p in window.points] == [0, 5, 9]


def test_what_is_not_this_series_or_no_number_is_left_out() -> None:
    window = window_of(KEY, readings((8, 1)), end=10, span_s=10, step_s=1)
    strange = [Sample(SeriesKey("x", "y"), 9, 5), Sample(KEY, 9, math.nan), Sample(KEY, 9, math.inf), Sample(KEY, 3, 7)]
    assert merge(window, strange, 11).points == window.points


def test_a_hole_makes_two_lines() -> None:
    window = window_of(KEY, readings(*((t, 1.0) for t in [*range(20), *range(40, 60)])), end=60, span_s=60, step_s=1)
    assert window.gap_s == 3
    assert [len(run) for run in runs(window.points, window.gap_s)] == [20, 20]
    assert runs([], 3) == []


def test_a_metric_read_once_a_minute_is_no_row_of_gaps() -> None:
    units = SeriesKey("localhost", "systemd.failed_units")
    window = window_of(units, readings(*((t * 60.0, 0) for t in range(10))), end=600, span_s=600, step_s=2)
    assert [len(run) for run in runs(window.points, window.gap_s)] == [10]


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
