"""Measurements: what a chart reads is what was measured, however old, and holes stay holes."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsterm.core.clock import StoppedClock, SystemClock
from opsterm.core.paths import Paths
from opsterm.monitoring.sample import Point, Sample, SeriesKey
from opsterm.storage import compaction
from opsterm.storage.store import SqliteStore, open_store

KEY = SeriesKey("localhost", "cpu.percent")
HOUR = 3600.0
T0 = 1_700_000_000.0 - 1_700_000_000.0 % HOUR
NUMBERS = itertools.count()


def expected(samples: list[Sample], start: float, end: float, step: float) -> list[Point]:
    """What `points` should give, from raw values in plain Python."""
    first = start - start % step
    buckets: dict[float, list[float]] = defaultdict(list)
    for sample in samples:
        if first <= sample.at <= end:
            buckets[round(sample.at * 1000) // round(step * 1000) * round(step * 1000) / 1000].append(sample.value)
    return [Point(at, min(v), sum(v) / len(v), max(v), len(v)) for at, v in sorted(buckets.items())]


def alike(found: list[Point], wanted: list[Point]) -> bool:
    return [(p.at, p.low, p.high, p.readings) for p in found] == [
        (p.at, p.low, p.high, p.readings) for p in wanted
    ] and all(math.isclose(a.mean, b.mean, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(found, wanted, strict=True))


def ramp(count: int, *, every: float = 10.0, begin: float = T0) -> list[Sample]:
    return [Sample(KEY, begin + number * every, float(number * 37 % 101)) for number in range(count)]


async def compact(
    store: SqliteStore, now: float, *, keep_raw_s: float = 1e9, keep_minutes_s: float = 1e9, keep_hours_s: float = 1e9
) -> None:
    """Compact; what is not said is kept for ever."""
    await store.samples.compact(now, keep_raw_s=keep_raw_s, keep_minutes_s=keep_minutes_s, keep_hours_s=keep_hours_s)


async def test_series_and_newest_values_are_listed(store: SqliteStore) -> None:
    disk = SeriesKey("localhost", "fs.used_percent", "/")
    await store.samples.write([Sample(disk, 5.0, 1.0), Sample(KEY, 5.0, 2.0), Sample(KEY, 3.5, 9.0)])
    await store.samples.write([Sample(SeriesKey("web-01", "load"), 5.0, 1.0), Sample(disk, 7.25, 3.0)])
    assert await store.samples.series("localhost") == [KEY, disk]
    assert await store.samples.latest("localhost") == [Sample(KEY, 5.0, 2.0), Sample(disk, 7.25, 3.0)]
    assert await store.samples.latest("nobody") == []
    assert await store.samples.points(SeriesKey("nobody", "load"), 0, 100, 1) == []


async def test_what_is_new_of_every_target_is_found_at_once(store: SqliteStore) -> None:
    disk, load = SeriesKey("localhost", "fs.used_percent", "/"), SeriesKey("web-01", "load")
    assert await store.samples.newer({}) == []
    assert await store.samples.known() == []
    await store.samples.write([Sample(disk, 5.0, 1.0), Sample(KEY, 7.0, 2.0), Sample(load, 6.0, 4.0)])
    assert await store.samples.known() == [KEY, disk, load]
    assert await store.samples.newer({}) == [Sample(KEY, 7.0, 2.0), Sample(load, 6.0, 4.0)]
    assert await store.samples.newer({"localhost": 7.0, "web-01": 5.999}) == [Sample(load, 6.0, 4.0)]
    assert await store.samples.newer({"localhost": 7.0, "web-01": 6.0}) == []


async def test_what_is_no_number_is_no_measurement(store: SqliteStore) -> None:
    await store.samples.write([Sample(KEY, 1.0, math.nan), Sample(KEY, 2.0, math.inf), Sample(KEY, 3.0, 1.0)])
    await store.samples.write([Sample(KEY, 4.0, -math.inf)])
    assert await store.samples.latest("localhost") == [Sample(KEY, 3.0, 1.0)]


async def test_both_ends_belong_to_the_window_and_holes_are_absent(store: SqliteStore) -> None:
    await store.samples.write([Sample(KEY, at, at) for at in (10.0, 11.0, 12.0, 40.0, 41.0)])
    assert await store.samples.points(KEY, 11.0, 40.0, 1.0) == [
        Point(11.0, 11.0, 11.0, 11.0, 1), Point(12.0, 12.0, 12.0, 12.0, 1), Point(40.0, 40.0, 40.0, 40.0, 1),
    ]  # fmt: skip
    assert [p.at for p in await store.samples.points(KEY, 12.0, 50.0, 10.0)] == [10.0, 40.0]
    assert (await store.samples.points(KEY, 12.0, 50.0, 10.0))[0].readings == 3  # a stretch is given whole


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    offsets=st.lists(st.integers(0, 3 * 3600 * 1000), min_size=1, max_size=60, unique=True),
    step=st.sampled_from([0.5, 1.0, 7.0, 13.7, 60.0, 300.0, 3600.0]),
    compacted_at=st.sampled_from([0.0, 1800.0, 3 * HOUR + 61]),
)
async def test_any_samples_are_read_as_measured_whether_compacted_or_not(
    store: SqliteStore, offsets: list[int], step: float, compacted_at: float
) -> None:
    key = SeriesKey(f"t{next(NUMBERS)}", "m")
    samples = [Sample(key, T0 + ms / 1000, float(ms % 1000) / 7) for ms in offsets]
    await store.samples.write(samples)
    if compacted_at:
        await compact(store, T0 + compacted_at)
    found = list(await store.samples.points(key, T0, T0 + 3 * HOUR, step))
    assert alike(found, expected(samples, T0, T0 + 3 * HOUR, step))
    assert sum(p.readings for p in found) == len(samples)
    assert all(p.low <= p.mean <= p.high for p in found)


async def test_old_stretches_are_read_from_minutes_and_hours(store: SqliteStore) -> None:
    samples = ramp(6 * 360)  # six hours, every 10 s
    await store.samples.write(samples)
    now = T0 + 6 * HOUR + 5
    await compact(store, now, keep_raw_s=HOUR, keep_minutes_s=3 * HOUR)
    points = list(await store.samples.points(KEY, T0, now, 10.0))
    raw_from, minutes_from = T0 + 5 * HOUR, T0 + 3 * HOUR
    assert [p.at for p in points if p.at < minutes_from] == [T0, T0 + HOUR, T0 + 2 * HOUR]
    assert [p.at for p in points if minutes_from <= p.at < raw_from] == [minutes_from + 60 * n for n in range(120)]
    assert [p.readings for p in points if p.at >= raw_from] == [1] * 360
    assert sum(p.readings for p in points) == len(samples)
    by_hour = list(await store.samples.points(KEY, T0, now, HOUR))
    assert alike(by_hour, expected(samples, T0, now, HOUR))


async def test_gaps_stay_gaps_after_compaction(store: SqliteStore) -> None:
    samples = [*ramp(30), *ramp(30, begin=T0 + 2 * HOUR)]
    await store.samples.write(samples)
    await compact(store, T0 + 4 * HOUR)
    points = await store.samples.points(KEY, T0, T0 + 4 * HOUR, 60.0)
    assert [p.at for p in points] == [T0 + 60 * n for n in range(5)] + [T0 + 2 * HOUR + 60 * n for n in range(5)]


async def test_compaction_step_by_step_equals_compaction_at_once(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = KEY._replace(target="web-01")
    samples = ramp(3000, every=3.0)
    for number in range(0, 3000, 100):
        await store.samples.write(samples[number : number + 100])
        await compact(store, samples[min(number + 99, 2999)].at, keep_raw_s=HOUR, keep_minutes_s=2 * HOUR)
    await store.samples.write([sample._replace(key=other) for sample in samples])
    monkeypatch.setattr(compaction, "SLICE_ROWS", 70)
    for _ in range(2):  # twice changes nothing
        await compact(store, samples[-1].at, keep_raw_s=HOUR, keep_minutes_s=2 * HOUR)
    for step in (1.0, 60.0, 600.0, HOUR):
        window = (T0, samples[-1].at, step)
        assert alike(
            list(await store.samples.points(KEY, *window)), list(await store.samples.points(other, *window))
        ), step


async def test_a_late_sample_finds_its_minute_and_hour(store: SqliteStore) -> None:
    samples = ramp(720)
    await store.samples.write(samples)
    await compact(store, T0 + 2 * HOUR)
    late = Sample(KEY, T0 + 1805.0, 5000.0)
    await store.samples.write([late])
    await compact(store, T0 + 2 * HOUR)
    for step in (60.0, HOUR):
        found = list(await store.samples.points(KEY, T0, T0 + 2 * HOUR, step))
        assert alike(found, expected([*samples, late], T0, T0 + 2 * HOUR, step))


async def test_a_very_late_sample_does_not_spoil_what_is_already_made(store: SqliteStore) -> None:
    samples = ramp(720)
    await store.samples.write(samples)
    await compact(store, T0 + 3 * HOUR, keep_raw_s=HOUR)
    await store.samples.write([Sample(KEY, T0 + 65.0, 5000.0)])
    await compact(store, T0 + 3 * HOUR, keep_raw_s=HOUR)
    found = list(await store.samples.points(KEY, T0, T0 + 2 * HOUR, HOUR))
    assert alike(found, expected(samples, T0, T0 + 2 * HOUR, HOUR))


async def test_everything_goes_when_it_is_old(store: SqliteStore) -> None:
    await store.samples.write(ramp(720))
    await compact(store, T0 + 1e7, keep_raw_s=HOUR, keep_minutes_s=HOUR, keep_hours_s=HOUR)
    assert await store.samples.series("localhost") == []
    assert await store.samples.points(KEY, T0, T0 + 1e7, 60.0) == []
    again = Sample(KEY, T0 + 1e7, 1.0)
    await store.samples.write([again])  # the series' number is still known
    assert await store.samples.latest("localhost") == [again]


async def test_history_survives_a_restart(paths: Paths, clock: StoppedClock) -> None:
    first = await open_store(paths, clock)
    await first.samples.write(ramp(100))
    before = await first.samples.points(KEY, T0, T0 + HOUR, 30.0)
    await first.close()
    second = await open_store(paths, clock)
    assert await second.samples.points(KEY, T0, T0 + HOUR, 30.0) == before
    await second.samples.write(ramp(3, begin=T0 + HOUR))
    assert len(await second.samples.points(KEY, T0, T0 + HOUR + 60, 10.0)) == 103
    await second.close()


@pytest.mark.speed
async def test_a_day_of_one_series_is_read_quickly_and_compacted_in_short_slices(store: SqliteStore) -> None:
    clock = SystemClock()
    await store.samples.write(ramp(43_200, every=2.0))
    began = clock.monotonic()
    points = await store.samples.points(KEY, T0, T0 + 24 * HOUR, 24 * HOUR / 600)
    assert len(points) == 600
    assert clock.monotonic() - began < 0.5
    slices: list[float] = []
    write = store.samples._writer.write  # type: ignore[attr-defined]  # the store behind the port

    async def timed(work: object, **named: object) -> object:
        start = clock.monotonic()
        result = await write(work, **named)
        slices.append(clock.monotonic() - start)
        return result

    store.samples._writer.write = timed  # type: ignore[attr-defined]  # put in its place for this test
    await compact(store, T0 + 24 * HOUR, keep_raw_s=HOUR)
    assert len(slices) > 4
    assert sorted(slices)[len(slices) // 2] < 0.05
