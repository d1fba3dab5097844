"""A look ahead along the trend of a series.

No date lies further ahead than the history that counts reaches back. The edges of a forecast hold eight of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from opsterm.monitoring.metrics import metric_of
from opsterm.monitoring.outlook import FRESH_S, Forecast, Outlook
from opsterm.monitoring.sample import Point, Sample, SeriesKey
from opsterm.monitoring.trend import DAY_S, HOUR_S, Numbers, TrendLine, find_trend

_EDGE = 1.5  # standard deviations for eight of ten, where few changes tell how large they are
_STEPS = 241
_GRAIN = 0.5  # of a step: a date is told no more exactly
_ROTATED_S = 8 * DAY_S  # what frees space at least weekly is taken to do it again
_NEARLY = 0.9995  # of the bound counts as full


def forecast(
    key: SeriesKey, points: Sequence[Point], newest: Sample | None = None, *, now: float, within_s: float = 0.0
) -> Forecast:
    """Return what is expected of a series. Of one that was not measured lately nothing is.

    Args:
        key: a series of a metric that has a bound.
        points: hourly ones, in order of time; at least one.
        newest: its newest measurement, where there is one.
        now: epoch seconds; no date lies before it.
        within_s: seconds ahead that are asked about, 0 for as far as the history carries.
    """
    at = np.fromiter((point.at for point in points), dtype=float, count=len(points))
    values = np.fromiter((point.mean for point in points), dtype=float, count=len(points))
    limit = metric_of(key.metric).bound or 100.0
    value, seen = (newest.value, newest.at) if newest is not None else (points[-1].mean, points[-1].at + HOUR_S)
    trend = find_trend(at, values, limit)
    start = trend.start if trend is not None else points[0].at
    whole = Forecast(
        key=key, unit=metric_of(key.metric).unit, limit=limit, outlook=Outlook.TOO_LITTLE, value=value, at=seen,
        history_s=max(0.0, seen - max(start, points[0].at)),
        readings=sum(point.readings for point in points if point.at >= start),
    )  # fmt: skip
    if now - seen > FRESH_S:
        return replace(whole, outlook=Outlook.STALE)
    if trend is None:
        return _full(whole) if value >= limit * _NEARLY else whole
    found = _ahead(whole, trend, within_s)
    if found.outlook is Outlook.FILLS and found.full_at < now:
        return replace(whole, outlook=Outlook.STALE)  # by now it is full, or it is not: nobody has measured that
    if not found.earliest or found.outlook is Outlook.FULL:
        return found
    return replace(found, earliest=max(found.earliest, now))


def _full(found: Forecast) -> Forecast:
    return replace(found, outlook=Outlook.FULL, full_at=found.at, earliest=found.at, latest=found.at)


def _ahead(found: Forecast, trend: TrendLine, within_s: float) -> Forecast:
    carried = found.history_s
    if carried < 1.1 * trend.freed_after_s <= 1.1 * _ROTATED_S:  # space may be freed again after as long as before
        carried = min(carried, max(0.0, trend.freed_after_s - carried))
    horizon_s = min(within_s, carried) if within_s else carried
    steps = np.linspace(0.0, horizon_s / trend.step_s, _STEPS)
    middle = trend.expected(steps)
    reach = _EDGE * trend.error(steps)
    edges = [float(np.clip(curve[-1], 0.0, found.limit)) for curve in (middle - reach, middle, middle + reach)]
    crossings = [_crossing(curve, steps, found.limit) for curve in (middle, middle + reach, middle - reach)]
    full, earliest, latest = (
        found.at + max(0.0, one + grain) * trend.step_s if one is not None else 0.0
        for one, grain in zip(crossings, (0.0, -_GRAIN, _GRAIN), strict=True)
    )
    made = replace(
        found, horizon_s=horizon_s, per_day=trend.slope * DAY_S / trend.step_s,
        low=edges[0], middle=edges[1],
        high=edges[2], cut_at=trend.jump_at, recurring=trend.recurring, outlook=Outlook.NO_TREND,
    )  # fmt: skip
    if found.value >= found.limit * _NEARLY:
        return _full(made)
    if not trend.slope:
        return made
    if trend.slope < 0:
        return replace(made, outlook=Outlook.FALLS)
    if trend.part_of_week:
        return replace(made, outlook=Outlook.PART_OF_WEEK)
    outlook = Outlook.FILLS if full else Outlook.GROWS
    return replace(made, outlook=outlook, full_at=full, earliest=earliest, latest=latest)


def _crossing(curve: Numbers, steps: Numbers, limit: float) -> float | None:
    """Return after how many steps a curve reaches the limit, None for never."""
    over = np.flatnonzero(curve >= limit)
    return float(steps[over[0]]) if over.size else None
