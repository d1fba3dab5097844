"""Questions about measurements get the right figures."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.monitoring.questions import Trend, fullest, sentence, summarize, top
from opsterm.monitoring.sample import Point, Sample, SeriesKey, SeriesWindow
from tests.monitoring.windows import readings, window_of

MEMORY = SeriesKey("localhost", "memory.used_percent")


def window(values: Iterable[float], *, step_s: float = 10.0, key: SeriesKey = MEMORY) -> SeriesWindow:
    points = readings(*((10.0 * i, value) for i, value in enumerate(values)))
    return window_of(key, points, end=3600, span_s=3600, step_s=step_s)


def test_a_window_in_figures() -> None:
    summary = summarize(window([40, 41, 52, 39, 41]), Sample(MEMORY, 45, 41.4))
    assert summary is not None
    assert (summary.latest, summary.latest_at) == (41.4, 45)
    assert (summary.low, summary.low_at, summary.high, summary.high_at) == (39, 30, 52, 20)
    assert summary.mean == pytest.approx(42.6)
    assert summary.readings == 5
    said = sentence(summary, lambda at: f"{at:.0f} s")
    assert said == "memory used: 41 % now, 39 % to 52 % over 1 h, mean 43 %, highest at 20 s, steady"


def test_a_window_without_readings_has_no_figures() -> None:
    assert summarize(window([])) is None


def test_a_flat_series_is_said_to_be_the_same() -> None:
    summary = summarize(window([41] * 9))
    assert summary is not None
    assert sentence(summary, str) == "memory used: 41 % now, the same over 1 h"


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300))
def test_gathering_into_steps_keeps_extremes_and_mean(values: list[float]) -> None:
    fine, coarse = summarize(window(values)), summarize(window(values, step_s=300))
    assert fine is not None
    assert coarse is not None
    assert (fine.low, fine.high, fine.readings) == (coarse.low, coarse.high, coarse.readings)
    assert fine.mean == pytest.approx(coarse.mean)
    assert (fine.low, fine.high) == (min(values), max(values))


noise = random.Random(7)


@pytest.mark.parametrize(
    ("shape", "trend"),
    [
        (lambda i: 20 + i / 10, Trend.RISING),
        (lambda i: 80 - i / 10 + noise.uniform(-2, 2), Trend.FALLING),
        (lambda i: 50 + noise.uniform(-20, 20), Trend.STEADY),
        (lambda i: 50.0, Trend.STEADY),
        (lambda i: 95.0 if i == 300 else 50.0, Trend.STEADY),  # a spike is no trend
        (lambda i: 50 + 20 * math.sin(i / 5), Trend.STEADY),
        (lambda i: 0.3 + i / 1000, Trend.STEADY),  # of 100 %, nothing worth a word
    ],
)
def test_a_trend_is_named(shape: Callable[[int], float], trend: Trend) -> None:
    summary = summarize(window(shape(i) for i in range(360)))
    assert summary is not None
    assert summary.trend is trend


def test_three_points_are_no_trend() -> None:
    summary = summarize(window([1, 50, 99]))
    assert summary is not None
    assert summary.trend is Trend.UNKNOWN


def test_minutes_that_were_gathered_before_weigh_by_their_readings() -> None:
    points = [Point(0, 0, 10, 20, 30), Point(60, 50, 50, 50, 10)]
    kept = SeriesWindow(key=MEMORY, unit="%", start=0, end=120, step_s=60, gap_s=180, points=points)
    summary = summarize(kept)
    assert summary is not None
    assert (summary.mean, summary.latest) == (20, 50)


def test_the_fullest_file_system_and_the_top() -> None:
    samples = [
        Sample(SeriesKey(target, "fs.used_percent", mount), 1, value)
        for target, mount, value in [("a", "/", 40), ("a", "/var", 97), ("b", "/", 60), ("b", "/srv", 60)]
    ]
    samples.append(Sample(SeriesKey("a", "cpu.used_percent"), 1, 99))
    assert [(s.key.target, s.key.item) for s in fullest(samples, 3)] == [("a", "/var"), ("b", "/"), ("b", "/srv")]
    assert [s.value for s in top(samples, "fs.used_percent[/]", 9, lowest=True)] == [40, 60]
    assert fullest([]) == []
