"""What comes of a series: when it is full, between when and when, or that it is not, or that nobody can say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.monitoring.metrics import metric_of
from opsterm.monitoring.sample import SeriesKey

LEAST_S = 24 * 3600.0
"""History below which nothing is looked ahead for: a part of a day's swing looks like growth."""

FRESH_S = 3 * 3600.0
"""Seconds after which the newest measurement says nothing of now, and nothing is looked ahead for."""

WINDOW_S = 30 * 86400.0
"""History that is looked at when nothing else is said."""

LONGEST_S = 400 * 86400.0
"""No look goes further, back or ahead."""

_REACH = 0.29
"""A median slope leads over the whole history no further than the range of the values divided by this: half of all
pairs lie at least so far apart."""


class Outlook(StrEnum):
    """What comes of a series."""

    FULL = "full"
    FILLS = "fills"
    GROWS = "grows"
    NO_TREND = "no trend"
    FALLS = "falls"
    TOO_LITTLE = "too little history"
    PART_OF_WEEK = "too little history for a weekly pattern"
    STALE = "no fresh measurement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is expected of one series.

    Attributes:
        key: the series.
        unit: as `core.units.value_text` takes it.
        limit: the value that is full.
        outlook: what comes of it.
        value: newest value.
        at: when that was measured, epoch seconds.
        history_s: seconds of history that count: since the last jump or change of pace.
        readings: measurements in them.
        horizon_s: seconds ahead that the history carries, or that were asked for when they are fewer; from `at` on.
        per_day: change a day, 0 when there is no trend.
        full_at: epoch seconds when it is expected to be full, never before it was asked; 0 when not within
            `horizon_s`.
        earliest: lower edge of that; 0 when not within `horizon_s`.
        latest: upper edge of that; 0 when not within `horizon_s`.
        low: lower edge of the value at the end of `horizon_s`.
        middle: the value that is expected then.
        high: upper edge of it.
        cut_at: epoch seconds of the jump or change of pace before which history does not count, 0 for none.
        recurring: how often space was freed, where that happens again and again.
    """

    key: SeriesKey
    unit: str
    limit: float
    outlook: Outlook
    value: float
    at: float
    history_s: float
    readings: int
    horizon_s: float = 0.0
    per_day: float = 0.0
    full_at: float = 0.0
    earliest: float = 0.0
    latest: float = 0.0
    low: float = 0.0
    middle: float = 0.0
    high: float = 0.0
    cut_at: float = 0.0
    recurring: int = 0

    @property
    def may_fill(self) -> bool:
        """Whether it is full, or will or may be within the horizon."""
        return self.outlook in (Outlook.FULL, Outlook.FILLS) or bool(self.earliest)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAhead:
    """What comes of the series that were asked about.

    Attributes:
        forecasts: those worked out, what fills first in front.
        series: how many series there are.
        too_little: those among the others with too little history.
        steady: those among the others that cannot fill within their history's length.
        targets: targets that these series are of.
    """

    forecasts: tuple[Forecast, ...] = ()
    series: int = 0
    too_little: int = 0
    steady: int = 0
    targets: int = 0

    def count(self, *outlooks: Outlook) -> int:
        """Return how many series have one of some outlooks."""
        other = self.too_little * (Outlook.TOO_LITTLE in outlooks)
        return sum(1 for one in self.forecasts if one.outlook in outlooks) + other


def limit_of(metric: str) -> float | None:
    """Return the value at which a metric is full, None for one that has none and cannot be looked ahead for."""
    return metric_of(metric).bound


def can_fill(values: Sequence[float], limit: float) -> bool:
    """Return whether a series could be forecast to fill within its own length; quick, and never wrongly False.

    Args:
        values: some of its values, its lowest and highest roughly among them, the newest last.
        limit: the value that is full.
    """
    return bool(values) and limit - values[-1] <= (max(values) - min(values)) / _REACH
