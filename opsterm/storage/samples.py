"""Measurements on SQLite: written raw, read at the step that a chart needs."""

from __future__ import annotations

import math
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

from opsterm.monitoring.sample import HourRange, Point, Sample, SeriesKey
from opsterm.runtime.ports_store import Fence
from opsterm.storage.compaction import HOUR_MS, MINUTE_MS, Compaction, Retention, floor_to
from opsterm.storage.line import Readers
from opsterm.storage.ticks import Tally, Ticks
from opsterm.storage.writer import Transaction, Writer

ADD_SERIES = """INSERT INTO series (target, metric, item, minutes_until_ms, hours_until_ms)
VALUES (?, ?, ?, ?, ?)"""
MARKS = "SELECT id, metric, item, minutes_until_ms FROM series WHERE target = ?"
# A late sample makes its minute and hour be made again, but only where all they were made of is still there.
REDO_HOURS = """UPDATE series SET hours_until_ms = :hour WHERE id = :id AND hours_until_ms > :hour
AND (SELECT total(readings) FROM sample_minute WHERE series_id = :id AND at_ms BETWEEN :hour AND :hour + 3599999)
= (SELECT total(readings) FROM sample_hour WHERE series_id = :id AND at_ms = :hour)"""
REDO_MINUTES = "UPDATE series SET minutes_until_ms = :minute WHERE id = :id AND minutes_until_ms > :minute"
KNOWN = "SELECT target, metric, item FROM series ORDER BY target, metric, item"
MEASURED = "SELECT DISTINCT target FROM series"
READINGS = "SELECT total(readings) FROM sample_minute WHERE series_id = ? AND at_ms = ?"
SERIES = """SELECT id, metric, item, minutes_until_ms, EXISTS (SELECT 1 FROM sample_minute WHERE series_id = s.id)
OR EXISTS (SELECT 1 FROM sample_hour WHERE series_id = s.id) FROM series AS s WHERE target = ? ORDER BY metric, item"""
LAST_MINUTES = """SELECT id, metric, item, minutes_until_ms, (SELECT max(at_ms) FROM sample_minute
WHERE series_id = s.id) FROM series AS s WHERE target = ? ORDER BY metric, item"""
REACH = """SELECT id, minutes_until_ms, hours_until_ms, (SELECT min(at_ms) FROM sample_minute WHERE series_id = s.id)
FROM series AS s WHERE target = ? AND metric = ? AND item = ?"""
COARSE = """SELECT at_ms - at_ms % :step AS start, min(low), sum(mean * readings), max(high), sum(readings) FROM (
SELECT at_ms, low, mean, high, readings FROM sample_hour
WHERE series_id = :id AND at_ms >= :start AND at_ms < min(:minutes_from, :end)
UNION ALL SELECT at_ms, low, mean, high, readings FROM sample_minute
WHERE series_id = :id AND at_ms >= max(:start, :minutes_from) AND at_ms < min(:raw_from, :end)
) GROUP BY start ORDER BY start"""

RANGES = """SELECT s.target, s.metric, s.item, min(h.at_ms), min(h.mean), max(h.mean),
(SELECT mean FROM sample_hour WHERE series_id = s.id ORDER BY at_ms DESC LIMIT 1)
FROM series AS s JOIN sample_hour AS h ON h.series_id = s.id AND h.at_ms >= ? AND h.at_ms < ?
WHERE s.metric = ? AND (? = '' OR s.target = ?) GROUP BY s.id"""

Name = tuple[str, str]
"""Metric and item of a series."""


class SqliteSamples:
    """Measurements; see `runtime.ports_store.SampleStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def write(self, samples: Sequence[Sample], *, fence: Fence | None = None) -> None:
        """Keep measurements; one that is no number (NaN, infinite) is no measurement and is left out.

        So is one of a minute of which points were made and the other measurements are dropped: it comes too late.

        Raises:
            LeaseLost: the fence does not hold.
            StorageError: nothing was kept.
        """
        ticks: dict[str, dict[int, dict[Name, float]]] = {}
        for (target, metric, item), at, value in samples:
            if math.isfinite(value):
                ticks.setdefault(target, {}).setdefault(round(at * 1000), {})[metric, item] = value
        if not ticks:
            return

        def work(tx: Transaction) -> None:
            tx.check(fence)
            for target, by_time in ticks.items():
                _write(tx.db, target, sorted(by_time.items()))

        await self._writer.write(work, weight=len(samples))

    async def series(self, target: str) -> Sequence[SeriesKey]:
        """Return every series a target has, by metric and item."""
        return await self._readers.read(lambda db: _series(db, target))

    async def latest(self, target: str) -> Sequence[Sample]:
        """Return the newest sample of every series of a target of which raw measurements are still kept."""
        return await self._readers.read(lambda db: _latest(db, target))

    async def known(self) -> Sequence[SeriesKey]:
        """Return every series that was ever measured, of all targets; of some nothing may be left."""
        return await self._readers.read(lambda db: [SeriesKey(*row) for row in db.execute(KNOWN)])

    async def newer(self, than: Mapping[str, float]) -> Sequence[Sample]:
        """Return what each target last showed, where that is newer than the time named for it (0 where none is).

        Cost: two look-ups in an index for each target that was ever measured.
        """
        return await self._readers.read(lambda db: _newer(db, than))

    async def points(self, key: SeriesKey, start: float, end: float, step_s: float) -> Sequence[Point]:
        """Return the window as at most one point per `step_s`, aligned to multiples of `step_s`, holes absent.

        Both ends belong to the window. A stretch that begins before `start` is given whole, so that the first point
        of a moving window keeps its value until it leaves. Cost: see `points_of`.
        """
        return (await self.points_of([key], start, end, step_s))[0]

    async def points_of(
        self, keys: Sequence[SeriesKey], start: float, end: float, step_s: float
    ) -> Sequence[Sequence[Point]]:
        """Return `points` of several series, in the order of `keys`, from one state and in one pass over raw ticks.

        Cost: about 0.6 microseconds for each tick read, 3 for each point of raw measurements, and 0.6 for each
        minute and hour read.
        """
        return await self._readers.read(lambda db: _points_of(db, keys, start, end, step_s))

    async def ranges(self, metric: str, start: float, end: float, target: str = "") -> Sequence[HourRange]:
        """Return what the hours of each series of a metric range over; a series without one is absent.

        Cost: about 0.2 microseconds for each hour.
        """
        window = (round(start * 1000), round(end * 1000), metric, target, target)
        rows = await self._readers.read(lambda db: db.execute(RANGES, window).fetchall())
        return [HourRange(SeriesKey(*row[:3]), row[3] / 1000, *row[4:]) for row in rows]

    async def compact(self, now: float, *, keep_raw_s: float, keep_minutes_s: float, keep_hours_s: float,
                      fence: Fence | None = None) -> None:  # fmt: skip
        """Make minute and hour points from what is complete, and drop what is older than it is kept for.

        Works in slices, each a transaction of its own, so that other writers get their turn.
        """
        limits = Retention.at(now, keep_raw_s=keep_raw_s, keep_minutes_s=keep_minutes_s, keep_hours_s=keep_hours_s)
        compaction = await self._readers.read(lambda db: Compaction.over(db, limits))

        def work(tx: Transaction) -> bool:
            tx.check(fence)
            return compaction.work(tx.db)

        while await self._writer.write(work):
            pass


def _write(db: sqlite3.Connection, target: str, by_time: Sequence[tuple[int, Mapping[Name, float]]]) -> None:
    """Write a target's measurements, given in order of time."""
    ticks = Ticks(db)
    known = {(metric, item): (number, mark) for number, metric, item, mark in db.execute(MARKS, (target,))}
    minutes: dict[int, set[int]] = defaultdict(set)
    rows: list[tuple[int, dict[int, float]]] = []
    for at_ms, values in by_time:
        minute = floor_to(at_ms, MINUTE_MS)
        row: dict[int, float] = {}
        for name, value in values.items():
            if name not in known:
                added = db.execute(ADD_SERIES, (target, *name, minute, floor_to(at_ms, HOUR_MS))).lastrowid or 0
                known[name] = (added, minute)
            number, mark = known[name]
            row[number] = value
            if mark > minute:
                minutes[minute].add(number)
        rows.append((at_ms, row))
    too_late = {minute: _redo(db, ticks, target, minute, late) for minute, late in minutes.items()}
    for at_ms, row in rows:
        lost = too_late.get(floor_to(at_ms, MINUTE_MS))
        kept = {number: value for number, value in row.items() if number not in lost} if lost else row
        if kept:
            ticks.put(target, at_ms, kept)


def _redo(db: sqlite3.Connection, ticks: Ticks, target: str, minute: int, late: set[int]) -> set[int]:
    """Let a minute that is already made be made again for some series; return those for which that is impossible."""
    stretch = next(ticks.stretches(target, minute, minute + MINUTE_MS, MINUTE_MS), None)
    too_late: set[int] = set()
    for number in late:
        tally = stretch.tally(number) if stretch else None
        if db.execute(READINGS, (number, minute)).fetchone()[0] == (tally.readings if tally else 0):
            marks = {"id": number, "minute": minute, "hour": floor_to(minute, HOUR_MS)}
            db.execute(REDO_HOURS, marks)
            db.execute(REDO_MINUTES, marks)
        else:
            too_late.add(number)
    return too_late


def _series(db: sqlite3.Connection, target: str) -> list[SeriesKey]:
    rows = db.execute(SERIES, (target,)).fetchall()
    unmade = {number: mark for number, _, _, mark, made in rows if not made}
    if unmade:  # measured since minutes were last made, or nothing of them is left
        raw = Ticks(db).newest(target, min(unmade.values()), sys.maxsize, set(unmade)).keys()
        rows = [row for row in rows if row[0] not in unmade or row[0] in raw]
    return [SeriesKey(target, metric, item) for _, metric, item, _, _ in rows]


def _latest(db: sqlite3.Connection, target: str) -> list[Sample]:
    """Look at what minutes have not been made of; for the rest, at the last minute that was made of each series."""
    rows = db.execute(LAST_MINUTES, (target,)).fetchall()
    if not rows:
        return []
    ticks = Ticks(db)
    found = ticks.newest(target, min(row[3] for row in rows), sys.maxsize, {row[0] for row in rows})
    earlier: dict[int, set[int]] = defaultdict(set)
    for number, _, _, _, minute in rows:
        if number not in found and minute is not None:
            earlier[minute].add(number)
    for minute, wanted in earlier.items():
        found.update(ticks.newest(target, minute, minute + MINUTE_MS, wanted))
    return [
        Sample(SeriesKey(target, metric, item), found[number][0] / 1000, found[number][1])
        for number, metric, item, _, _ in rows
        if number in found
    ]


def _newer(db: sqlite3.Connection, than: Mapping[str, float]) -> list[Sample]:
    ticks, found = Ticks(db), list[Sample]()
    for (target,) in db.execute(MEASURED).fetchall():
        at_ms, values = ticks.last(target, round(than.get(target, 0.0) * 1000))
        for number, metric, item, _ in db.execute(MARKS, (target,)) if values else ():
            if number in values:
                found.append(Sample(SeriesKey(target, metric, item), at_ms / 1000, values[number]))
    return found


def _points_of(
    db: sqlite3.Connection, keys: Sequence[SeriesKey], start: float, end: float, step_s: float
) -> list[list[Point]]:
    step = max(1, round(step_s * 1000))
    first = floor_to(round(start * 1000), step)
    beyond = round(end * 1000) + 1
    ticks = Ticks(db)
    made: dict[SeriesKey, list[tuple[int, Tally]]] = {}
    passes: dict[tuple[str, int], dict[int, SeriesKey]] = defaultdict(dict)
    oldest = {target: ticks.first(target) for target in {key.target for key in keys}}
    for key in keys:
        reach = db.execute(REACH, key).fetchone()
        if reach is None:
            made[key] = []
            continue
        number, raw_from, minutes_from = _froms(reach, oldest[key.target], step)
        window = {
            "id": number, "step": step, "start": first, "end": beyond,
            "raw_from": raw_from, "minutes_from": minutes_from,
        }  # fmt: skip
        made[key] = [(at_ms, Tally(*rest)) for at_ms, *rest in db.execute(COARSE, window)]
        passes[key.target, max(first, raw_from)][number] = key
    for (target, raw_from), series in passes.items():
        for stretch in ticks.stretches(target, raw_from, beyond, step):
            for number, key in series.items():
                tally = stretch.tally(number)
                if tally:
                    _join(made[key], stretch.start, tally)
    return [[_point(at_ms, tally) for at_ms, tally in made[key]] for key in keys]


def _froms(reach: tuple[int, int, int, int | None], first_tick: int | None, step: int) -> tuple[int, int, int]:
    """Return a series' number, and from when on its raw measurements and its minutes are read."""
    number, minutes_until, hours_until, first_minute = reach
    raw_from = minutes_until
    if step < MINUTE_MS and first_tick is not None:
        raw_from = floor_to(first_tick, MINUTE_MS)
    minutes_from = min(hours_until, raw_from)
    if step < HOUR_MS and first_minute is not None:
        minutes_from = min(floor_to(first_minute, HOUR_MS), raw_from)
    return number, raw_from, minutes_from


def _join(made: list[tuple[int, Tally]], at_ms: int, more: Tally) -> None:
    """Add to a series' stretches; where minutes end and raw begins, one stretch can hold both."""
    if made and made[-1][0] == at_ms:
        last = made.pop()[1]
        more = Tally(
            min(last.low, more.low), last.total + more.total, max(last.high, more.high), last.readings + more.readings
        )
    made.append((at_ms, more))


def _point(at_ms: int, tally: Tally) -> Point:
    low, total, high, readings = tally
    return Point(at_ms / 1000, low, min(max(total / readings, low), high), high, readings)
