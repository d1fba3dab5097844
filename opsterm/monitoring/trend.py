"""The trend of a series: whether it has one, how steep it is, and how wrong a look ahead along it may be.

Hourly means are made to medians of days, of three hours or of hours, as long as the history is. What was before a jump
of the level (a clean-up, a restore) or before the pace changed is left out; jumps that come again and again (log
rotation) belong to the series and stay in. The slope is the median of the slopes between points of the same hour or
weekday (Sen 1968; Hirsch and Slack 1982), so that neither a spike nor a season makes a trend. It counts only when
Mann-Kendall and the size of the series' own changes over a third of the history agree that it is no accident. Under
three weeks no season of a week is known: where one over another slope explains the values better, that is told.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opsterm.monitoring.outlook import LEAST_S

HOUR_S, DAY_S = 3600.0, 86400.0

LEAST_POINTS = 10

Numbers = NDArray[np.float64]

_WEEK = 7
_WEEKS_S = 21 * DAY_S  # history from which on a season of a week is known
_GRIDS = ((_WEEKS_S, DAY_S, _WEEK), (3 * DAY_S, 3 * HOUR_S, 8), (0.0, HOUR_S, 1))
"""History from which on a grid is used, its step, and the steps of its season."""

_SIDE = 6  # hours to each side of a jump
_JUMP = 8.0  # times what is usual
_JUMP_LEAST = 2.0  # hundredths of the bound
_RECURRING = 3
_SURE_KENDALL = 2.58  # two-sided 1 %
_SURE_DRIFT = 2.6
_BENT = 4.0
_SHARES = (0.6, 0.36, 0.22, 0.13, 0.08, 0.05)
_WEEK_LEAVES = 0.5  # of what a line leaves, where a week counts
_WEEK_TURNS = 0.25  # of the slope, from which on the week's is another one
_SPIKE = 24  # hours
_NORMAL = 1.4826  # median absolute deviation -> standard deviation
_NORMAL_SQUARES = 0.4549  # median of squared normal numbers
_FLOOR = 0.02  # hundredths of the bound that a step is uncertain by at least: readings are rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendLine:
    """A line through what of a history counts, with its season and its uncertainty.

    Attributes:
        start: epoch seconds of the first point that counts.
        end: epoch seconds of the newest one.
        step_s: seconds of one point.
        points: how many.
        level: the line's value at `end`.
        slope: per step; 0 when it is no trend.
        season: what each step of a season adds, the first is the one behind `end`.
        peak: how far values rise above the point's median within a step.
        spread: variance of one step's change.
        jump_at: epoch seconds of the jump or change of pace before which history does not count, 0 for none.
        freed_after_s: seconds of growth before a jump down there; 0 when it was none.
        recurring: jumps down that come again and again.
        part_of_week: whether the history is too short to know a week by, and moves as one over another slope.
    """

    start: float
    end: float
    step_s: float
    points: int
    level: float
    slope: float
    season: tuple[float, ...]
    peak: float
    spread: float
    jump_at: float = 0.0
    freed_after_s: float = 0.0
    recurring: int = 0
    part_of_week: bool = False

    def expected(self, steps: Numbers) -> Numbers:
        """Return the expected highest values so many steps after the end."""
        season = np.asarray(self.season)
        rise: Numbers = self.level + self.slope * steps + self.peak + season[np.floor(steps).astype(int) % len(season)]
        return rise

    def error(self, steps: Numbers) -> Numbers:
        """Return the standard deviation of `expected`: of the series' own walk, and of the slope."""
        third = max(1, self.points // 3)
        walk = self.spread * np.maximum(steps, third)
        slope = self.spread * steps**2 / self.points if self.slope else 0.0
        return np.asarray(np.sqrt(walk + slope), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Past:
    """What a history is cut at: place of the newest part, length of the growth before it, jumps down that recur."""

    cut: int = 0
    freed_after_s: float = 0.0
    recurring: int = 0


def find_trend(at: Numbers, values: Numbers, bound: float) -> TrendLine | None:
    """Return the trend of hourly means, None when there is too little history of one level.

    Args:
        at: epoch seconds, rising.
        values: as many.
        bound: the value that is full, above 0; what is small is measured by it.
    """
    percent = bound / 100
    past = _last_jump(at, values, percent)
    cut = past.cut
    found = _fit(at[cut:], values[cut:], percent)
    while found is not None:
        later = None if past.recurring else _other_pace(at[cut:], values[cut:], found, percent)
        if later is None:
            jump_at = float(at[cut]) if cut else 0.0
            freed = past.freed_after_s if cut == past.cut else 0.0
            since = at[past.cut :]
            short = float(since[-1] - since[0]) + HOUR_S < _WEEKS_S
            return replace(
                found, jump_at=jump_at, freed_after_s=freed, recurring=past.recurring,
                part_of_week=short and _swings(since, values[past.cut :], cut - past.cut, found),
            )  # fmt: skip
        cut += later[0]
        found = later[1]
    return None


def _other_pace(at: Numbers, values: Numbers, whole: TrendLine, percent: float) -> tuple[int, TrendLine] | None:
    """Return (from where on, its trend) of the newest part that the whole's line does not fit; None for none."""
    for share in _SHARES:
        place = int(np.searchsorted(at, at[-1] - share * (at[-1] - at[0])))
        part = _fit(at[place:], values[place:], percent) if place else None
        if part is None:
            return None
        steps = at[place:] + HOUR_S - whole.end
        astray = float(np.median(np.abs(values[place:] - whole.expected(steps / whole.step_s) + whole.peak)))
        own = np.median(np.abs(values[place:] - part.expected(steps / part.step_s) + part.peak))
        if part.slope and astray > max(_BENT * float(own), percent / 2) and _is_new(values, place, percent):
            return place, part
    return None


def _is_new(values: Numbers, place: int, percent: float) -> bool:
    """Return whether the newest values lie where none lay before a place: a season comes back to where it was."""
    newest, before = np.median(values[-3:]), values[:place]
    return bool(newest > before.max() + percent / 2 or newest < before.min() - percent / 2)


def _last_jump(at: Numbers, values: Numbers, percent: float) -> _Past:
    """Return what the newest jump of the level leaves of a history."""
    if len(values) < 4 * _SIDE:
        return _Past()
    windows = np.median(np.lib.stride_tricks.sliding_window_view(values, _SIDE), axis=1)
    away = windows[_SIDE:] - windows[:-_SIDE]
    away = away - np.median(away)
    far = np.abs(away) > max(_JUMP * _NORMAL * float(np.median(np.abs(away))), _JUMP_LEAST * percent)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], far, [False])).astype(int)))
    jumps: list[int] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        place = int(first + np.argmax(np.abs(away[first:last])))
        if jumps and place - jumps[-1] <= _SPIKE and abs(away[place] + away[jumps[-1]]) < abs(away[place]) * 0.3:
            jumps.pop()  # up and down again: a spike, and no other level
        else:
            jumps.append(place)
    downs = sum(1 for place in jumps if away[place] < 0)
    if not jumps or max(downs, len(jumps) - downs) >= _RECURRING:
        return _Past(recurring=downs if downs >= _RECURRING else 0)
    cut = jumps[-1] + _SIDE
    before = jumps[-2] + _SIDE if len(jumps) > 1 else 0
    return _Past(cut=cut, freed_after_s=float(at[cut] - at[before]) if away[jumps[-1]] < 0 else 0.0)


@functools.lru_cache(maxsize=512)
def _pairs(points: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = np.triu_indices(points, 1)
    return first, second


def _on_grid(at: Numbers, values: Numbers, step_s: float) -> tuple[Numbers, Numbers, float]:
    """Return (numbers of steps, their medians, how far values usually rise above them)."""
    slots = np.floor(at / step_s)
    order = np.lexsort((values, slots))
    slots, values = slots[order], values[order]
    first = np.flatnonzero(np.concatenate(([True], slots[1:] != slots[:-1])))
    last = np.concatenate((first[1:], [len(slots)])) - 1
    middle = (values[(first + last) // 2] + values[(first + last + 1) // 2]) / 2
    return slots[first], middle, float(np.median(values[last] - middle))


def _fit(at: Numbers, values: Numbers, percent: float) -> TrendLine | None:
    """Return the line of a stretch of one level, None when it is too short."""
    span = float(at[-1] - at[0]) + HOUR_S
    if span < LEAST_S:
        return None
    step_s, cycle = next((step, cycle) for least, step, cycle in _GRIDS if span >= least)
    slots, middle, peak = _on_grid(at, values, step_s)
    points = len(slots)
    if points < LEAST_POINTS:
        return None
    first, second = _pairs(points)
    apart = slots[second] - slots[first]
    alike = apart % cycle == 0
    rise = (middle[second] - middle[first])[alike]
    slope = float(np.median(rise / apart[alike])) if rise.size else 0.0
    past = slots - slots[-1]
    season = _season(slots, middle - slope * past, cycle)
    plain = middle - season[slots.astype(int) % cycle]
    spread = _spread(plain, slope, percent)
    sure = _kendall(plain, first, second) and abs(slope) * points > _SURE_DRIFT * np.sqrt(spread * points)
    if not sure:
        slope = 0.0
        spread = _spread(plain, 0.0, percent)
    ahead = tuple(float(season[int(slots[-1] + 1 + step) % cycle]) for step in range(cycle))
    return TrendLine(
        start=float(slots[0] * step_s), end=float(at[-1] + HOUR_S), step_s=step_s, points=points,
        level=float(np.median((plain - slope * past)[-max(cycle, points // 4) :])), slope=slope, season=ahead,
        peak=peak, spread=spread,
    )  # fmt: skip


def _swings(at: Numbers, values: Numbers, cut: int, found: TrendLine) -> bool:
    """Return whether values move as a week over another slope than the one found.

    Args:
        at: epoch seconds, of under three weeks.
        values: as many; a season of days in them is left as it is.
        cut: where the pace changed, 0 for nowhere.
        found: the line behind that.
    """
    past = (at - at[-1]) / DAY_S
    line = np.column_stack((np.ones_like(past), past))
    turns = 2 * np.pi * past / _WEEK
    week, slopes = _left(np.column_stack((line, np.sin(turns), np.cos(turns))), values)
    if cut:
        straight = (past >= past[cut])[:, None]
        bent, _ = _left(np.column_stack((line * straight, line * ~straight)), values)
    else:
        bent = _WEEK_LEAVES * _left(line, values)[0]
    slope = found.slope * DAY_S / found.step_s
    return week < bent and abs(float(slopes[1]) - slope) > _WEEK_TURNS * abs(slope)


def _left(model: Numbers, values: Numbers) -> tuple[float, Numbers]:
    """Return (the variance that the columns of a model leave, what each of them counts)."""
    counts = np.linalg.lstsq(model, values, rcond=None)[0]
    return float(np.var(values - model @ counts)), np.asarray(counts, dtype=np.float64)


def _season(slots: Numbers, left: Numbers, cycle: int) -> Numbers:
    """Return what each step of a season adds; 0 where it was seen less than twice."""
    season = np.zeros(cycle)
    if cycle == 1:
        return season
    phases = slots.astype(int) % cycle
    whole = np.median(left)
    for phase in range(cycle):
        seen = left[phases == phase]
        if len(seen) >= 2:
            season[phase] = np.median(seen) - whole
    return season - np.median(season)


def _spread(plain: Numbers, slope: float, percent: float) -> float:
    """Return the variance of one step's change, as changes over a sixth and a third of the history show it."""
    found = [(_FLOOR * percent) ** 2]
    for lag in (max(1, len(plain) // 6), max(1, len(plain) // 3)):
        changes = plain[lag:] - plain[:-lag] - slope * lag
        found.append(float(np.median(changes**2)) / _NORMAL_SQUARES / lag)
    return max(found[0], (found[1] + found[2]) / 2)


def _kendall(plain: Numbers, first: NDArray[np.intp], second: NDArray[np.intp]) -> bool:
    """Return whether points rise or fall too often to be an accident (Mann 1945, Kendall 1975)."""
    points = len(plain)
    score = abs(float(np.sum(np.sign(plain[second] - plain[first])))) - 1
    return score > _SURE_KENDALL * math.sqrt(points * (points - 1) * (2 * points + 5) / 18)
