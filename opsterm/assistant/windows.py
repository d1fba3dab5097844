"""Stretches of time in words: "over the last hour", "yesterday", "since 14:00", "between 8am and 9am".

Days begin at local midnight. What is not understood is left to the caller, never guessed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from opsterm.assistant.calendar_windows import calendar_stretch
from opsterm.assistant.day_edges import day_of, days_ago, edged
from opsterm.assistant.days_of_month import day_end, days_of_month
from opsterm.assistant.moments import (
    DAYS,
    Taken,
    clock_seconds,
    date,
    day_at,
    is_short_date,
    midnight,
    moment_at,
    month_number,
    this_year,
    weekday,
)
from opsterm.assistant.parts_of_day import part_at
from opsterm.assistant.queries import TimeWindow
from opsterm.assistant.stretches import between_times, from_to, since_time
from opsterm.assistant.tokens import Token, lows
from opsterm.assistant.world import Instant, LocalTime
from opsterm.core.errors import BadInput
from opsterm.core.units import parse_duration

_UNITS = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400,
    "w": 604800, "wk": 604800, "wks": 604800,
    "week": 604800, "weeks": 604800, "fortnight": 1209600, "fortnights": 1209600,
    "month": 2592000, "months": 2592000, "year": 31536000,
}  # fmt: skip
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "half": 0,
}  # fmt: skip
_BEFORE = frozenset(
    {
        "over",
        "in",
        "for",
        "during",
        "within",
        "these",
        "throughout",
        "the",
        "of",
        "on",
        "from",
        "at",
        "around",
        "about",
        "round",
    }
)
_LAST = frozenset({"last", "past", "previous"})
_NOW = (("right", "now"), ("at", "the", "moment"), ("at", "present"), ("currently",), ("now",))
_BARE = re.compile(r"\d{1,3}(?:m|min|h|d|w)")
_SIZES = frozenset({"%", "percent", "gb", "mb", "tb", "kb", "gib", "mib"})
AROUND_S = 300.0
"""A moment ("half an hour ago") is looked at from so much before to so much behind it."""

LONGEST_S = 400 * 86400.0

Found = tuple[int, int, TimeWindow | None]
"""Place, length in tokens, and the window; None stands for now."""


def find_window(tokens: Sequence[Token], world: LocalTime) -> Found | None:
    """Return the first stretch of time that tokens hold, with the little words in front of it, or None."""
    return _first_window(lows(tokens), Instant(now=world.now, utc_offset_s=world.utc_offset_s))


@functools.lru_cache(maxsize=64)  # each reading of a sentence asks for the same: a third of what reading costs
def _first_window(words: tuple[str, ...], world: Instant) -> Found | None:
    for at in range(len(words)):
        if words[at].count("/") == 1 and not is_short_date(words, at):
            continue
        for reader in (
            _now,
            _calendar,
            _relative,
            _ago,
            _part_of_day,
            _day_and_hours,
            _clock_to_clock,
            _day_to_day,
            _at_clock,
            _named_day,
            _since,
            _between,
        ):
            found = reader(words[at:], world)
            if found is None or (found[1] is not None and found[1].start >= world.now):
                continue
            length, window = found
            start = at
            while start > 0 and words[start - 1] in _BEFORE:
                start -= 1
            return start, at - start + length, window
    return None


def window_from_words(text: str, world: LocalTime) -> TimeWindow | None:
    """Read canonical words back; None when they are not."""
    words = tuple(text.lower().split())
    if len(words) == 2 and words[0] == "over":
        try:
            seconds = parse_duration(words[1])
        except BadInput:
            return None
        return _last(seconds, world) if words[1] == _duration(seconds) else None
    for reader in (_named_day, _since, _between):
        found = reader(words, world)
        if found and found[0] == len(words) and found[1] is not None and found[1].words == " ".join(words):
            return found[1]
    return None


_Read = tuple[int, TimeWindow | None] | None


def _now(words: Sequence[str], world: LocalTime) -> _Read:
    for phrase in _NOW:
        if tuple(words[: len(phrase)]) == phrase:
            return len(phrase), None
    return None


def _calendar(words: Sequence[str], world: LocalTime) -> _Read:
    found = calendar_stretch(words, world) or edged(words, world)
    if found is None:
        return None
    return found[0], since_time(found[1], world) if found[2] >= world.now else from_to(found[1], found[2], world)


def _relative(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "last hour", "past 3 days", "last 90m", "over 2h", "half an hour"."""
    if len(words) == 1 and _BARE.fullmatch(words[0]):
        return 1, _last(parse_duration(words[0].replace("min", "m")), world)
    at = 0
    marked = False
    while at < len(words) and (words[at] in _LAST or (at == 0 and words[at] in ("over", "within", "since"))):
        marked, at = True, at + 1
        if at < len(words) and words[at] == "the":
            at += 1
    if not marked or at >= len(words):
        return None
    if tuple(words[at : at + 1]) == ("half",) and "hour" in words[at + 1 : at + 3]:
        return at + 1 + list(words[at + 1 :]).index("hour") + 1, _last(1800, world)
    number, used = _number(words[at])
    unit = words[at + used] if at + used < len(words) else ""
    if unit in _UNITS and not (used == 0 and len(unit) <= 3 and unit != "day"):
        ago = int(words[0] == "since" and tuple(words[at + used + 1 : at + used + 2]) == ("ago",))
        return at + used + 1 + ago, _last(number * _UNITS[unit], world)
    try:
        seconds = parse_duration(words[at]) if not re.fullmatch(r"[\d.]+", words[at]) else 0.0
    except BadInput:
        return None
    return (at + 1, _last(seconds, world)) if seconds else None


def _number(word: str) -> tuple[float, int]:
    if word.isdecimal() or re.fullmatch(r"\d{1,6}\.\d{1,2}", word):
        return float(word[:9]), 1
    return (float(NUMBERS[word]), 1) if NUMBERS.get(word) else (1.0, 0)


def _last(seconds: float, world: LocalTime) -> TimeWindow | None:
    span = min(max(1.0, seconds), LONGEST_S)
    return TimeWindow(start=world.now - span, end=world.now, words=f"over {_duration(span)}")


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0 and not (unit == "d" and seconds < 2 * 86400):
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def _named_day(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "today", "yesterday", "this week", "over the weekend", "in october", "monday", "2026-11-20"."""
    first = words[0]
    if first == "today":
        return 1, between_times(midnight(world), world.now, "today")
    if first == "yesterday":
        return 1, between_times(midnight(world, 1), midnight(world), "yesterday")
    two = " ".join(words[:2])
    today = datetime.fromtimestamp(world.now + world.utc_offset_s, UTC)
    begun = {"this week": weekday(world), "this morning": 0, "this month": today.day - 1,
             "this year": today.timetuple().tm_yday - 1}.get(two)  # fmt: skip
    if begun is not None:
        return 2, since_time(midnight(world, begun), world)
    skip = 1 if first in _LAST | {"this", "the"} else 0
    if tuple(words[skip : skip + 1]) == ("weekend",):
        ago = (weekday(world) - 5) % 7
        ago += 7 if ago < 2 and first in _LAST else 0
        start = midnight(world, ago)
        return skip + 1, from_to(start, min(start + 2 * 86400, world.now), world)
    found = day_at(words, world)
    if found is not None and found[1] <= world.now:
        return found[0], from_to(found[1], found[1] + 86400, world)
    return _month(words, world)


def _month(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "october", "october 2025", "last october": the newest that has begun. "may" and "mar" need more."""
    skip = 1 if words[0] in _LAST else 0
    name = words[skip] if skip < len(words) else ""
    number = month_number(name)
    given = re.fullmatch(r"20\d\d", words[skip + 1]) if skip + 1 < len(words) else None
    if not number or (len(name) == 3 and not given):
        return None
    year = int(given[0]) if given else this_year(world)
    start = date(world, year, number)
    if start is not None and start > world.now and not given:
        year, start = year - 1, date(world, year - 1, number)
    end = date(world, year + number // 12, number % 12 + 1)
    if start is None or end is None or start > world.now:
        return None
    window = since_time(start, world) if end > world.now else from_to(start, end, world)
    return skip + 1 + bool(given), window


def _part_of_day(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "last night", "yesterday afternoon", "this afternoon", "friday evening"."""
    part = part_at(words, world)
    if part is None or tuple(words[:2]) == ("this", "morning"):
        return None
    start, end = part.stretch
    end = min(end, world.now)
    return (part.used, from_to(start, end, world)) if start < end else None


def _day_and_hours(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "yesterday between 8am and 9am", "on friday from 10:00 to 11:00"."""
    day = day_at(words, world)
    skip = day[0] + (tuple(words[day[0] : day[0] + 1]) == (",",)) if day is not None else 0
    if day is None or skip >= len(words) or words[skip] not in ("between", "from"):
        return None
    found = _between(words[skip:], world)
    if found is None or found[1] is None or found[1].start < midnight(world):
        return None
    shift = day[1] - midnight(world)
    return skip + found[0], from_to(found[1].start + shift, found[1].end + shift, world)


def _ago(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "half an hour ago", "2 hours ago", "an hour back" as the minutes around it, "two days ago" as that day."""
    ends = ("ago", "back", "earlier")
    if tuple(words[:3]) == ("half", "an", "hour") and tuple(words[3:4]) and words[3] in ends:
        return 4, _around(world.now - 1800, world)
    if len(words) < 3 or words[2] not in ends or words[1] not in _UNITS:
        return None
    number, used = _number(words[0])
    seconds = number * _UNITS[words[1]]
    if not used or seconds > LONGEST_S:
        return None
    if _UNITS[words[1]] >= 86400:
        start = midnight(world, int(seconds // 86400))
        return 3, from_to(start, start + 86400, world)
    return 3, _around(world.now - seconds, world)


def _at_clock(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "14:30 yesterday" and "14:30" as the minutes around it, the newest such time when no day is said."""
    day = day_at(words, world)
    moment = moment_at(words, world) if day is not None else None
    if day is not None and moment is not None and moment[0] > day[0]:  # "yesterday at 14:30"
        return moment[0], _around(moment[1], world)
    clock = clock_seconds(words)
    if clock is None:
        return None
    part = part_at(words[clock[0] :], world)
    if part is not None:
        return clock[0] + part.used, _around(part.moment(clock[1], bare=False), world)
    moment = moment_at(words, world)
    if moment is not None and moment[0] > clock[0]:
        return moment[0], _around(moment[1], world)
    if words[clock[0] : clock[0] + 1] and words[clock[0]] in ("to", "until", "till", "and"):
        return None
    at = midnight(world) + clock[1]
    return clock[0], _around(at if at <= world.now else at - 86400, world)


def _around(at: float, world: LocalTime) -> TimeWindow | None:
    return from_to(at - AROUND_S, min(at + AROUND_S, world.now), world) if at <= world.now else None


def _since(words: Sequence[str], world: LocalTime) -> _Read:
    if words[0] == "from" and (found := _from_on(words, world)) is not None:
        return found
    if words[0] != "since":
        return None
    clock = clock_seconds(words[1:], bare=True)
    part = part_at(words[1 + clock[0] :], world) if clock is not None else None
    if clock is not None and part is not None:  # "since 8 this morning"
        at = part.moment(clock[1], bare=words[clock[0]].isdecimal())
        return (1 + clock[0] + part.used, since_time(at, world)) if at < world.now else None
    part = part_at(words[1:], world)
    if part is not None and part.stretch[0] < world.now:
        return 1 + part.used, since_time(part.stretch[0], world)
    clock = clock_seconds(words[1:])
    moment = moment_at(words[1:], world)
    if moment is None:
        return None
    at = moment[1]
    if clock is not None and moment[0] == clock[0] and at >= world.now:
        at -= 86400  # "since 23:00" said in the morning means last night
    return (1 + moment[0], since_time(at, world)) if at < world.now else None


def _from_on(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "from monday on", "from 8am onwards"."""
    moment = moment_at(words[1:], world)
    behind = words[1 + moment[0] : 2 + moment[0]] if moment is not None else ()
    if moment is None or not behind or behind[0] not in ("on", "onward", "onwards") or moment[1] >= world.now:
        return None
    return 2 + moment[0], since_time(moment[1], world)


def _between(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "between 8am and 9am yesterday", "from 10:00 until 11:00", "between 8 and 9 am"."""
    joins = {"between": ("and",), "from": ("to", "until", "till", "through", "-")}.get(words[0])
    place = next((at for at, word in enumerate(words) if joins and word in joins), 0)
    if joins is None or place < 2:
        return None
    behind = list(words[place + 1 :])
    late = clock_seconds(behind, bare=True)
    half = next((word[-2:] for word in behind[: late[0] if late else 0] if word.endswith(("am", "pm"))), "")
    named = days_of_month(words[1:place], behind, world)
    if named is not None:
        start, end, used = named
        return (place + 1 + used, from_to(start, end, world)) if start < end else None
    said = [*words[1:place], *([half] if half and words[place - 1].isdecimal() else [])]
    first = moment_at(said, world, bare=True)
    if first is None or first[0] != len(said):
        return None
    if behind[:1] == ["now"]:
        return (place + 2, since_time(first[1], world)) if first[1] < world.now else None
    part = part_at(behind[late[0] :], world) if late is not None else None
    if late is not None and part is not None and (early := clock_seconds(said, bare=True)):
        start = part.moment(early[1], bare=said[0].isdecimal() and not half)
        end = part.moment(late[1], bare=behind[0].isdecimal() and not half)
        return (place + 1 + late[0] + part.used, from_to(start, end, world)) if start < end else None
    second = moment_at(behind, world, bare=True)
    return None if second is None else _both(words, place, first, second, world)


def _clock_to_clock(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "8am to 9am yesterday" like "from 8am to 9am yesterday"."""
    clock = clock_seconds(words)
    if clock is None or words[clock[0] : clock[0] + 1] not in (("to",), ("until",), ("-",), ("till",)):
        return None
    found = _between(("from", *words), world)
    return (found[0] - 1, found[1]) if found is not None else None


def _day_to_day(words: Sequence[str], world: LocalTime) -> _Read:
    """Read "10 november to 14 november", "monday to wednesday" like "from monday to wednesday"."""
    used = (day_at(words, world) or (int(bool(re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?", words[0]))), 0.0))[0]
    if not used or used >= len(words) or words[used] not in ("to", "until", "till", "through", "thru", "-"):
        return None
    found = _between(("from", *words), world)
    whole = found is not None and found[1] is not None and (found[1].start - midnight(world)) % 86400 == 0
    return (found[0] - 1, found[1]) if found is not None and whole else None


def _both(words: Sequence[str], place: int, first: Taken, second: Taken, world: LocalTime) -> _Read:
    """Return the stretch between two moments; a day that only one of them says is meant of both."""
    behind = words[place + 1 :]
    used, start, end = place + 1 + second[0], first[1], second[1]
    if words[place - 1].isdecimal() and used < len(words) and words[used] in _SIZES:
        return None  # "between 10 and 20 %"
    early, late = clock_seconds(words[1:place], bare=True), clock_seconds(behind, bare=True)
    if early is not None and early[0] == place - 1 and late is not None and second[0] > late[0]:
        start += end - late[1] - midnight(world)  # "between 8am and 9am yesterday"
    elif early is None and late is not None and second[0] == late[0] and first[0] > 1:
        end += day_of(start, world) - midnight(world)  # "from monday 8am to 5pm"
    if end <= start and early is not None and late is not None and early[0] == place - 1 and second[0] == late[0]:
        start -= 86400  # "from 22:00 to 02:00" is of last night
    if end <= start and behind[0] in DAYS and end + 7 * 86400 <= world.now:
        end += 7 * 86400  # "from monday to wednesday", said on a Wednesday
    day = day_at(behind, world)
    if (day is not None and day[0] == second[0]) or days_ago(behind[: second[0]]):
        if (start - midnight(world)) % 86400 and end != midnight(world):
            return None  # "from sunday 8pm to monday": to its beginning or to its end?
        end = day_end(end, world)
    return (used, from_to(start, end, world)) if start < end else None
