"""Days and moments in words: "yesterday", "3 november", "20/11/2026", "14:30 yesterday", "8am". Local days.

A date that means two days ("03/04/2026") is none here: `doubtful_date` finds it, and it is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from opsterm.assistant.clock_words import said_clock
from opsterm.assistant.lengths import UNITS, length_of
from opsterm.assistant.world import LocalTime

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH_NUMBERS = {word: number for number, name in enumerate(MONTHS, 1) for word in (name, name[:3])}
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[t ](\d{1,2}):(\d{2}))?$")
CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(am|pm)?$")
_NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})$")
_SHORT = re.compile(r"(\d{1,2})/(\d{1,2})$")
_LEADS = frozenset({"on", "since", "from", "between", "and", "to", "until", "for", "of", "at", "the", ",", *DAYS})
_BEHIND_A_DATE = ("between", "from", "at", "morning", "afternoon", "evening")
_SUFFIXED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)$")
_UNITS_TH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_TEENS_TH = ("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
             "eighteenth", "nineteenth", "twentieth")  # fmt: skip
_ORDINALS = {
    **{word: f"{number}th" for number, word in enumerate((*_UNITS_TH, *_TEENS_TH), 1)}, "thirtieth": "30th",
    **{f"twenty-{word}": f"{number}th" for number, word in enumerate(_UNITS_TH, 21)}, "thirty-first": "31st",
}  # fmt: skip
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?$")

Taken = tuple[int, float]
"""Words used, and epoch seconds."""


def midnight(world: LocalTime, days_ago: int = 0) -> float:
    """Return the beginning of a local day."""
    local = datetime.fromtimestamp(world.now + world.utc_offset_s, UTC)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    return day.timestamp() - world.utc_offset_s


def weekday(world: LocalTime) -> int:
    """Return the local day of the week, 0 for Monday."""
    return datetime.fromtimestamp(world.now + world.utc_offset_s, UTC).weekday()


def date(world: LocalTime, year: int, month: int, day: int = 1, *, hour: int = 0, minute: int = 0) -> float | None:
    """Return a local time as epoch seconds; None when there is no such day or hour."""
    try:
        made = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return made.timestamp() - world.utc_offset_s


def this_year(world: LocalTime) -> int:
    """Return the local year."""
    return datetime.fromtimestamp(world.now + world.utc_offset_s, UTC).year


def month_number(word: str) -> int:
    """Return 1 to 12 for the name of a month or its first three letters, 0 for another word."""
    return _MONTH_NUMBERS.get(word, 0)


def doubtful_date(word: str, world: LocalTime) -> tuple[str, str] | None:
    """Return the two days, as ISO dates, that a date in numbers may mean; None when it means one or is none."""
    match = _NUMERIC.match(word) or _SHORT.match(word)
    if not match or match[2] == ".":
        return None
    whole = match.re is _NUMERIC
    first, second = int(match[1]), int(match[3] if whole else match[2])
    if first == second or not (1 <= first <= 12 and 1 <= second <= 12):
        return None
    year = _year(match[4]) if whole else 0
    days = [(year or _newest_year(world, month, day), month, day) for month, day in ((second, first), (first, second))]
    british, american = (f"{y}-{month:02}-{day:02}" for y, month, day in days)
    return british, american


def is_short_date(words: Sequence[str], at: int) -> bool:
    """Return whether a word is a date in numbers without a year: "on 24/11", not "up 24/7"."""
    if not _SHORT.match(words[at]) or words[at] == "24/7":
        return False
    behind = words[at + 1] if at + 1 < len(words) else "at" if at else ""
    return (at > 0 and words[at - 1] in _LEADS) or behind in _BEHIND_A_DATE


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _newest_year(world: LocalTime, month: int, day: int) -> int:
    """Return the year of the newest such day that has begun."""
    year = this_year(world)
    at = date(world, year, month, day)
    return year - 1 if at is not None and at > world.now else year


def day_at(words: Sequence[str], world: LocalTime) -> Taken | None:
    """Read a day: "today", "friday" (the newest one before today), "2026-11-20", "3 november", "november 3rd 2026"."""
    first = words[0] if words else ""
    if first in ("today", "yesterday"):
        return 1, midnight(world, int(first == "yesterday"))
    if first in ("last", "past") and len(words) > 1 and words[1] in DAYS:
        return 2, midnight(world, (weekday(world) - DAYS.index(words[1])) % 7 or 7)
    if first in DAYS:
        skip = 2 if words[1:2] in (["the"], ("the",), [","], (",",)) else 1
        dated = _numeric(words[skip] if skip < len(words) else "", world) or _named(words[skip:], world)
        dated = dated or _in_month(words[skip:], world)
        if dated is not None:  # "tuesday 24 november": both must say the same
            return (skip + dated[0], dated[1]) if _weekday_of(dated[1], world) == DAYS.index(first) else None
        return 1, midnight(world, (weekday(world) - DAYS.index(first)) % 7 or 7)
    iso = ISO.match(first)
    if iso and iso[4] is None:
        at = date(world, int(iso[1]), int(iso[2]), int(iso[3]))
        return None if at is None else (1, at)
    return _numeric(first, world) or _named(words, world) or _in_month(words, world)


def _weekday_of(at: float, world: LocalTime) -> int:
    return datetime.fromtimestamp(at + world.utc_offset_s, UTC).weekday()


def _in_month(words: Sequence[str], world: LocalTime) -> Taken | None:
    """Read "the 21st" as the newest such day that has begun."""
    skip = 1 if words and words[0] == "the" else 0
    match = _SUFFIXED.match(words[skip]) if skip < len(words) else None
    if match is None:
        return None
    today = datetime.fromtimestamp(world.now + world.utc_offset_s, UTC)
    months = [(today.year, today.month), (today.year - (today.month == 1), (today.month - 2) % 12 + 1)]
    for year, month in months:
        at = date(world, year, month, int(match[1]))
        if at is not None and at <= world.now:
            return skip + 1, at
    return None


def _numeric(word: str, world: LocalTime) -> Taken | None:
    match = _NUMERIC.match(word) or _SHORT.match(word)
    if not match or doubtful_date(word, world):
        return None
    whole = match.re is _NUMERIC
    first, second = int(match[1]), int(match[3] if whole else match[2])
    american = second > 12 and (not whole or match[2] != ".")
    month, day = (first, second) if american else (second, first)
    at = date(world, _year(match[4]) if whole else _newest_year(world, month, day), month, day)
    return None if at is None else (1, at)


def _named(words: Sequence[str], world: LocalTime) -> Taken | None:
    """Read "3 november", "the 3rd of november", "november 3 2026"; without a year the newest one that has begun."""
    said = [*(word for word in words[:5]), "", "", ""]
    skip = 1 if said[0] == "the" else 0
    said = [_ORDINALS.get(word, word) for word in said]
    if month_number(said[0]) and said[1] == "the" and _SUFFIXED.match(said[2]):
        found = _named([said[0], *said[2:]], world)
        return (found[0] + 1, found[1]) if found is not None else None
    day_first, of = _ORDINAL.match(said[skip]), 1 if said[skip + 1] == "of" else 0
    if day_first and month_number(said[skip + 1 + of]):
        day, month, used = int(day_first[1]), month_number(said[skip + 1 + of]), skip + 2 + of
    elif month_number(said[0]) and (behind := _ORDINAL.match(said[1])):
        day, month, used = int(behind[1]), month_number(said[0]), 2
    else:
        return None
    used += said[used] == "," and bool(re.fullmatch(r"20\d\d", said[used + 1]))  # "november 24, 2026"
    year, given = this_year(world), re.fullmatch(r"20\d\d", said[used])
    if given:
        year, used = int(given[0]), used + 1
    at = date(world, year, month, day)
    if at is not None and at > world.now and not given:
        at = date(world, year - 1, month, day)
    return None if at is None else (used, at)


def clock_seconds(words: Sequence[str], *, bare: bool = False) -> Taken | None:
    """Read a clock as (words used, seconds of the day): "14:30", "8am", "8 am", "noon"; "8" only where `bare`."""
    said = said_clock(words, among_clocks=bare)
    if said is not None:
        found = _clock_seconds([said[1], *words[said[0] :]], bare=True)
        return (found[0] - 1 + said[0], found[1]) if found is not None else None
    return _clock_seconds(words, bare=bare)


def _clock_seconds(words: Sequence[str], *, bare: bool) -> Taken | None:
    first = words[0] if words else ""
    if first in ("midnight", "noon", "midday"):
        return 1, 0.0 if first == "midnight" else 43200.0
    clock = CLOCK.match(first.replace(".", ":") if first.endswith(("am", "pm")) else first)
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
    fits = (hour < 24 and minute < 60) or (hour == 24 and not minute)  # 24:00 is the end of a day
    return (used, hour * 3600.0 + minute * 60) if fits else None


def moment_at(words: Sequence[str], world: LocalTime, *, bare: bool = False) -> Taken | None:
    """Read a moment: a clock of today or of the day that follows it, a day, or both as ISO has them."""
    if not words:
        return None
    iso = ISO.match(words[0])
    if iso and iso[4] is not None:
        at = date(world, int(iso[1]), int(iso[2]), int(iso[3]), hour=int(iso[4]), minute=int(iso[5]))
        return None if at is None else (1, at)
    ago = _time_ago(words, world)
    if ago is not None:
        return ago
    day = day_at(words, world)
    if day is not None:
        skip = day[0] + (tuple(words[day[0] : day[0] + 1]) == ("at",))
        clock = clock_seconds(words[skip:], bare=skip > day[0])
        return day if clock is None else (skip + clock[0], day[1] + clock[1])
    clock = clock_seconds(words, bare=bare)
    if clock is None:
        return None
    skip = clock[0] + (tuple(words[clock[0] : clock[0] + 1]) == ("on",))
    day = day_at(words[skip:], world)
    return (clock[0], midnight(world) + clock[1]) if day is None else (skip + day[0], day[1] + clock[1])


_AGO = frozenset({"ago", "back", "earlier"})


def _time_ago(words: Sequence[str], world: LocalTime) -> Taken | None:
    """Read "half an hour ago", "2 hours ago"; "two days ago" is the beginning of that day."""
    length = length_of(words)
    if length is None or length[0] >= len(words) or words[length[0]] not in _AGO or words[0] in UNITS:
        return None
    used, seconds = length
    days = int(seconds // 86400) if UNITS.get(words[used - 1], 0) >= 86400 else 0
    return used + 1, midnight(world, days) if days else world.now - seconds
