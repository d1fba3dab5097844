"""From raw measurements to minutes, from minutes to hours, and out: what keeps the history small.

Each series carries two marks: minutes are made up to the one, hours up to the other. A slice moves marks forward
over a bounded number of rows and drops a bounded number of old ones; doing it twice changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsterm.storage.ticks import Ticks

MINUTE_MS = 60_000
HOUR_MS = 3_600_000

SLICE_ROWS = 10_000
"""Rows read, made or dropped in one transaction: about 10-20 ms on this hardware's slowest day."""

TICK_ROWS = 10
"""As many rows a tick counts for: it is about so much longer."""

MADE_ROWS = 3
"""As many rows a minute that is made counts for: each series has a page of its own to write to."""

MINUTES_AT_ONCE = 5
"""Minutes are made so many at a time, for the sake of those pages; till then they are read from raw measurements."""

ALL_SERIES = "SELECT id FROM series"
ALL_TARGETS = "SELECT DISTINCT target FROM series"
TARGET_MARKS = "SELECT id, minutes_until_ms FROM series WHERE target = ?"
MARKS = "SELECT minutes_until_ms, hours_until_ms FROM series WHERE id = ?"
PUT_MINUTE = """INSERT OR REPLACE INTO sample_minute (series_id, at_ms, low, mean, high, readings)
VALUES (?, ?, ?, ?, ?, ?)"""
MAKE_HOURS = """INSERT OR REPLACE INTO sample_hour (series_id, at_ms, low, mean, high, readings)
SELECT series_id, at_ms - at_ms % 3600000 AS start, min(low), sum(mean * readings) / sum(readings), max(high),
sum(readings) FROM sample_minute WHERE series_id = ? AND at_ms >= ? AND at_ms < ? GROUP BY start"""
MARK_MINUTES = "UPDATE series SET minutes_until_ms = ? WHERE target = ? AND minutes_until_ms < ?"
MARK_HOURS = "UPDATE series SET hours_until_ms = ? WHERE id = ?"
_OWNER = {"tick": "target", "sample_minute": "series_id", "sample_hour": "series_id"}
BEYOND = {
    table: f"SELECT at_ms FROM {table} WHERE {owner} = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms LIMIT 1 OFFSET ?"  # noqa: S608 (constants only)
    for table, owner in _OWNER.items()
}
COUNT = {
    table: f"SELECT count(*) FROM {table} WHERE {owner} = ? AND at_ms >= ? AND at_ms < ?"  # noqa: S608 (constants only)
    for table, owner in _OWNER.items()
}
DROP = {table: f"DELETE FROM {table} WHERE {owner} = ? AND at_ms < ?" for table, owner in _OWNER.items()}  # noqa: S608 (constants only)


def floor_to(at_ms: int, unit_ms: int) -> int:
    """Return the start of the stretch of `unit_ms` that holds `at_ms`."""
    return at_ms - at_ms % unit_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Up to where things are made, and before which they are dropped; all in epoch milliseconds.

    Attributes:
        minutes_to: end of the last complete minutes; a multiple of MINUTES_AT_ONCE.
        hours_to: end of the last complete hour.
        raw_from: raw measurements before it are dropped; start of a minute.
        minutes_from: minutes before it are dropped; start of an hour, not after `raw_from`: a minute's row leads to the
            raw measurements it was made of.
        hours_from: hours before it are dropped.
    """

    minutes_to: int
    hours_to: int
    raw_from: int
    minutes_from: int
    hours_from: int

    @classmethod
    def at(cls, now: float, *, keep_raw_s: float, keep_minutes_s: float, keep_hours_s: float) -> Retention:
        """Return the limits at a time, for things kept so many seconds; minutes at least as long as raw ones."""
        return cls(
            minutes_to=floor_to(round(now * 1000), MINUTES_AT_ONCE * MINUTE_MS),
            hours_to=floor_to(round(now * 1000), HOUR_MS),
            raw_from=floor_to(round((now - keep_raw_s) * 1000), MINUTE_MS),
            minutes_from=floor_to(round((now - max(keep_minutes_s, keep_raw_s)) * 1000), HOUR_MS),
            hours_from=floor_to(round((now - keep_hours_s) * 1000), HOUR_MS),
        )


class Compaction:
    """One pass over all targets, then over all series, in slices."""

    def __init__(self, limits: Retention, targets: Sequence[str], series: Sequence[int]) -> None:
        """Begin a pass over targets and their series, these given by number."""
        self._limits = limits
        self._targets = list(targets)
        self._series = list(series)

    @classmethod
    def over(cls, db: sqlite3.Connection, limits: Retention) -> Compaction:
        """Begin a pass over everything that is kept."""
        targets = [target for (target,) in db.execute(ALL_TARGETS)]
        return cls(limits, targets, [number for (number,) in db.execute(ALL_SERIES)])

    def work(self, db: sqlite3.Connection) -> bool:
        """Do one slice; return whether there is more to do."""
        budget = SLICE_ROWS
        while self._targets and budget > 0:
            used, finished = self._target(db, self._targets[-1], budget)
            budget -= used + 20  # looking at one that needs nothing costs something as well
            if finished:
                self._targets.pop()
        while self._series and budget > 0:
            used, finished = self._one(db, self._series[-1], budget)
            budget -= used + 20
            if finished:
                self._series.pop()
        return bool(self._targets or self._series)

    def _target(self, db: sqlite3.Connection, target: str, budget: int) -> tuple[int, bool]:
        """Make a target's minutes and drop its old ticks; return the rows this was worth and whether all is done."""
        limits = self._limits
        marks: dict[int, int] = dict(db.execute(TARGET_MARKS, (target,)).fetchall())
        minutes_until = min(marks.values())
        if minutes_until < limits.minutes_to:
            minutes_until, used = _make_minutes(db, target, marks, limits.minutes_to, budget)
            db.execute(MARK_MINUTES, (minutes_until, target, minutes_until))
            return used, False  # what is next is another slice's when this one's budget is spent
        cut = min(limits.raw_from, minutes_until)
        end, ticks = _reach(db, "tick", target, (0, cut), MINUTE_MS, 1 + budget // TICK_ROWS)
        if ticks:
            db.execute(DROP["tick"], (target, end))
        return ticks * TICK_ROWS, end >= cut

    def _one(self, db: sqlite3.Connection, series: int, budget: int) -> tuple[int, bool]:
        """Make a series' hours, drop what is old; return the rows touched and whether it needs no more."""
        limits = self._limits
        minutes_until, hours_until = db.execute(MARKS, (series,)).fetchone()
        used = 0
        hours_to = min(limits.hours_to, floor_to(minutes_until, HOUR_MS))
        if hours_until < hours_to:
            end, rows = _reach(db, "sample_minute", series, (hours_until, hours_to), HOUR_MS, budget)
            db.execute(MAKE_HOURS, (series, hours_until, end))
            db.execute(MARK_HOURS, (end, series))
            hours_until = end
            used += rows
            if end < hours_to:
                return used, False
        for table, cut in (
            ("sample_minute", min(limits.minutes_from, hours_until)),
            ("sample_hour", limits.hours_from),
        ):
            end, rows = _reach(db, table, series, (0, cut), HOUR_MS, budget)
            if rows:
                db.execute(DROP[table], (series, end))
            used += rows
            if end < cut:
                return used, False
        return used, True


def _make_minutes(
    db: sqlite3.Connection, target: str, marks: Mapping[int, int], minutes_to: int, budget: int
) -> tuple[int, int]:
    """Make minutes of a target's series, each from its mark on; return up to when, and the rows this was worth."""
    used = 0
    made: list[tuple[float, ...]] = []
    for stretch in Ticks(db).stretches(target, min(marks.values()), minutes_to, MINUTE_MS):
        if used >= budget:
            minutes_to = stretch.start
            break
        before = len(made)
        for series in {series for layout, _ in stretch.values for series in layout}:
            tally = stretch.tally(series) if marks[series] <= stretch.start else None
            if tally:
                low, total, high, readings = tally
                made.append((series, stretch.start, low, total / readings, high, readings))
        used += stretch.ticks * TICK_ROWS + (len(made) - before) * MADE_ROWS
    db.executemany(PUT_MINUTE, sorted(made))
    return minutes_to, used


def _reach(
    db: sqlite3.Connection, table: str, owner: str | int, stretch: tuple[int, int], unit_ms: int, budget: int
) -> tuple[int, int]:
    """Return how far into a stretch a budget of rows reaches, one whole unit at least, and the rows up to there."""
    start, end = stretch
    row = db.execute(BEYOND[table], (owner, start, end, budget)).fetchone()
    if row is None:
        return end, int(db.execute(COUNT[table], (owner, start, end)).fetchone()[0])
    first = db.execute(BEYOND[table], (owner, start, end, 0)).fetchone()[0]
    reached = max(floor_to(row[0], unit_ms), floor_to(first, unit_ms) + unit_ms)
    return min(reached, end), budget
