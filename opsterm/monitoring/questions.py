"""Answers about measurements: how a series went, what is fullest, who has most. Figures, not prose.

`sentence` is the prose for faces that want it; it says nothing the figures do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from opsterm.core.units import span_text, value_text
from opsterm.monitoring.metrics import matches, metric_of, subject
from opsterm.monitoring.sample import Point, Sample, SeriesKey, SeriesWindow

_TREND_POINTS = 32  # pairs grow with the square: 496 slopes
_TREND_LEAST = 4
_STEADY_SHARE = 0.1  # of the mean
_STEADY_OF_BOUND = 0.02  # of the largest value there can be


class Trend(StrEnum):
    """Which way a series goes over a window."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One series over one window, in figures of its unit.

    Attributes:
        key: the series.
        unit: as `core.units.value_text` takes it.
        start: window start, epoch seconds.
        end: window end.
        latest: newest value.
        latest_at: when that was, epoch seconds.
        low: smallest value.
        low_at: when it was, exact to the window's step.
        mean: mean of all readings.
        high: largest value.
        high_at: when it was, exact to the window's step.
        trend: which way it goes, by the median of slopes (Theil-Sen), so that a spike does not make a trend.
        change: how far it went along that slope from the first to the last point.
        readings: how many measurements it rests on.
    """

    key: SeriesKey
    unit: str
    start: float
    end: float
    latest: float
    latest_at: float
    low: float
    low_at: float
    mean: float
    high: float
    high_at: float
    trend: Trend
    change: float
    readings: int


def summarize(window: SeriesWindow, newest: Sample | None = None) -> Summary | None:
    """Return a window in figures, None when nothing was measured in it.

    Args:
        window: the series' window.
        newest: its newest measurement where there is one; else the newest point's mean stands for it.
    """
    points = window.points
    if not points:
        return None
    readings = sum(p.readings for p in points)
    low, high = min(points, key=lambda p: p.low), max(points, key=lambda p: p.high)
    mean = sum(p.mean * p.readings for p in points) / readings
    trend, change = _trend(points, mean, metric_of(window.key.metric).bound)
    return Summary(
        key=window.key,
        unit=window.unit,
        start=window.start,
        end=window.end,
        latest=newest.value if newest else points[-1].mean,
        latest_at=newest.at if newest else points[-1].at,
        low=low.low,
        low_at=low.at,
        mean=mean,
        high=high.high,
        high_at=high.at,
        trend=trend,
        change=change,
        readings=readings,
    )


def _trend(points: Sequence[Point], mean: float, bound: float | None) -> tuple[Trend, float]:
    stride = -(-len(points) // _TREND_POINTS)
    few = [_middle(points[i : i + stride]) for i in range(0, len(points), stride)]
    if len(few) < _TREND_LEAST:
        return Trend.UNKNOWN, 0.0
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(few) for b in few[i + 1 :]]
    slope = median(slopes)
    change = slope * (points[-1].at - points[0].at)
    level = median(value - slope * at for at, value in few)
    noise = median(abs(value - slope * at - level) for at, value in few)
    if abs(change) <= max(_STEADY_SHARE * abs(mean), _STEADY_OF_BOUND * (bound or 0.0), 2 * noise):
        return Trend.STEADY, change
    return (Trend.RISING if change > 0 else Trend.FALLING), change


def _middle(points: Sequence[Point]) -> tuple[float, float]:
    return points[len(points) // 2].at, median(p.mean for p in points)


def sentence(summary: Summary, time_text: Callable[[float], str]) -> str:
    """Return it in one line: "memory used: 41 % now, 38 % to 52 % over 1 h, mean 44 %, highest at 13:40, steady".

    Args:
        summary: the figures.
        time_text: turns epoch seconds into a time of day as the operator reads it.
    """

    def said(value: float) -> str:
        return value_text(value, summary.unit)

    span = span_text(float(round(summary.end - summary.start)))
    parts = [f"{said(summary.latest)} now"]
    if summary.low == summary.high:
        parts.append(f"the same over {span}")
    else:
        parts += [
            f"{said(summary.low)} to {said(summary.high)} over {span}",
            f"mean {said(summary.mean)}",
            f"highest at {time_text(summary.high_at)}",
        ]
        if summary.trend is not Trend.UNKNOWN:
            parts.append(str(summary.trend))
    return f"{subject(summary.key)}: {', '.join(parts)}"


def top(samples: Iterable[Sample], pattern: str, limit: int, *, lowest: bool = False) -> Sequence[Sample]:
    """Return the samples with the largest (or smallest) values among the series a metric pattern names.

    Args:
        samples: the newest of each series, of any targets.
        pattern: as in "fs.used_percent" or "net.*[eth*]"; the metrics should share a unit.
        limit: how many at most.
        lowest: True for the smallest.
    """
    found = [sample for sample in samples if matches(pattern, sample.key)]
    return sorted(found, key=lambda s: (s.value if lowest else -s.value, s.key))[:limit]


def fullest(samples: Iterable[Sample], limit: int = 1) -> Sequence[Sample]:
    """Return the fullest file systems, the fullest first."""
    return top(samples, "fs.used_percent", limit)
