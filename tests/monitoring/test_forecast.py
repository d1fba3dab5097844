"""When something is full: told only where the history carries it, and right as often as the edges say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from opsterm.monitoring.forecast import forecast
from opsterm.monitoring.outlook import Forecast, Outlook, can_fill
from opsterm.monitoring.sample import Point, Sample, SeriesKey
from opsterm.monitoring.trend import DAY_S, HOUR_S

Numbers = NDArray[np.float64]
KEY = SeriesKey("db-1", "fs.used_percent", "/")
START = 20_000 * DAY_S
AHEAD_D = 40
SERIES = 20
"""Of each kind. 0050 has the figures of 200."""


def hours(values: Numbers) -> list[Point]:
    return [Point(START + n * HOUR_S, value, value, value, 60) for n, value in enumerate(np.clip(values, 0, 100))]


def after(points: list[Point]) -> float:
    """Return the time at which the newest hour is over."""
    return points[-1].at + HOUR_S


def noise(rng: np.random.Generator, t: Numbers, high: float) -> Numbers:
    values: Numbers = rng.normal(0, high, len(t))
    return values


def linear(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    slope = rng.uniform(0.5, 2.5)
    values: Numbers = 100 - slope * now * rng.uniform(1.2, 1.9) + slope * t + noise(rng, t, 0.3)
    return values


def noisy(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    return linear(rng, t, now) + noise(rng, t, 1.5)


def seasons(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    values: Numbers = linear(rng, t, now) - 5 + 4 * np.sin(2 * np.pi * t / 7) + 2 * np.sin(2 * np.pi * t)
    return values


def rotated(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    return linear(rng, t, now) - 8 + 8 * ((t + rng.uniform(0, 1)) % 1)


def wandering(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    return linear(rng, t, now) + np.cumsum(rng.normal(0, 0.15, len(t)))


def cleaned(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    slope, at = rng.uniform(0.8, 2), rng.uniform(now * 0.3, now * 0.6)
    grown = slope * t - np.where(t > at, 20, 0) + rng.normal(0, 0.2, len(t))
    return grown - slope * now + 20 + 100 - slope * rng.uniform(0.2, 0.9) * (now - at)


def begun(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    since, slope = rng.uniform(2, 6), rng.uniform(3, 6)
    left = slope * since * rng.uniform(0.3, 0.8)
    return np.maximum(0, t - now + since) * slope - since * slope + 100 - left + rng.normal(0, 0.2, len(t))


FILLING = (linear, noisy, seasons, rotated, wandering, cleaned, begun)


def flat(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    return rng.uniform(20, 95) + rng.normal(0, rng.uniform(0.05, 1.5), len(t))


def daily_rotation(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    return rng.uniform(50, 80) + rng.uniform(5, 15) * (t % 1) + rng.normal(0, 0.2, len(t))


def weekly_rotation(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    return rng.uniform(40, 75) + rng.uniform(10, 20) * ((t + rng.uniform(0, 7)) % 7) / 7 + rng.normal(0, 0.2, len(t))


def week(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    high = rng.uniform(5, 15)
    return rng.uniform(30, 75) + high * np.sin(2 * np.pi * t / 7 + rng.uniform(0, 6)) + rng.normal(0, 1, len(t))


def step(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    high = rng.uniform(10, 30) * rng.choice([-1, 1])
    return rng.uniform(40, 65) + np.where(t > rng.uniform(now * 0.1, now * 0.9), high, 0) + rng.normal(0, 0.3, len(t))


def spikes(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    values: Numbers = rng.uniform(40, 80) + rng.normal(0, 0.2, len(t))
    for place in rng.integers(0, len(t) - 10, 6):
        values[place : place + rng.integers(1, 8)] += 15
    return values


STEADY = (flat, daily_rotation, weekly_rotation, week, step, spikes)


def looked(kind: Callable[[np.random.Generator, Numbers, float], Numbers], days: int) -> list[tuple[Forecast, float]]:
    """Return forecasts of some series, each with the time at which it really was full, infinite for never."""
    rng, made = np.random.default_rng(7), []
    t = np.arange((days + AHEAD_D) * 24) / 24
    for _ in range(SERIES):
        values = kind(rng, t, float(days))
        past, future = values[: days * 24], values[days * 24 :]
        full = np.flatnonzero(future >= 100)
        at = START + days * DAY_S + full[0] * HOUR_S if full.size else float("inf")
        made.append((forecast(KEY, hours(past), now=START + days * DAY_S), at))
    return made


@pytest.mark.parametrize("kind", FILLING, ids=lambda kind: kind.__name__)
def test_what_fills_is_told_and_between_the_edges(kind: Callable[..., Numbers]) -> None:
    told = [(one, at) for one, at in looked(kind, 30) if one.outlook is Outlook.FILLS]
    held = [one.earliest - 2 * HOUR_S <= at <= (one.latest or float("inf")) + 2 * HOUR_S for one, at in told]
    assert len(told) >= SERIES * 0.4
    assert sum(held) / len(held) >= 0.75


@pytest.mark.parametrize("days", [2, 10, 30])
@pytest.mark.parametrize("kind", STEADY, ids=lambda kind: kind.__name__)
def test_what_does_not_fill_has_no_date(kind: Callable[..., Numbers], days: int) -> None:
    told = [one for one, _ in looked(kind, days) if one.full_at]
    assert len(told) <= SERIES * 0.04, [one.full_at for one in told]


def swings(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    high, slope = rng.uniform(4, 10), rng.uniform(0.1, 0.5)
    values: Numbers = rng.uniform(75, 92) + slope * (t - now) + noise(rng, t, 0.5)
    return values + high * np.sin(2 * np.pi * t / 7 + rng.uniform(0, 6))


def busy_days(rng: np.random.Generator, t: Numbers, now: float) -> Numbers:
    busy = np.convolve((t + rng.uniform(0, 7)) % 7 < 5, np.ones(24) / 24, mode="same")
    return rng.uniform(60, 78) + rng.uniform(0.1, 0.5) * (t - now) + rng.uniform(8, 20) * busy + noise(rng, t, 0.5)


@pytest.mark.parametrize("days", [5, 10, 13, 17, 20])
@pytest.mark.parametrize("kind", [swings, busy_days, seasons], ids=lambda kind: kind.__name__)
def test_a_week_that_was_not_seen_twice_is_no_growth(kind: Callable[..., Numbers], days: int) -> None:
    told = [(one, at) for one, at in looked(kind, days) if one.outlook is Outlook.FILLS]
    wrong = [one for one, at in told if not one.earliest - 2 * HOUR_S <= at <= (one.latest or at) + 2 * HOUR_S]
    assert len(wrong) <= SERIES * 0.05, wrong


def test_what_swings_with_the_week_says_that_its_history_is_too_short() -> None:
    t = np.arange(10 * 24) / 24
    points = hours(70 + t + 6 * np.sin(2 * np.pi * (t - 8.2) / 7))
    found = forecast(KEY, points, now=after(points))
    assert (found.outlook, found.full_at, found.earliest) == (Outlook.PART_OF_WEEK, 0.0, 0.0)


@pytest.mark.parametrize("kind", [linear, noisy, rotated, begun], ids=lambda kind: kind.__name__)
def test_plain_growth_has_a_date_from_ten_days(kind: Callable[..., Numbers]) -> None:
    told = [(one, at) for one, at in looked(kind, 10) if one.outlook is Outlook.FILLS]
    held = [one.earliest - 2 * HOUR_S <= at <= (one.latest or float("inf")) + 2 * HOUR_S for one, at in told]
    assert len(told) >= SERIES * 0.7
    assert sum(held) / len(held) >= 0.85


@st.composite
def histories(draw: st.DrawFn) -> list[Point]:
    """Return any history: with holes, jumps, spikes, ends of the range."""
    count = draw(st.integers(1, 24 * 35))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from([*FILLING, *STEADY]))
    values = kind(rng, np.arange(max(count, 24 * 5)) / 24, max(count / 24, 5.0))[:count] + draw(st.floats(-50, 50))
    kept = rng.random(count) >= draw(st.sampled_from([0.0, 0.1, 0.7]))
    kept[-1] = True
    return [point for point, keep in zip(hours(values), kept, strict=True) if keep]


@given(histories(), st.sampled_from([0.0, 3600.0, 7 * DAY_S, 90 * DAY_S]))
@settings(max_examples=60)
def test_no_date_is_beyond_what_the_history_carries(points: list[Point], within_s: float) -> None:
    found = forecast(KEY, points, now=after(points), within_s=within_s)
    assert found.history_s <= points[-1].at + HOUR_S - points[0].at
    assert found.horizon_s <= found.history_s
    assert not within_s or found.horizon_s <= within_s
    assert 0 <= found.low <= found.middle <= found.high <= 100 or found.outlook is Outlook.TOO_LITTLE
    if found.full_at and found.outlook is not Outlook.FULL:
        assert found.outlook is Outlook.FILLS
        assert found.per_day > 0
        assert found.at <= found.earliest <= found.full_at <= found.at + found.horizon_s
        assert not found.latest or found.latest >= found.full_at


@given(histories(), st.integers(1, 20))
@settings(max_examples=30)
def test_eight_weeks_later_it_is_the_same(points: list[Point], times: int) -> None:
    by = times * 56 * DAY_S
    moved = [point._replace(at=point.at + by) for point in points]
    one, later = forecast(KEY, points, now=after(points)), forecast(KEY, moved, now=after(moved))
    assert (one.outlook, one.per_day, one.low, one.high) == (later.outlook, later.per_day, later.low, later.high)
    assert one.full_at == pytest.approx(later.full_at and later.full_at - by)


@given(histories())
@settings(max_examples=60)
def test_the_quick_look_leaves_out_nothing_that_fills(points: list[Point]) -> None:
    found = forecast(KEY, points, now=after(points))
    means = [point.mean for point in points]
    assert can_fill((min(means), max(means), means[-1]), 100.0) or not found.full_at


@example(1)
@example(23)
@given(st.integers(1, 23))
def test_under_a_day_nothing_is_told(count: int) -> None:
    points = hours(np.linspace(50, 90, count))
    found = forecast(KEY, points, now=after(points))
    assert (found.outlook, found.full_at, found.horizon_s) == (Outlook.TOO_LITTLE, 0.0, 0.0)


def test_what_is_full_is_full_now() -> None:
    points = hours(np.full(200, 60.0))
    found = forecast(KEY, points, Sample(KEY, points[-1].at + 1800, 100.0), now=after(points))
    assert (found.outlook, found.full_at) == (Outlook.FULL, found.at)


def test_a_clean_up_cuts_the_history_and_is_told() -> None:
    t = np.arange(30 * 24) / 24
    points = hours(np.where(t < 14, 30 + 3 * t, 3 * t - 2))
    found = forecast(KEY, points, now=after(points))
    assert (found.outlook, round(found.per_day, 1)) == (Outlook.FILLS, 3.0)
    assert abs(found.cut_at - (START + 14 * DAY_S)) <= 6 * HOUR_S
    assert found.history_s <= 16.3 * DAY_S


GROWS = np.linspace(60, 93, 10 * 24)


@pytest.mark.parametrize("old_s", [3.1 * HOUR_S, 15 * DAY_S])
@pytest.mark.parametrize("values", [GROWS, np.full(240, 100.0), GROWS[:1], np.full(1, 100.0)])
def test_what_was_not_measured_lately_has_no_outlook(values: Numbers, old_s: float) -> None:
    points = hours(values)
    found = forecast(KEY, points, now=after(points) + old_s)
    assert (found.outlook, found.full_at, found.earliest, found.latest) == (Outlook.STALE, 0.0, 0.0, 0.0)


def test_no_date_lies_before_now() -> None:
    points = hours(np.linspace(40, 99.9, 20 * 24))
    assert forecast(KEY, points, now=after(points)).outlook is Outlook.FILLS
    assert forecast(KEY, points, now=after(points) + 2.5 * HOUR_S).outlook is Outlook.STALE
    near = hours(np.linspace(40, 99, 20 * 24))
    found = forecast(KEY, near, now=after(near) + 2.5 * HOUR_S)
    assert found.outlook is Outlook.FILLS
    assert after(near) + 2.5 * HOUR_S <= found.earliest <= found.full_at


def test_a_day_that_swings_is_no_growth_after_a_part_of_it() -> None:
    t = np.arange(14) / 24
    points = hours(60 + 25 * np.sin(2 * np.pi * (t - 0.3)))
    assert forecast(KEY, points, now=after(points)).outlook is Outlook.TOO_LITTLE
