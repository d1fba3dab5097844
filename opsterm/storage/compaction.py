"""From raw measurements to minutes, from minutes to hours, and out: what keeps the history small.

Each series carries two marks: minutes are made up to the one, hours up to the other. A slice moves marks forward
over a bounded number of rows and drops a bounded number of old ones; doing it twice changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

MINUTE_MS = 60_000
HOUR_MS = 3_600_000

SLICE_ROWS = 10_000
"""Rows read or dropped in one transaction: about 10-20 ms on this hardware's slowest day."""

ALL_SERIES = "SELECT id FROM series"
MARKS = "SELECT minutes_until_ms, hours_until_ms FROM series WHERE id = ?"
MAKE_MINUTES = """INSERT OR REPLACE INTO sample_minute (series_id, at_ms, low, mean, high, readings)
SELECT series_id, at_ms - at_ms % 60000 AS start, min(value), avg(value), max(value), count(*) FROM sample
WHERE series_id = ? AND at_ms >= ? AND at_ms < ? GROUP BY start"""
MAKE_HOURS = """INSERT OR REPLACE INTO sample_hour (series_id, at_ms, low, mean, high, readings)
SELECT series_id, at_ms - at_ms % 3600000 AS start, min(low), sum(mean * readings) / sum(readings), max(high),
sum(readings) FROM sample_minute WHERE series_id = ? AND at_ms >= ? AND at_ms < ? GROUP BY start"""
MARK_MINUTES = "UPDATE series SET minutes_until_ms = ? WHERE id = ?"
MARK_HOURS = "UPDATE series SET hours_until_ms = ? WHERE id = ?"
BEYOND = {
    table: f"SELECT at_ms FROM {table} WHERE series_id = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms LIMIT 1 OFFSET ?"  # noqa: S608 (constants only)
    for table in ("sample", "sample_minute", "sample_hour")
}
COUNT = {
    table: f"SELECT count(*) FROM {table} WHERE series_id = ? AND at_ms >= ? AND at_ms < ?"  # noqa: S608 (constants only)
    for table in BEYOND
}
DROP = {table: f"DELETE FROM {table} WHERE series_id = ? AND at_ms < ?" for table in BEYOND}  # noqa: S608 (constants only)


def floor_to(at_ms: int, unit_ms: int) -> int:
    """Return the start of the stretch of `unit_ms` that holds `at_ms`."""
    return at_ms - at_ms % unit_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Up to where things are made, and before which they are dropped; all in epoch milliseconds.

    Attributes:
        minutes_to: end of the last complete minute.
        hours_to: end of the last complete hour.
        raw_from: raw measurements before it are dropped; start of a minute.
        minutes_from: minutes before it are dropped; start of an hour.
        hours_from: hours before it are dropped.
    """

    minutes_to: int
    hours_to: int
    raw_from: int
    minutes_from: int
    hours_from: int

    @classmethod
    def at(cls, now: float, *, keep_raw_s: float, keep_minutes_s: float, keep_hours_s: float) -> Retention:
        """Return the limits at a time, for things kept so many seconds."""
        return cls(
            minutes_to=floor_to(round(now * 1000), MINUTE_MS),
            hours_to=floor_to(round(now * 1000), HOUR_MS),
            raw_from=floor_to(round((now - keep_raw_s) * 1000), MINUTE_MS),
            minutes_from=floor_to(round((now - keep_minutes_s) * 1000), HOUR_MS),
            hours_from=floor_to(round((now - keep_hours_s) * 1000), HOUR_MS),
        )


class Compaction:
    """One pass over all series, in slices."""

    def __init__(self, limits: Retention, series: Sequence[int]) -> None:
        """Begin a pass over series, given by number."""
        self._limits = limits
        self._left = list(series)

    @staticmethod
    def series(db: sqlite3.Connection) -> list[int]:
        """Return the numbers of all series, last one first."""
        return [number for (number,) in db.execute(ALL_SERIES)]

    def work(self, db: sqlite3.Connection) -> bool:
        """Do one slice; return whether there is more to do."""
        budget = SLICE_ROWS
        while self._left and budget > 0:
            used, finished = self._one(db, self._left[-1], budget)
            budget -= used + 20  # looking at a series that needs nothing costs something as well
            if finished:
                self._left.pop()
        return bool(self._left)

    def _one(self, db: sqlite3.Connection, series: int, budget: int) -> tuple[int, bool]:
        """Work on one series; return the rows touched and whether it needs no more."""
        limits = self._limits
        minutes_until, hours_until = db.execute(MARKS, (series,)).fetchone()
        used = 0
        if minutes_until < limits.minutes_to:
            end, rows = _reach(db, "sample", series, (minutes_until, limits.minutes_to), MINUTE_MS, budget)
            db.execute(MAKE_MINUTES, (series, minutes_until, end))
            db.execute(MARK_MINUTES, (end, series))
            minutes_until = end
            used += rows
            if end < limits.minutes_to:
                return used, False
        hours_to = min(limits.hours_to, floor_to(minutes_until, HOUR_MS))
        if hours_until < hours_to:
            end, rows = _reach(db, "sample_minute", series, (hours_until, hours_to), HOUR_MS, budget)
            db.execute(MAKE_HOURS, (series, hours_until, end))
            db.execute(MARK_HOURS, (end, series))
            hours_until = end
            used += rows
            if end < hours_to:
                return used, False
        for table, cut, unit in (
            ("sample", min(limits.raw_from, minutes_until), MINUTE_MS),
            ("sample_minute", min(limits.minutes_from, hours_until), HOUR_MS),
            ("sample_hour", limits.hours_from, HOUR_MS),
        ):
            end, rows = _reach(db, table, series, (0, cut), unit, budget)
            if rows:
                db.execute(DROP[table], (series, end))
            used += rows
            if end < cut:
                return used, False
        return used, True


def _reach(
    db: sqlite3.Connection, table: str, series: int, stretch: tuple[int, int], unit_ms: int, budget: int
) -> tuple[int, int]:
    """Return how far into a stretch a budget of rows reaches, one whole unit at least, and the rows up to there."""
    start, end = stretch
    row = db.execute(BEYOND[table], (series, start, end, budget)).fetchone()
    if row is None:
        return end, int(db.execute(COUNT[table], (series, start, end)).fetchone()[0])
    first = db.execute(BEYOND[table], (series, start, end, 0)).fetchone()[0]
    reached = max(floor_to(row[0], unit_ms), floor_to(first, unit_ms) + unit_ms)
    return min(reached, end), budget
