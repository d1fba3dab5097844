"""A series over a window of time: as few points as the screen has room for, and no peak lost.

Points stand on a grid: their time is a multiple of the step, so that a window which moves on keeps its points and
only the newest one changes. What was not measured is absent, never zero; the chart asks `runs` where to lift the pen.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from opsterm.monitoring.sample import Point, Sample, SeriesWindow

STEPS_S = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 86400.0)
"""Lengths of one point's stretch that people can count in."""

_GRID_SLACK = 1e-6  # seconds: a reading taken "at" a grid line may lie this little before it


def step_for(span_s: float, most: int, interval_s: float) -> float:
    """Return the length of one point's stretch in seconds.

    The shortest that people can count in, not shorter than the measuring interval, that needs at most `most` points.
    """
    for step in STEPS_S:
        if step >= interval_s and math.ceil(span_s / step) <= most:
            return step
    return max(interval_s, span_s / max(1, most))


def gap_for(step_s: float, interval_s: float, every_s: float = 0.0) -> float:
    """Return how many seconds without a point make a gap: two missed readings, and never less than two steps.

    Args:
        step_s: length of one point's stretch.
        interval_s: seconds between two measurements.
        every_s: `Metric.every_s`.
    """
    return max(2.0 * step_s, 3.0 * max(interval_s, every_s))


def merge(window: SeriesWindow, samples: Iterable[Sample], now: float) -> SeriesWindow:
    """Return the window moved on to `now`, with live samples of its series put in.

    Samples of other series, of before the newest point's stretch, and values that are no number are left out: a
    window is fed in order. Cost: a few microseconds and a copy of the list of points.
    """
    span = window.end - window.start
    start, step = now - span, window.step_s
    points = list(window.points)
    for key, at, value in samples:
        if key != window.key or not math.isfinite(value):
            continue
        slot = math.floor((at + _GRID_SLACK) / step) * step
        if points and slot < points[-1].at - _GRID_SLACK:
            continue
        if points and slot < points[-1].at + step - _GRID_SLACK:
            points[-1] = _joined(points[-1], Point(at, value, value, value, 1))
        else:
            points.append(Point(slot, value, value, value, 1))
    return replace(window, start=start, end=now, points=points[_first_inside(points, start, step) :])


def _joined(first: Point, second: Point) -> Point:
    """Return two stretches as one that starts with the first; the mean is weighted by readings."""
    readings = first.readings + second.readings
    mean = (first.mean * first.readings + second.mean * second.readings) / readings
    return Point(first.at, min(first.low, second.low), mean, max(first.high, second.high), readings)


def runs(points: Sequence[Point], gap_s: float) -> list[Sequence[Point]]:
    """Return the points cut where more than `gap_s` seconds lie between two of them: lines to draw without a break."""
    cuts = [i for i in range(1, len(points)) if points[i].at - points[i - 1].at > gap_s]
    edges = [0, *cuts, len(points)]
    return [points[a:b] for a, b in pairwise(edges) if b > a]


def _first_inside(points: Sequence[Point], start: float, step_s: float) -> int:
    """Return the place of the first point whose stretch reaches into the window."""
    return bisect_left(points, start - step_s + _GRID_SLACK, key=lambda p: p.at)
