"""What is measured at one moment is one row, whoever measures it, and every value comes back as it was."""

from __future__ import annotations

import asyncio
import itertools
import math
import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsterm.core.clock import StoppedClock
from opsterm.core.paths import Paths
from opsterm.monitoring.sample import Point, Sample, SeriesKey
from opsterm.storage.store import SqliteStore, open_store

HOUR = 3600.0
T0 = 1_700_000_000.0 - 1_700_000_000.0 % HOUR
CPU = SeriesKey("localhost", "cpu.percent")
DISK = SeriesKey("localhost", "fs.used_percent", "/srv")
KEYS = [SeriesKey("localhost", "net.rate", f"eth{number}") for number in range(33)]
NUMBERS = itertools.count()
PAGE = 4096 + 24  # in the log

writes = st.lists(  # calls of (series, millisecond, value)
    st.lists(
        st.tuples(
            st.integers(0, 5), st.integers(0, 400_000), st.floats(-1e300, 1e300, allow_nan=False, allow_infinity=False)
        ),
        max_size=12,
    ),
    min_size=1,
    max_size=8,
)


async def compact(
    store: SqliteStore, now: float, *, keep_raw_s: float = 1e9, keep_minutes_s: float = 1e9, keep_hours_s: float = 1e9
) -> None:
    """Compact; what is not said is kept for ever."""
    await store.samples.compact(now, keep_raw_s=keep_raw_s, keep_minutes_s=keep_minutes_s, keep_hours_s=keep_hours_s)


def rows(paths: Paths, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(paths.database)) as db:
        return db.execute(statement).fetchall()


def single(samples: Sequence[Sample]) -> list[Point]:
    return [Point(s.at, s.value, s.value, s.value, 1) for s in sorted(samples, key=lambda s: s.at)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=writes, compacted=st.booleans())
async def test_any_writes_in_any_order_are_read_back_exactly(
    store: SqliteStore, calls: list[list[tuple[int, int, float]]], compacted: bool
) -> None:
    target = f"t{next(NUMBERS)}"
    keys = [SeriesKey(target, "m", str(number)) for number in range(6)]
    kept: dict[tuple[int, int], float] = {}
    for call in calls:
        await store.samples.write([Sample(keys[series], T0 + ms / 1000, value) for series, ms, value in call])
        kept.update({(series, ms): value for series, ms, value in call})
        if compacted:
            await compact(store, T0 + 390)
    per_series = [
        [Sample(key, T0 + ms / 1000, value) for (series, ms), value in kept.items() if series == number]
        for number, key in enumerate(keys)
    ]
    assert await store.samples.points_of(keys, T0, T0 + 400, 0.001) == [single(samples) for samples in per_series]
    assert await store.samples.series(target) == [key for key, own in zip(keys, per_series, strict=True) if own]
    assert await store.samples.latest(target) == [max(own, key=lambda s: s.at) for own in per_series if own]


async def test_callers_that_measure_the_same_moment_lose_nothing_of_each_other(
    store: SqliteStore, paths: Paths, clock: StoppedClock
) -> None:
    other = await open_store(paths, clock)  # as another process would
    await asyncio.gather(
        *((store if number % 2 else other).samples.write([Sample(key, T0, number)]) for number, key in enumerate(KEYS))
    )
    await other.samples.write([Sample(KEYS[3], T0, 100.0)])  # the same once more: the last word counts
    await other.close()
    values = {sample.key: sample.value for sample in await store.samples.latest("localhost")}
    assert values == {**{key: float(number) for number, key in enumerate(KEYS)}, KEYS[3]: 100.0}
    assert rows(paths, "SELECT count(*) FROM tick") == [(1,)]


async def test_several_series_are_read_like_each_alone(store: SqliteStore) -> None:
    web = SeriesKey("web-01", "load")
    await store.samples.write([Sample(key, T0 + 2 * n, n % 7) for n in range(900) for key in (CPU, DISK, web)])
    await compact(store, T0 + 1000)
    keys = [web, CPU, SeriesKey("nobody", "load"), DISK, CPU]
    for step in (2.0, 45.0, 300.0, 700.0):
        window = (T0 + 100, T0 + 1700, step)
        assert await store.samples.points_of(keys, *window) == [
            await store.samples.points(key, *window) for key in keys
        ]
    assert await store.samples.points_of([], T0, T0 + 1, 1.0) == []


async def test_a_series_that_ended_is_known_by_its_last_value_as_long_as_that_is_kept(store: SqliteStore) -> None:
    await store.samples.write([Sample(key, T0 + n, n) for n in range(100) for key in (CPU, DISK)])
    for begin in range(100, 7300, 1800):
        await store.samples.write([Sample(CPU, T0 + n, n) for n in range(begin, begin + 1800)])
    last = [Sample(CPU, T0 + 7299, 7299.0), Sample(DISK, T0 + 99, 99.0)]
    assert await store.samples.latest("localhost") == last
    await compact(store, T0 + 7300)
    assert await store.samples.latest("localhost") == last
    await compact(store, T0 + 7300, keep_raw_s=HOUR, keep_minutes_s=1.0)
    assert await store.samples.latest("localhost") == last[:1]
    assert await store.samples.series("localhost") == [CPU, DISK]  # by its hours


async def test_minutes_are_kept_at_least_as_long_as_what_they_are_made_of(store: SqliteStore) -> None:
    await store.samples.write([Sample(key, T0, 1.0) for key in (CPU, DISK)])
    await store.samples.write([Sample(CPU, T0 + 3 * HOUR, 2.0)])
    await compact(store, T0 + 3 * HOUR, keep_raw_s=24 * HOUR, keep_minutes_s=60.0, keep_hours_s=60.0)
    assert [sample.key for sample in await store.samples.latest("localhost")] == [CPU, DISK]


async def test_a_sample_that_comes_too_late_does_not_hide_the_minutes_of_others(store: SqliteStore) -> None:
    await store.samples.write([Sample(key, T0 + 10 * n, n) for n in range(720) for key in (CPU, DISK)])
    await compact(store, T0 + 2 * HOUR, keep_raw_s=HOUR)
    before = await store.samples.points_of([CPU, DISK], T0, T0 + 2 * HOUR, 10.0)
    await store.samples.write([Sample(CPU, T0 + 65, 5000.0)])
    assert await store.samples.points_of([CPU, DISK], T0, T0 + 2 * HOUR, 10.0) == before


async def test_series_that_come_and_go_share_a_layout(store: SqliteStore, paths: Paths) -> None:
    await store.samples.write([Sample(key, T0, 1.0) for key in KEYS[:20]])  # rates come with the second measurement
    for n in range(1, 200):
        seen = [key for number, key in enumerate(KEYS) if n == 1 or number < 20 or (n * 7919 >> number - 20) % 2]
        await store.samples.write([Sample(key, T0 + 2 * n, float(n)) for key in seen])
    assert rows(paths, "SELECT count(*) FROM layout") == [(2,)]
    assert len(await store.samples.points(KEYS[0], T0, T0 + 400, 2.0)) == 200
    assert len(await store.samples.points(KEYS[20], T0, T0 + 400, 2.0)) == 100
    await store.samples.write([Sample(CPU, T0 + 500, 1.0)])  # one value does not take the room of 33
    assert rows(paths, "SELECT length(data) FROM tick ORDER BY at_ms DESC LIMIT 1") == [(8,)]


async def test_values_are_kept_as_doubles_lowest_byte_first(store: SqliteStore, paths: Paths) -> None:
    values = [math.pi, 0.0, -0.0, 5e-324, 1.7e308]
    await store.samples.write([Sample(key, T0, value) for key, value in zip(KEYS, values, strict=False)])
    assert rows(paths, "SELECT data FROM tick") == [(struct.pack("<5d", *values),)]


async def test_a_tick_costs_the_log_a_few_pages_however_many_series_it_has(store: SqliteStore, paths: Paths) -> None:
    log = paths.database.with_name(f"{paths.database.name}-wal")

    def size() -> int:
        return log.stat().st_size

    await store.samples.write([Sample(key, T0, 1.0) for key in KEYS])
    before = await asyncio.to_thread(size)
    for n in range(1, 101):
        await store.samples.write([Sample(key, T0 + 2 * n, 1.0) for key in KEYS])
    assert (await asyncio.to_thread(size) - before) / 100 < 3 * PAGE
