"""Measurements on SQLite: written raw, read at the step that a chart needs."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence

from opsterm.monitoring.sample import Point, Sample, SeriesKey
from opsterm.runtime.ports import Fence
from opsterm.storage.compaction import HOUR_MS, MINUTE_MS, Compaction, Retention, floor_to
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

ADD_SERIES = """INSERT OR IGNORE INTO series (target, metric, item, minutes_until_ms, hours_until_ms)
VALUES (?, ?, ?, ?, ?)"""
FIND_SERIES = "SELECT id FROM series WHERE target = ? AND metric = ? AND item = ?"
WRITE = "INSERT OR REPLACE INTO sample (series_id, at_ms, value) VALUES (?, ?, ?)"
# A late sample makes its minute and hour be made again, but only where all they were made of is still there.
REDO_HOURS = """UPDATE series SET hours_until_ms = :hour WHERE id = :id AND hours_until_ms > :hour
AND (SELECT total(readings) FROM sample_minute WHERE series_id = :id AND at_ms BETWEEN :hour AND :hour + 3599999)
= (SELECT total(readings) FROM sample_hour WHERE series_id = :id AND at_ms = :hour)"""
REDO_MINUTES = """UPDATE series SET minutes_until_ms = :minute WHERE id = :id AND minutes_until_ms > :minute
AND (SELECT count(*) FROM sample WHERE series_id = :id AND at_ms BETWEEN :minute AND :minute + 59999)
= (SELECT total(readings) FROM sample_minute WHERE series_id = :id AND at_ms = :minute)"""
SERIES = """SELECT metric, item FROM series AS s WHERE target = ? AND (
EXISTS (SELECT 1 FROM sample WHERE series_id = s.id) OR EXISTS (SELECT 1 FROM sample_minute WHERE series_id = s.id)
OR EXISTS (SELECT 1 FROM sample_hour WHERE series_id = s.id)) ORDER BY metric, item"""
LATEST = """SELECT s.metric, s.item, v.at_ms, v.value FROM series AS s JOIN sample AS v ON v.series_id = s.id
AND v.at_ms = (SELECT max(at_ms) FROM sample WHERE series_id = s.id) WHERE s.target = ? ORDER BY s.metric, s.item"""
REACH = """SELECT id, minutes_until_ms, hours_until_ms, (SELECT min(at_ms) FROM sample WHERE series_id = s.id),
(SELECT min(at_ms) FROM sample_minute WHERE series_id = s.id)
FROM series AS s WHERE target = ? AND metric = ? AND item = ?"""
POINTS = """SELECT at_ms - at_ms % :step AS start, min(low), sum(mean * readings) / sum(readings), max(high),
sum(readings) FROM (
SELECT at_ms, low, mean, high, readings FROM sample_hour
WHERE series_id = :id AND at_ms >= :start AND at_ms < min(:minutes_from, :end)
UNION ALL SELECT at_ms, low, mean, high, readings FROM sample_minute
WHERE series_id = :id AND at_ms >= max(:start, :minutes_from) AND at_ms < min(:raw_from, :end)
UNION ALL SELECT at_ms, value AS low, value AS mean, value AS high, 1 AS readings FROM sample
WHERE series_id = :id AND at_ms >= max(:start, :raw_from) AND at_ms < :end
) GROUP BY start ORDER BY start"""


class SqliteSamples:
    """Measurements; see `runtime.ports.SampleStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers
        self._ids: dict[SeriesKey, int] = {}

    async def write(self, samples: Sequence[Sample], *, fence: Fence | None = None) -> None:
        """Keep measurements; one that is no number (NaN, infinite) is no measurement and is left out.

        Raises:
            LeaseLost: the fence does not hold.
            StorageError: nothing was kept.
        """
        good = [sample for sample in samples if math.isfinite(sample.value)]
        if not good:
            return
        known = self._ids

        def work(tx: Transaction) -> dict[SeriesKey, int]:
            tx.check(fence)
            return _write(tx.db, good, known)

        self._ids.update(await self._writer.write(work, weight=len(good)))  # only once the new ids are committed

    async def series(self, target: str) -> Sequence[SeriesKey]:
        """Return every series a target has, by metric and item."""
        return await self._readers.read(
            lambda db: [SeriesKey(target, metric, item) for metric, item in db.execute(SERIES, (target,))]
        )

    async def latest(self, target: str) -> Sequence[Sample]:
        """Return the newest sample of every series of a target of which raw measurements are still kept."""
        return await self._readers.read(
            lambda db: [
                Sample(SeriesKey(target, metric, item), at_ms / 1000, value)
                for metric, item, at_ms, value in db.execute(LATEST, (target,))
            ]
        )

    async def points(self, key: SeriesKey, start: float, end: float, step_s: float) -> Sequence[Point]:
        """Return the window as at most one point per `step_s`, aligned to multiples of `step_s`, holes absent.

        Both ends belong to the window. A stretch that begins before `start` is given whole, so that the first point
        of a moving window keeps its value until it leaves. Cost: about 0.6 ms per 1,000 rows read.
        """
        return await self._readers.read(lambda db: _points(db, key, start, end, step_s))

    async def compact(self, now: float, *, keep_raw_s: float, keep_minutes_s: float, keep_hours_s: float,
                      fence: Fence | None = None) -> None:  # fmt: skip
        """Make minute and hour points from what is complete, and drop what is older than it is kept for.

        Works in slices, each a transaction of its own, so that other writers get their turn.
        """
        limits = Retention.at(now, keep_raw_s=keep_raw_s, keep_minutes_s=keep_minutes_s, keep_hours_s=keep_hours_s)
        compaction = Compaction(limits, await self._readers.read(Compaction.series))

        def work(tx: Transaction) -> bool:
            tx.check(fence)
            return compaction.work(tx.db)

        while await self._writer.write(work):
            pass


def _write(db: sqlite3.Connection, samples: Sequence[Sample], known: dict[SeriesKey, int]) -> dict[SeriesKey, int]:
    """Write samples; return the numbers of series that were not in `known`."""
    fresh: dict[SeriesKey, int] = {}
    rows: list[tuple[int, int, float]] = []
    minutes: set[tuple[int, int]] = set()
    for key, at, value in samples:
        at_ms = round(at * 1000)
        number = known.get(key) or fresh.get(key)
        if number is None:
            number = fresh[key] = _series_id(db, key, at_ms)
        rows.append((number, at_ms, value))
        minutes.add((number, floor_to(at_ms, MINUTE_MS)))
    late = [{"id": number, "minute": minute, "hour": floor_to(minute, HOUR_MS)} for number, minute in minutes]
    db.executemany(REDO_HOURS, late)
    db.executemany(REDO_MINUTES, late)
    db.executemany(WRITE, rows)
    return fresh


def _series_id(db: sqlite3.Connection, key: SeriesKey, at_ms: int) -> int:
    db.execute(ADD_SERIES, (*key, floor_to(at_ms, MINUTE_MS), floor_to(at_ms, HOUR_MS)))
    return int(db.execute(FIND_SERIES, key).fetchone()[0])


def _points(db: sqlite3.Connection, key: SeriesKey, start: float, end: float, step_s: float) -> list[Point]:
    reach = db.execute(REACH, key).fetchone()
    if reach is None:
        return []
    number, minutes_until, hours_until, first_raw, first_minute = reach
    step = max(1, round(step_s * 1000))
    raw_from = minutes_until
    if step < MINUTE_MS and first_raw is not None:
        raw_from = floor_to(first_raw, MINUTE_MS)
    minutes_from = min(hours_until, raw_from)
    if step < HOUR_MS and first_minute is not None:
        minutes_from = min(floor_to(first_minute, HOUR_MS), raw_from)
    window = {
        "id": number,
        "step": step,
        "start": floor_to(round(start * 1000), step),
        "end": round(end * 1000) + 1,
        "raw_from": raw_from,
        "minutes_from": minutes_from,
    }
    return [
        Point(at_ms / 1000, low, min(max(mean, low), high), high, readings)
        for at_ms, low, mean, high, readings in db.execute(POINTS, window)
    ]
