"""Axes: round steps, labels with units, and times that stand still.

Ticks sit on round values and round local times, never on "the start of the window": when the window moves on,
a label moves with its moment and does not change its text.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from opsterm.core.units import value_text

_PERCENT_STEPS = (10.0, 20.0, 25.0, 50.0, 100.0)
_SMALLEST_STEP = 1e-9
_SECOND_STEPS = tuple(
    float(s) for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAxis:
    """The upright axis of one unit.

    Attributes:
        bottom: smallest value shown.
        top: largest value shown, greater than `bottom`.
        ticks: round values with their labels, from the bottom.
    """

    bottom: float
    top: float
    ticks: tuple[tuple[float, str], ...]


def value_axis(low: float, high: float, unit: str, most_ticks: int) -> ValueAxis:
    """Return an axis that holds `low` to `high` between round ends.

    Percent runs from 0 to 100 unless a value lies outside; everything that is never negative starts at 0, so a
    small movement of a large value does not look like a landslide.

    Args:
        low: smallest value.
        high: largest value, at least `low`; both finite.
        unit: as `core.units.value_text` takes it.
        most_ticks: how many labels there is room for; at least 2 are used.
    """
    room = max(most_ticks, 2) - 1
    if unit == "%" and low >= 0 and high <= 100:
        step = next(step for step in _PERCENT_STEPS if 100 / step <= room)
        bottom, top = 0.0, 100.0
    else:
        bottom, top, step = _round_ends(min(low, 0.0), max(high, 0.0), unit, room)
    values = [bottom + step * place for place in range(round((top - bottom) / step) + 1)]
    return ValueAxis(bottom=bottom, top=top, ticks=tuple((v, tick_text(v, unit, step)) for v in values))


def _round_ends(low: float, high: float, unit: str, room: int) -> tuple[float, float, float]:
    """Return (bottom, top, step) of the finest round steps of which at most `room` cover the range."""
    room = max(room, 2) if low < 0 < high else room  # a step ends at 0, so two sides need two
    for step in _steps(unit, (high - low) / room):
        bottom = math.floor(low / step) * step
        top = max(math.ceil(high / step) * step, bottom + step)
        if round((top - bottom) / step) <= room:
            return bottom, top, step
    raise AssertionError


def _steps(unit: str, at_least: float) -> Iterator[float]:
    """Yield round steps from about `at_least` upwards; from 1 for a range of nothing."""
    at_least = at_least if at_least > _SMALLEST_STEP else 1.0
    if unit == "s" and at_least >= 0.5:
        yield from (step for step in _SECOND_STEPS if step >= at_least)
        yield from (86400.0 * days for days in _decimal_steps(max(at_least / 86400, 2.0)))
    yield from _decimal_steps(at_least)


def _decimal_steps(at_least: float) -> Iterator[float]:
    power = math.floor(math.log10(at_least))
    while True:
        for digit in (1.0, 2.0, 5.0):
            step = digit * 10.0**power
            if step >= at_least * 0.999999:
                yield step
        power += 1


def tick_text(value: float, unit: str, step: float) -> str:
    """Return a tick's label: with the digits that tell it from its neighbours, and its unit."""
    if value == 0 or (unit in ("B", "B/s") and step >= 1):
        return value_text(0.0 if value == 0 else value, unit)
    if unit == "s" and step >= 1:
        return _seconds_text(value)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(value) >= 100_000:
        return f"{value:.3g} {unit}".rstrip()
    return f"{value:.{digits}f} {unit}".rstrip()


def _seconds_text(value: float) -> str:
    size = abs(value)
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60)):
        if size >= seconds and size % seconds == 0:
            return f"{value / seconds:g} {unit}"
    if size > 3600:
        return f"{value / 3600:.1f} h"
    return f"{value / 60:.1f} m" if size > 60 else f"{value:g} s"


def time_ticks(start: float, end: float, cell_s: float) -> list[tuple[float, str]]:
    """Return round local times inside a window with their labels, in order.

    The step follows from the width of a cell alone, so it stays the same while the window moves.

    Args:
        start: epoch seconds.
        end: epoch seconds.
        cell_s: seconds of one cell column, greater than 0.
    """
    step = next((s for s in _SECOND_STEPS if s >= cell_s * (13 if s < 60 else 10)), 0.0)
    if not step:
        days = math.ceil(cell_s * 10 / 86400)
        step = 86400.0 * days
    offset = time.localtime(start).tm_gmtoff
    local = math.ceil((start + offset) / step) * step
    ticks: list[tuple[float, str]] = []
    while True:
        at = local - time.localtime(local - offset).tm_gmtoff
        if at >= end:
            return ticks
        if at >= start:
            ticks.append((at, clock_text(at, step)))
        local += step


def clock_text(at: float, step: float) -> str:
    """Return a local time as exact as `step` asks for: "13:42:10", "13:42", or the day at its start."""
    moment = time.localtime(at)
    if step < 60:
        return time.strftime("%H:%M:%S", moment)
    if step >= 86400 or (step >= 3600 and moment.tm_hour == moment.tm_min == 0):
        return time.strftime("%a %d", moment)
    return time.strftime("%H:%M", moment)
