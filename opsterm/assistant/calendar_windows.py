"""Stretches by the calendar: "Q3", "from March to May", "the first week of November", "in 2025", "since October"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from opsterm.assistant.clock_words import HOUR_WORDS
from opsterm.assistant.moments import clock_seconds, date, midnight, month_number, weekday
from opsterm.assistant.world import LocalTime

Stretch = tuple[int, float, float]
"""Words used, beginning and end as epoch seconds; the end is never ahead of now."""

_DAY_S = 86_400.0
_LEADS = frozenset({"in", "during", "over", "for", "of", "throughout", "within"})
_QUARTER = re.compile(r"q([1-4])")
_YEAR = re.compile(r"20\d\d")
_NTH = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3}
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_TO = ("to", "until", "till", "through", "and", "-")
_NEW_YEAR = (("new", "year"), ("new", "year's"), ("new", "year's", "day"), ("new", "years", "day"))


def calendar_stretch(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read a stretch by the calendar at the beginning of words; None for none, or one that has not begun.

    Quarters, months and years are those of the calendar, the newest that have begun where no year is said; a week of a
    month is the first seven days, the second seven, and so on, or its last seven.
    """
    for reader in (
        _to_date,
        _since,
        _before,
        _half_year,
        _quarter,
        _months,
        _month_of_year,
        _part_of_month,
        _week_before_last,
        _year,
    ):
        found = reader(tuple(words[:10]), world)
        if found is not None and found[1] < world.now:
            used, start, end = found
            return used, start, min(end, world.now)
    return None


def _today(world: LocalTime) -> datetime:
    return datetime.fromtimestamp(world.now + world.utc_offset_s, UTC)


def _at(words: Sequence[str], place: int) -> str:
    return words[place] if place < len(words) else ""


def _month_start(world: LocalTime, year: int, month: int) -> float:
    """Return the beginning of a month, counted on over the year's end."""
    found = date(world, year + (month - 1) // 12, (month - 1) % 12 + 1)
    return found if found is not None else world.now


def _since(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "since October", "since New Year", "since 8", "after 8 this morning", "since 2025"."""
    if words[0] not in ("since", "after"):
        return None
    for phrase in sorted(_NEW_YEAR, key=len, reverse=True):
        if words[1 : 1 + len(phrase)] == phrase:
            return 1 + len(phrase), _month_start(world, _today(world).year, 1), world.now
    skip = 4 if words[1:4] in (("the", "beginning", "of"), ("the", "start", "of")) else 1
    month = _named_month(words, skip, world)
    if month is not None:
        return month[0], month[1], world.now
    if _YEAR.fullmatch(_at(words, 1)):
        return 2, _month_start(world, int(words[1]), 1), world.now
    clock = _clock(words, 1)
    if clock is None or midnight(world) + clock[1] >= world.now:
        return None
    return clock[0], midnight(world) + clock[1], world.now


def _before(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "before 8 today" as what there was of today."""
    skip = 2 if words[:2] == ("up", "to") else 1
    clock = _clock(words, skip) if words[0] in ("before", "until", "till", "up") else None
    if clock is None or words[clock[0] - 1] not in ("today", "morning"):
        return None
    return clock[0], midnight(world), midnight(world) + clock[1]


def _clock(words: Sequence[str], place: int) -> tuple[int, float] | None:
    """Read an hour of today, as words used and seconds; "8" may stand alone or before "today" and "this morning"."""
    found = clock_seconds(words[place:], bare=True)
    if found is None:
        return None
    used = place + found[0]
    for behind in (("today",), ("this", "morning")):
        if words[used : used + len(behind)] == behind:
            return used + len(behind), found[1]
    number = _at(words, place).isdecimal() or _at(words, place) in HOUR_WORDS
    return None if number and _at(words, used) else (used, found[1])


def _named_month(words: Sequence[str], place: int, world: LocalTime) -> tuple[int, float] | None:
    """Read a month by its whole name, and its year; words used from the beginning, and when it begins."""
    name = _at(words, place)
    number = month_number(name)
    if not number or (len(name) == 3 and name != "may"):
        return None
    today = _today(world)
    if re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?", _at(words, place + 1)):
        return None  # a day of it
    said = _said_year(words, place + 1, today.year)
    year = said[1] if said else today.year - (number > today.month)
    return place + 1 + (said[0] if said else 0), _month_start(world, year, number)


def _said_year(words: Sequence[str], place: int, this: int) -> tuple[int, int] | None:
    """Read "2025", "of this year", "last year" as words used and the year."""
    of = int(_at(words, place) in ("of", "in"))
    if _YEAR.fullmatch(_at(words, place + of)):
        return of + 1, int(words[place + of])
    if _at(words, place + of + 1) == "year" and _at(words, place + of) in ("this", "last"):
        return of + 2, this - (words[place + of] == "last")
    return None


def _quarter(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "Q3", "in Q1 2026", "last quarter", "this quarter", "the third quarter of 2025"."""
    today = _today(world)
    current = (today.month - 1) // 3
    skip = 1 if words[0] == "the" else 0
    if words[skip : skip + 2] in (("this", "quarter"), ("current", "quarter")):
        return skip + 2, _month_start(world, today.year, 1 + 3 * current), world.now
    if words[skip : skip + 2] in (("last", "quarter"), ("previous", "quarter"), ("past", "quarter")):
        start = _month_start(world, today.year, 3 * current - 2)
        return skip + 2, start, _month_start(world, today.year, 1 + 3 * current)
    match, used = _QUARTER.fullmatch(words[0]), 1
    number = int(match[1]) - 1 if match else _NTH.get(_at(words, skip), -1)
    if not match:
        if number < 0 or _at(words, skip + 1) != "quarter":
            return None
        used = skip + 2
    said = _said_year(words, used, today.year)
    year = said[1] if said else today.year - (number > current)
    start = _month_start(world, year, 1 + 3 * number)
    return used + (said[0] if said else 0), start, _month_start(world, year, 4 + 3 * number)


def _half_year(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "H1", "the first half of 2026", "the second half of last year"."""
    skip, today = int(words[0] == "the"), _today(world)
    half = re.fullmatch(r"h([12])", words[0])
    if half:
        number, used = int(half[1]) - 1, 1
    elif _at(words, skip) in ("first", "second", "1st", "2nd") and _at(words, skip + 1) == "half":
        number, used = _NTH[words[skip]], skip + 2
    else:
        return None
    said = _said_year(words, used, today.year)
    if said is None and (not half or (number and today.month < 7)):
        return None
    year = said[1] if said else today.year
    end = _month_start(world, year, 7 + 6 * number)
    return used + (said[0] if said else 0), _month_start(world, year, 1 + 6 * number), end


_STARTS = (("the",), ("this",), ("the", "start", "of", "the"), ("the", "beginning", "of", "the"))
_TO_DATE = {"ytd": "year", "qtd": "quarter", "mtd": "month", "wtd": "week"}


def _to_date(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "year to date", "mtd", "since the start of the quarter"."""
    unit = _TO_DATE.get(words[0], words[0] if words[1:3] == ("to", "date") else "")
    used = 1 if words[0] in _TO_DATE else 3
    for lead in _STARTS:
        if words[0] in ("since", "from") and words[1 : 1 + len(lead)] == lead:
            unit, used = _at(words, 1 + len(lead)), 2 + len(lead)
    today = _today(world)
    starts = {"year": (today.year, 1), "quarter": (today.year, 3 * ((today.month - 1) // 3) + 1),
              "month": (today.year, today.month)}  # fmt: skip
    if unit in starts:
        return used, _month_start(world, *starts[unit]), world.now
    return (used, midnight(world, weekday(world)), world.now) if unit == "week" else None


def _months(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "from March to May", "between January and March 2026": the last month is meant whole."""
    lead = int(words[0] in ("from", "between"))
    early = _named_month(words, lead, world)
    if early is None or _at(words, early[0]) not in _TO:
        return None
    late = _named_month(words, early[0] + 1, world)
    if late is None or (not lead and _at(words, early[0]) == "and" and late[1] - early[1] > 31 * _DAY_S):
        return None  # "august and october" are two stretches
    start, ends = early[1], datetime.fromtimestamp(late[1] + world.utc_offset_s, UTC)
    begun = datetime.fromtimestamp(start + world.utc_offset_s, UTC)
    if (begun.year != ends.year or start > late[1]) and not _YEAR.fullmatch(words[early[0] - 1]):
        start = _month_start(world, ends.year - (begun.month > ends.month), begun.month)
    end = _month_start(world, ends.year, ends.month + 1)
    return (late[0], start, end) if start < end else None


def _month_of_year(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "october last year", "october of 2025"; with no year it is a day's reader's."""
    month = _named_month(words, 0, world)
    if month is None or month[0] < 2:
        return None
    begun = datetime.fromtimestamp(month[1] + world.utc_offset_s, UTC)
    return month[0], month[1], _month_start(world, begun.year, begun.month + 1)


def _part_of_month(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "the first week of November", "the first half of October", "the last 10 days of May"."""
    skip = 1 if words[0] == "the" else 0
    which, kind = _at(words, skip), _at(words, skip + 1)
    if which in ("end", "beginning", "start") and kind == "of":
        part, of = which, skip + 1
    elif kind in ("week", "half") and (which in _NTH or which == "last"):
        part, of = f"{which} {kind}", skip + 2
    elif which in ("first", "last") and _at(words, skip + 2) == "days":
        part, of = f"{which} {_COUNTS.get(kind, kind)}", skip + 3
    else:
        return None
    month = _named_month(words, of + 1, world) if _at(words, of) in ("of", "in") else None
    if month is None:
        return None
    start = month[1]
    begun = datetime.fromtimestamp(start + world.utc_offset_s, UTC)
    end = _month_start(world, begun.year, begun.month + 1)
    found = _of(part, start, end)
    return None if found is None else (month[0], *found)


def _of(part: str, start: float, end: float) -> tuple[float, float] | None:
    """Return a part of a month from its beginning to its end."""
    which, _, kind = part.partition(" ")
    half = start + 15 * _DAY_S
    if kind == "half":
        return {"first": (start, half), "1st": (start, half), "second": (half, end), "2nd": (half, end),
                "last": (half, end)}.get(which)  # fmt: skip
    if kind.isdecimal() and 0 < int(kind) <= 31:
        span = int(kind) * _DAY_S
        return (start, min(start + span, end)) if which == "first" else (max(end - span, start), end)
    if which in ("end", "last"):
        return end - 7 * _DAY_S, end
    first = start + 7 * _DAY_S * _NTH.get(which, 0)
    return first, min(first + 7 * _DAY_S, end)


def _week_before_last(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "the week before last": from its Monday to its Sunday."""
    skip = 1 if words[0] == "the" else 0
    if words[skip : skip + 3] not in (("week", "before", "last"), ("weekend", "before", "last")):
        return None
    monday = midnight(world, weekday(world) + 14)
    first = 5 * (words[skip] == "weekend")
    return skip + 3, monday + first * _DAY_S, monday + 7 * _DAY_S


def _year(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "in 2025"; a number alone is none."""
    if words[0] not in _LEADS or not _YEAR.fullmatch(_at(words, 1)):
        return None
    year = int(words[1])
    return 2, _month_start(world, year, 1), _month_start(world, year + 1, 1)
