"""Days and moments in words: "yesterday", "3 november", "20/11/2026", "14:30 yesterday", "8am". Local days.

A date that means two days ("03/04/2026") is none here: `doubtful_date` finds it, and it is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from opsterm.assistant.world import World

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[t ](\d{1,2}):(\d{2}))?$")
CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(am|pm)?$")
_NUMERIC = re.compile(r"(\d{1,2})([/.])(\d{1,2})\2(\d{4})$")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?$")

Taken = tuple[int, float]
"""Words used, and epoch seconds."""


def midnight(world: World, days_ago: int = 0) -> float:
    """Return the beginning of a local day."""
    local = datetime.fromtimestamp(world.now + world.utc_offset_s, UTC)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    return day.timestamp() - world.utc_offset_s


def weekday(world: World) -> int:
    """Return the local day of the week, 0 for Monday."""
    return datetime.fromtimestamp(world.now + world.utc_offset_s, UTC).weekday()


def date(world: World, year: int, month: int, day: int = 1, *, hour: int = 0, minute: int = 0) -> float | None:
    """Return a local time as epoch seconds; None when there is no such day or hour."""
    try:
        made = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return made.timestamp() - world.utc_offset_s


def this_year(world: World) -> int:
    """Return the local year."""
    return datetime.fromtimestamp(world.now + world.utc_offset_s, UTC).year


def month_number(word: str) -> int:
    """Return 1 to 12 for the name of a month or its first three letters, 0 for another word."""
    names = [word == name or word == name[:3] for name in MONTHS]
    return names.index(True) + 1 if True in names else 0


def doubtful_date(word: str) -> tuple[str, str] | None:
    """Return the two days, as ISO dates, that a date in numbers may mean; None when it means one or is none."""
    match = _NUMERIC.match(word)
    if not match or match[2] == "." or match[1] == match[3]:
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if not (1 <= first <= 12 and 1 <= second <= 12):
        return None
    return f"{year}-{second:02}-{first:02}", f"{year}-{first:02}-{second:02}"


def day_at(words: Sequence[str], world: World) -> Taken | None:
    """Read a day: "today", "friday" (the newest one before today), "2026-11-20", "3 november", "november 3rd 2026"."""
    first = words[0] if words else ""
    if first in ("today", "yesterday"):
        return 1, midnight(world, int(first == "yesterday"))
    if first in ("last", "past") and len(words) > 1 and words[1] in DAYS:
        return 2, midnight(world, (weekday(world) - DAYS.index(words[1])) % 7 or 7)
    if first in DAYS:
        return 1, midnight(world, (weekday(world) - DAYS.index(first)) % 7 or 7)
    iso = ISO.match(first)
    if iso and iso[4] is None:
        at = date(world, int(iso[1]), int(iso[2]), int(iso[3]))
        return None if at is None else (1, at)
    return _numeric(first, world) or _named(words, world)


def _numeric(word: str, world: World) -> Taken | None:
    match = _NUMERIC.match(word)
    if not match or doubtful_date(word):
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    month, day = (first, second) if second > 12 and match[2] == "/" else (second, first)
    at = date(world, year, month, day)
    return None if at is None else (1, at)


def _named(words: Sequence[str], world: World) -> Taken | None:
    """Read "3 november", "the 3rd of november", "november 3 2026"; without a year the newest one that has begun."""
    said = [*words[:5], "", "", ""]
    skip = 1 if said[0] == "the" else 0
    day_first, of = _ORDINAL.match(said[skip]), 1 if said[skip + 1] == "of" else 0
    if day_first and month_number(said[skip + 1 + of]):
        day, month, used = int(day_first[1]), month_number(said[skip + 1 + of]), skip + 2 + of
    elif month_number(said[0]) and (behind := _ORDINAL.match(said[1])):
        day, month, used = int(behind[1]), month_number(said[0]), 2
    else:
        return None
    year, given = this_year(world), re.fullmatch(r"20\d\d", said[used])
    if given:
        year, used = int(given[0]), used + 1
    at = date(world, year, month, day)
    if at is not None and at > world.now and not given:
        at = date(world, year - 1, month, day)
    return None if at is None else (used, at)


def clock_seconds(words: Sequence[str], *, bare: bool = False) -> Taken | None:
    """Read a clock as (words used, seconds of the day): "14:30", "8am", "8 am", "noon"; "8" only where `bare`."""
    first = words[0] if words else ""
    if first in ("midnight", "noon"):
        return 1, 43200.0 if first == "noon" else 0.0
    clock = CLOCK.match(first)
    if not clock:
        return None
    half, used = clock[3] or "", 1
    if not half and len(words) > 1 and words[1] in ("am", "pm"):
        half, used = words[1], 2
    if not (half or clock[2] or bare):
        return None
    hour, minute = int(clock[1]), int(clock[2] or 0)
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return (used, hour * 3600.0 + minute * 60) if hour < 24 and minute < 60 else None


def moment_at(words: Sequence[str], world: World, *, bare: bool = False) -> Taken | None:
    """Read a moment: a clock of today or of the day that follows it, a day, or both as ISO has them."""
    if not words:
        return None
    iso = ISO.match(words[0])
    if iso and iso[4] is not None:
        at = date(world, int(iso[1]), int(iso[2]), int(iso[3]), hour=int(iso[4]), minute=int(iso[5]))
        return None if at is None else (1, at)
    day = day_at(words, world)
    if day is not None:
        return day
    clock = clock_seconds(words, bare=bare)
    return None if clock is None else (clock[0], midnight(world) + clock[1])
