"""Windows as the store gives them, made of readings in the plainest way: what quicker code is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from opsterm.monitoring.metrics import metric_of
from opsterm.monitoring.sample import Point, SeriesKey, SeriesWindow
from opsterm.monitoring.series import gap_for


def readings(*pairs: tuple[float, float]) -> list[Point]:
    """Return points of one reading each, of (time, value)."""
    return [Point(float(at), float(value), float(value), float(value), 1) for at, value in pairs]


def gathered(points: Sequence[Point], step_s: float) -> list[Point]:
    """Return readings in stretches that begin at multiples of `step_s`, as the store keeps them."""
    made = []
    for number, group in groupby(points, key=lambda point: (point.at + 1e-6) // step_s):
        values = [point.mean for point in group]
        made.append(Point(number * step_s, min(values), sum(values) / len(values), max(values), len(values)))
    return made


def window_of(key: SeriesKey, points: Sequence[Point], *, end: float, span_s: float, step_s: float) -> SeriesWindow:
    """Return the last `span_s` seconds before `end` of a series that is measured every `step_s` seconds."""
    metric = metric_of(key.metric)
    inside = [point for point in gathered(points, step_s) if point.at > end - span_s - step_s]
    return SeriesWindow(
        key=key, unit=metric.unit, start=end - span_s, end=end, step_s=step_s,
        gap_s=gap_for(step_s, step_s, metric.every_s), points=inside,
    )  # fmt: skip
