"""A day of measurements, one row per moment, beside one row per series and moment, in one run on one disk.

Run with `python -m pytest -m speed -n 0 tests/speed/test_samples_speed.py -s`.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from opsterm.core.clock import StoppedClock, SystemClock
from opsterm.core.paths import find_paths
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.storage.store import SqliteStore, open_store
from opsterm.storage.writer import Work

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(300)]

T = TypeVar("T")
CLOCK = SystemClock()
SERIES, EVERY_S, DAY_S = 33, 2, 86_400
T0 = 1_700_000_000 - 1_700_000_000 % 3600
END = T0 + DAY_S
KEYS = [SeriesKey("localhost", "cpu.core_percent", str(number)) for number in range(SERIES)]
DICE = random.Random(7)
VALUES = [[DICE.uniform(0, 100) for _ in KEYS] for _ in range(1000)]
WINDOWS = (("15 min", 900, 2.0), ("1 h", 3600, 10.0), ("24 h", DAY_S, DAY_S / 600))

ROWS = """CREATE TABLE sample (series_id INTEGER NOT NULL, at_ms INTEGER NOT NULL, value FLOAT NOT NULL,
PRIMARY KEY (series_id, at_ms)) WITHOUT ROWID"""
ROWS_WRITE = "INSERT OR REPLACE INTO sample VALUES (?, ?, ?)"
ROWS_POINTS = """SELECT at_ms - at_ms % :step AS start, min(value), avg(value), max(value), count(*) FROM sample
WHERE series_id = :id AND at_ms >= :start AND at_ms < :end GROUP BY start ORDER BY start"""


def tick(number: int) -> list[Sample]:
    at = T0 + number * EVERY_S
    return [Sample(key, at, value) for key, value in zip(KEYS, VALUES[number % 1000], strict=True)]


def row_tick(number: int) -> list[tuple[int, int, float]]:
    at_ms = (T0 + number * EVERY_S) * 1000
    return [(series, at_ms, value) for series, value in enumerate(VALUES[number % 1000])]


def log_size(database: Path) -> int:
    return database.with_name(f"{database.name}-wal").stat().st_size


def since(began: float) -> float:
    """Return ms."""
    return (CLOCK.monotonic() - began) * 1000


class Rows:
    """The same measurements, one row each: what is compared with."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self._db = sqlite3.connect(database, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(ROWS)

    def write(self, numbers: range) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(ROWS_WRITE, [row for number in numbers for row in row_tick(number)])
        self._db.execute("COMMIT")

    def points(self, series: int, span_s: int, step_s: float) -> list[object]:
        window = {"id": series, "start": (END - span_s) * 1000, "end": END * 1000, "step": round(step_s * 1000)}
        return self._db.execute(ROWS_POINTS, window).fetchall()

    def empty_log(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._db.close()


@contextmanager
def timed_slices(store: SqliteStore) -> Iterator[list[float]]:
    """Collect the ms of each transaction that measurements take meanwhile."""
    took: list[float] = []
    writer = store.samples._writer  # type: ignore[attr-defined]  # the store behind the port
    write: Callable[..., Awaitable[object]] = writer.write

    async def timed(work: Work[T], *, weight: int = 1) -> object:
        began = CLOCK.monotonic()
        result = await write(work, weight=weight)
        took.append(since(began))
        return result

    writer.write = timed
    yield took
    writer.write = write


async def read(store: SqliteStore, keys: Sequence[SeriesKey], span_s: int, step_s: float) -> float:
    """Return the median ms of reading a window."""
    took = []
    for _ in range(5):
        began = CLOCK.monotonic()
        found = await store.samples.points_of(keys, END - span_s, END - EVERY_S, step_s)
        took.append(since(began))
        assert all(sum(point.readings for point in points) == span_s // EVERY_S for points in found)
    return statistics.median(took)


def read_rows(rows: Rows, series: int, span_s: int, step_s: float) -> float:
    took = []
    for _ in range(3):
        began = CLOCK.monotonic()
        for number in range(series):
            rows.points(number, span_s, step_s)
        took.append(since(began))
    return statistics.median(took)


async def cost_of_ticks(store: SqliteStore, database: Path, rows: Rows) -> tuple[float, float]:
    """Write ticks after the day, one by one; return and print bytes of log a tick, ours and one row each.

    The log begins anew after 1,000 pages; 20 ticks of 33 pages do not fill it.
    """
    numbers = range(DAY_S // EVERY_S, DAY_S // EVERY_S + 22)
    grown, took = [], []
    for log, ours in ((database, True), (rows.database, False)):
        before, began = 0, 0.0
        for number in numbers:
            if number == numbers[2]:
                before, began = log_size(log), CLOCK.monotonic()
            if ours:
                await store.samples.write(tick(number))
            else:
                rows.write(range(number, number + 1))
        took.append(since(began) / 20)
        grown.append((log_size(log) - before) / 20)
    print(f"  bytes of log a tick        {grown[0]:10,.0f}     {grown[1]:10,.0f}")
    print(f"  ms a tick, durable         {took[0]:10.2f}     {took[1]:10.2f}")
    return grown[0], grown[1]


async def print_windows(store: SqliteStore, rows: Rows | None) -> dict[tuple[str, int], float]:
    took = {}
    for label, span_s, step_s in WINDOWS:
        for count in (1, 10):
            ours = took[label, count] = await read(store, KEYS[:count], span_s, step_s)
            theirs = f"{read_rows(rows, count, span_s, step_s):10.1f}" if rows else ""
            print(f"  ms for {label:6} of {count:2} series {ours:10.1f}     {theirs}")
    return took


async def print_compaction(store: SqliteStore, what: str, keep_raw_s: float) -> float:
    """Compact at the day's end; return the median ms of a slice."""
    with timed_slices(store) as slices:
        await store.samples.compact(END, keep_raw_s=keep_raw_s, keep_minutes_s=1e9, keep_hours_s=1e9)
    print(f"  ms to {what:20} {sum(slices):10.0f}     {len(slices)} slices, longest {max(slices):.0f}")
    return statistics.median(slices)


def print_sizes(database: Path, rows: Path) -> None:
    with closing(sqlite3.connect(database)) as db:
        query = "SELECT sum(pgsize) FROM dbstat WHERE name = ?"
        raw, minutes = (db.execute(query, (table,)).fetchone()[0] / 1e6 for table in ("tick", "sample_minute"))
    print(f"  MB of a raw day            {raw:10.1f}     {rows.stat().st_size / 1e6:10.1f}")
    print(f"  MB of its minutes          {minutes:10.1f}")


async def test_a_day_of_measurements(tmp_path: Path) -> None:
    paths = find_paths({"OPSTERM_HOME": str(tmp_path)}, tmp_path)
    store, rows = await open_store(paths, StoppedClock()), Rows(tmp_path / "rows.db")
    for number in range(0, DAY_S // EVERY_S, 30):
        await store.samples.write([sample for one in range(number, number + 30) for sample in tick(one)])
        rows.write(range(number, number + 30))
    await store.close()
    rows.empty_log()
    store = await open_store(paths, StoppedClock())
    print(f"\na day of {SERIES} series, raw             ours   one row each")
    ours, theirs = await cost_of_ticks(store, paths.database, rows)
    raw = await print_windows(store, rows)
    make = await print_compaction(store, "make minutes, hours", DAY_S)
    print("the same with minutes and hours")
    await print_windows(store, None)
    print_sizes(paths.database, rows.database)
    drop = await print_compaction(store, "drop 23 raw hours", 3600)
    await store.close()
    rows.close()
    assert ours * 10 < theirs
    assert raw["24 h", 1] < 40
    assert raw["24 h", 10] < 120
    assert max(make, drop) < 50
