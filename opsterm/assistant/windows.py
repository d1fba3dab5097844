"""Stretches of time in words: "over the last hour", "yesterday", "since 14:00", "between 8am and 9am".

Days begin at local midnight. What is not understood is left to the caller, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from opsterm.assistant.queries import TimeWindow
from opsterm.assistant.tokens import Token, lows
from opsterm.assistant.world import World
from opsterm.core.errors import BadInput
from opsterm.core.units import parse_duration

_UNITS = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400,
    "w": 604800, "week": 604800, "weeks": 604800, "month": 2592000, "months": 2592000, "year": 31536000,
}  # fmt: skip
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "half": 0,
}  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_BEFORE = frozenset({"over", "in", "for", "during", "within", "the", "of", "on", "from", "at"})
_LAST = frozenset({"last", "past", "previous"})
_NOW = (("right", "now"), ("at", "the", "moment"), ("at", "present"), ("currently",), ("now",))
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[t ](\d{1,2}):(\d{2}))?$")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(am|pm)?$")
LONGEST_S = 400 * 86400.0

Found = tuple[int, int, TimeWindow | None]
"""Place, length in tokens, and the window; None stands for now."""


def find_window(tokens: Sequence[Token], world: World) -> Found | None:
    """Return the first stretch of time that tokens hold, with the little words in front of it, or None."""
    words = lows(tokens)
    for at in range(len(words)):
        for reader in (_now, _relative, _named_day, _since, _between):
            found = reader(words[at:], world)
            if found is None:
                continue
            length, window = found
            start = at
            while start > 0 and words[start - 1] in _BEFORE:
                start -= 1
            return start, at - start + length, window
    return None


def window_from_words(text: str, world: World) -> TimeWindow | None:
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


def _now(words: Sequence[str], world: World) -> _Read:
    for phrase in _NOW:
        if tuple(words[: len(phrase)]) == phrase:
            return len(phrase), None
    return None


def _relative(words: Sequence[str], world: World) -> _Read:
    """Read "last hour", "past 3 days", "last 90m", "over 2h", "half an hour"."""
    at = 0
    marked = False
    while at < len(words) and (words[at] in _LAST or (at == 0 and words[at] in ("over", "within"))):
        marked, at = True, at + 1
        if at < len(words) and words[at] == "the":
            at += 1
    if not marked or at >= len(words):
        return None
    if tuple(words[at : at + 3]) == ("half", "an", "hour"):
        return at + 3, _last(1800, world)
    number, used = _number(words[at])
    unit = words[at + used] if at + used < len(words) else ""
    if unit in _UNITS and not (used == 0 and len(unit) <= 3 and unit != "day"):
        return at + used + 1, _last(number * _UNITS[unit], world)
    try:
        seconds = parse_duration(words[at]) if not words[at].isdecimal() else 0.0
    except BadInput:
        return None
    return (at + 1, _last(seconds, world)) if seconds else None


def _number(word: str) -> tuple[float, int]:
    if word.isdecimal():
        return float(word[:9]), 1
    return (float(NUMBERS[word]), 1) if NUMBERS.get(word) else (1.0, 0)


def _last(seconds: float, world: World) -> TimeWindow | None:
    span = min(max(1.0, seconds), LONGEST_S)
    return TimeWindow(start=world.now - span, end=world.now, words=f"over {_duration(span)}")


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0 and not (unit == "d" and seconds < 2 * 86400):
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def _midnight(world: World, days_ago: int = 0) -> float:
    local = datetime.fromtimestamp(world.now + world.utc_offset_s, UTC)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    return day.timestamp() - world.utc_offset_s


def _named_day(words: Sequence[str], world: World) -> _Read:
    """Read "today", "yesterday", "this week", "monday", "2026-11-20"."""
    first = words[0]
    if first == "today":
        return 1, _between_times(_midnight(world), world.now, "today")
    if first == "yesterday":
        return 1, _between_times(_midnight(world, 1), _midnight(world), "yesterday")
    if tuple(words[:2]) == ("this", "week"):
        monday = datetime.fromtimestamp(world.now + world.utc_offset_s, UTC).weekday()
        return 2, _since_time(_midnight(world, monday), world)
    if tuple(words[:2]) == ("this", "morning"):
        return 2, _since_time(_midnight(world), world)
    start = _day(first, world)
    if start is None:
        return None
    return 1, _from_to(start, start + 86400, world)


def _day(word: str, world: World) -> float | None:
    """Return the local midnight of a weekday (the newest one before today) or of an ISO date."""
    if word in _DAYS:
        today = datetime.fromtimestamp(world.now + world.utc_offset_s, UTC).weekday()
        return _midnight(world, (today - _DAYS.index(word)) % 7 or 7)
    match = _ISO.match(word)
    return _iso(match, world) if match and match[4] is None else None


def _iso(match: re.Match[str], world: World) -> float | None:
    try:
        made = datetime(*(int(group or 0) for group in match.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]  # five ints
    except (ValueError, OverflowError):
        return None
    return made.timestamp() - world.utc_offset_s


def _moment(words: Sequence[str], world: World, *, day: float | None = None) -> tuple[int, float] | None:
    """Read a moment: "14:00", "8am", "yesterday", "monday", "2026-11-20t08:00"; return (words used, epoch)."""
    if not words:
        return None
    first = words[0]
    iso = _ISO.match(first)
    if iso:
        at = _iso(iso, world)
        return (1, at) if at is not None else None
    if first in ("midnight", "noon"):
        return 1, (_midnight(world) if day is None else day) + (43200 if first == "noon" else 0)
    clock = _CLOCK.match(first)
    if clock and (clock[2] or clock[3]):
        seconds = _clock_seconds(clock)
        return None if seconds is None else (1, (_midnight(world) if day is None else day) + seconds)
    if first in ("today", "yesterday"):
        return 1, _midnight(world, int(first == "yesterday"))
    named = _day(first, world)
    return None if named is None else (1, named)


def _clock_seconds(clock: re.Match[str]) -> float | None:
    hour, minute = int(clock[1]), int(clock[2] or 0)
    if clock[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock[3] == "pm" else 0)
    return hour * 3600.0 + minute * 60 if hour < 24 and minute < 60 else None


def _since(words: Sequence[str], world: World) -> _Read:
    if words[0] != "since":
        return None
    moment = _moment(words[1:], world)
    if moment is None:
        return None
    used, at = moment
    if at >= world.now and _CLOCK.match(words[1]):
        at -= 86400  # "since 23:00" said in the morning means last night
    return (1 + used, _since_time(at, world)) if at < world.now else None


def _between(words: Sequence[str], world: World) -> _Read:
    """Read "between 8am and 9am yesterday", "from 10:00 to 11:00"."""
    join = {"between": "and", "from": "to"}.get(words[0])
    if join is None:
        return None
    first = _moment(words[1:], world)
    if first is None or len(words) <= 1 + first[0] or words[1 + first[0]] != join:
        return None
    behind = 2 + first[0]
    second = _moment(words[behind:], world)
    if second is None:
        return None
    used, start, end = behind + second[0], first[1], second[1]
    if used < len(words) and (day := _moment(words[used : used + 1], world)) and not _CLOCK.match(words[used]):
        shift = day[1] - _midnight(world)
        start, end, used = start + shift, end + shift, used + 1
    return (used, _from_to(start, end, world)) if start < end else None


def _since_time(start: float, world: World) -> TimeWindow | None:
    return _between_times(start, world.now, f"since {_stamp(start, world)}")


def _from_to(start: float, end: float, world: World) -> TimeWindow | None:
    return _between_times(start, end, f"from {_stamp(start, world)} to {_stamp(end, world)}")


def _between_times(start: float, end: float, words: str) -> TimeWindow | None:
    return TimeWindow(start=start, end=max(end, start + 1), words=words)


def _stamp(at: float, world: World) -> str:
    local = datetime.fromtimestamp(at + world.utc_offset_s, UTC)
    return local.strftime("%Y-%m-%dt%H:%M")
