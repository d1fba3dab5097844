"""A measurement, and the series it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class SeriesKey(NamedTuple):
    """Names one series.

    Attributes:
        target: target name.
        metric: dotted name from `metrics.CATALOGUE`, as in "fs.used_percent".
        item: which one, as in "/" or "eth0"; "" where there is only one.
    """

    target: str
    metric: str
    item: str = ""

    def __str__(self) -> str:
        return f"{self.metric}[{self.item}]" if self.item else self.metric


class Sample(NamedTuple):
    """One value of one series at one time.

    Attributes:
        key: the series.
        at: epoch seconds.
        value: in the metric's unit.
    """

    key: SeriesKey
    at: float
    value: float


class Point(NamedTuple):
    """What a stretch of time looked like.

    Attributes:
        at: start of the stretch, epoch seconds.
        low: smallest value in it.
        mean: mean value.
        high: largest value.
        readings: how many measurements it holds; 1 for a raw one.
    """

    at: float
    low: float
    mean: float
    high: float
    readings: int


class HourRange(NamedTuple):
    """What the hourly means of one series range over.

    Attributes:
        key: the series.
        first_at: start of the oldest hour, epoch seconds.
        low: smallest mean.
        high: largest mean.
        last: newest mean.
    """

    key: SeriesKey
    first_at: float
    low: float
    high: float
    last: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesWindow:
    """One series over one window, ready to draw.

    Attributes:
        key: the series.
        unit: the metric's unit, as `core.units.value_text` takes it.
        start: window start, epoch seconds.
        end: window end.
        step_s: length of one point's stretch; a hole of more than `gap_s` between points is a gap.
        gap_s: see `step_s`.
        points: in order of time; stretches without a measurement are absent.
    """

    key: SeriesKey
    unit: str
    start: float
    end: float
    step_s: float
    gap_s: float
    points: Sequence[Point]
