"""Stretches of time that lie ahead: "within 30 days", "next month", "by friday", "until the end of the year"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from opsterm.assistant.lengths import NUMBERS
from opsterm.assistant.moments import DAYS, ISO, month_number, weekday
from opsterm.assistant.tokens import Token, without
from opsterm.assistant.wall_time import at_wall, wall_day, wall_today
from opsterm.assistant.world import World

DAY_S = 86400.0
_UNITS = {"minute": 60.0, "hour": 3600.0, "day": DAY_S, "week": 7 * DAY_S, "fortnight": 14 * DAY_S, "month": 30 * DAY_S,
          "quarter": 91 * DAY_S, "year": 365 * DAY_S}  # fmt: skip
_SHORT = {
    "min": "minute",
    "mins": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "d": "day",
    "w": "week",
    "wk": "week",
    "wks": "week",
}
_LEADS = ("within", "in", "over", "for", "during", "by", "until", "till", "before", "on", "through", "to", "of")
_ENDS = frozenset({"by", "until", "till", "before", "through"})
_BARE = re.compile(r"(\d{1,4})(h|d|w)")
_COMING = frozenset({"next", "coming", "following"})


def take_ahead(tokens: Sequence[Token], world: World) -> tuple[float, tuple[Token, ...]]:
    """Return (seconds ahead, 0 for none, the other tokens) of the first stretch of time to come."""
    said = [token.low for token in tokens]
    for at in range(len(said)):
        used, seconds = _length(said, at) or _end(said, at, world) or (0, 0.0)
        if not used or seconds <= 0:
            continue
        start = at
        while start > 0 and said[start - 1] in _LEADS:
            start -= 1
        return seconds, without(tokens, start, at + used - start)
    return 0.0, tuple(tokens)


def _length(said: Sequence[str], at: int) -> tuple[int, float] | None:
    """Read "30 days" behind "within", "in" or "next"; "next month", "a week from now"."""
    first, word = at, said[at]
    before = said[at - 1] if at else ""
    if word == "the":
        return None
    coming = word in _COMING
    at += coming
    if coming and at < len(said) and said[at] == "few":
        at += 1
    bare = _BARE.fullmatch(said[at]) if at < len(said) else None
    if bare and (coming or before in ("within", "in", "next", "over", "for", "the")):
        return at + 1 - first, float(bare[1]) * _UNITS[_SHORT[bare[2]]]
    number = _number(said[at] if at < len(said) else "")
    at += number is not None
    unit = _unit(said[at] if at < len(said) else "")
    if unit is None:
        return None
    used = at + 1 - first
    behind = tuple(said[at + 1 : at + 3])
    if number is not None and behind in (("from", "now"), ("from", "today")):
        return used + 2, number * unit
    if number is not None and behind[:1] in (("out",), ("ahead",)):
        return used + 1, number * unit
    led = before in ("within", "in", "over", "for", "during", "the")
    return (used, (number or 1.0) * unit) if coming or (number is not None and led) else None


def _number(word: str) -> float | None:
    if word.isdecimal() and len(word) <= 4:
        return float(word)
    return float(NUMBERS[word]) if NUMBERS.get(word) else {"couple": 2.0, "few": 3.0}.get(word)


def _unit(word: str) -> float | None:
    return _UNITS.get(_SHORT.get(word, word)) or _UNITS.get(word.removesuffix("s"))


def _end(said: Sequence[str], at: int, world: World) -> tuple[int, float] | None:
    """Read "by friday", "until 2026-12-24", "this weekend", "tomorrow", "the end of the year": to its last second."""
    before = said[at - 1] if at else ""
    word, behind = said[at], said[at + 1] if at + 1 < len(said) else ""
    if word in ("tomorrow", "today", "tonight"):
        return 1, wall_day(world, 2 if word == "tomorrow" else 1) - world.now
    if (word == "weekend" and before in ("this", "the", "coming", "next")) or (word, behind) == ("the", "weekend"):
        return 1 + (word == "the"), wall_day(world, 7 - weekday(world)) - world.now
    if word == "this" and behind == "weekend":
        return 2, wall_day(world, 7 - weekday(world)) - world.now
    if word == "end" and behind == "of":
        return _end_of(said[at + 2 : at + 5], 2, world)
    if word == "this" and behind in ("week", "month", "year"):
        return _end_of(said[at : at + 2], 0, world)
    led = before in _ENDS or (before in ("on", "next", "this", "in") and word not in ("may", "march"))
    if word in DAYS and led:
        ahead = (DAYS.index(word) - weekday(world)) % 7 or (0 if before == "this" else 7)
        return 1, wall_day(world, ahead + 1) - world.now
    iso = ISO.match(word)
    if iso and iso[4] is None and led:
        end = _day_after(int(iso[1]), int(iso[2]), int(iso[3]))
        return None if end is None else (1, at_wall(world, end) - world.now)
    if word == "christmas" and led:
        return 1, at_wall(world, _next(world, 12, 25) + timedelta(days=1)) - world.now
    month = month_number(word) if led else 0
    return (1, at_wall(world, _next(world, month, 1)) - world.now) if month else None


def _day_after(year: int, month: int, day: int) -> datetime | None:
    """Return the midnight with which a day ends, None when there is no such day."""
    try:
        return datetime(year, month, day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def _next(world: World, month: int, day: int) -> datetime:
    """Return the midnight with which the next such day begins that has not begun."""
    today = wall_today(world)
    this_year = today.replace(month=month, day=day)
    return this_year if this_year > today else this_year.replace(year=today.year + 1)


def _end_of(further: Sequence[str], used: int, world: World) -> tuple[int, float] | None:
    """Read "the week", "this month", "next month" as its end; `used` words stand in front."""
    skip = int(further[0] in ("the", "this")) if further else 0
    coming = int(tuple(further[skip : skip + 1]) == ("next",))
    unit = further[skip + coming] if skip + coming < len(further) else ""
    local = wall_today(world)
    if unit == "week":
        end = local + timedelta(days=7 - weekday(world) + 7 * coming)
    elif unit == "month":
        end = local.replace(day=1)
        for _ in range(1 + coming):
            end = (end + timedelta(days=32)).replace(day=1)
    elif unit == "year":
        end = local.replace(year=local.year + 1 + coming, month=1, day=1)
    else:
        return None
    return used + 1 + skip + coming, at_wall(world, end) - world.now
