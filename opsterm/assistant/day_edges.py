"""Stretches that one edge of a day or a week gives: "yesterday after 3pm", "before noon", "tuesday of last week"."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.assistant.moments import DAYS, clock_seconds, day_at, midnight, weekday
from opsterm.assistant.world import LocalTime

Stretch = tuple[int, float, float]
"""Words used, and from when to when in epoch seconds."""

_EDGES = ("after", "before")
_BEGUN = ("of", "since", "beginning", "commencing")


def day_of(at: float, world: LocalTime) -> float:
    """Return the beginning of the local day that a time is in, epoch seconds."""
    return at - (at + world.utc_offset_s) % 86400


def days_ago(words: Sequence[str]) -> bool:
    """Return whether words are "two days ago" and no more: a day that is meant whole."""
    return (
        len(words) == 3 and words[2] in ("ago", "back", "earlier") and words[1].startswith(("day", "week", "fortnight"))
    )


def edged(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read any of these stretches at the beginning of some words."""
    return (
        _edge_of_day(words, world)
        or day_of_last_week(words, world)
        or _days_of_last_week(words, world)
        or _week_from(words, world)
    )


def _edge_of_day(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "yesterday after 3pm", "after 3pm yesterday", "before noon on friday"; an hour alone is one of today."""
    if words[0] in _EDGES:
        clock = clock_seconds(words[1:])
        if clock is None:
            return None
        used = 1 + clock[0]
        skip = used + (tuple(words[used : used + 1]) == ("on",))
        day = day_at(words[skip:], world)
        return _stretch(words[0], skip + day[0] if day else used, day[1] if day else midnight(world), clock[1], world)
    day = day_at(words, world)
    if day is None or day[0] >= len(words) or words[day[0]] not in _EDGES:
        return None
    clock = clock_seconds(words[day[0] + 1 :])
    return None if clock is None else _stretch(words[day[0]], day[0] + 1 + clock[0], day[1], clock[1], world)


def _stretch(edge: str, used: int, day: float, clock: float, world: LocalTime) -> Stretch | None:
    start, end = (day + clock, min(day + 86400, world.now)) if edge == "after" else (day, min(day + clock, world.now))
    return (used, start, end) if start < end else None


def day_of_last_week(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "tuesday of last week", "tuesday last week", "last week on tuesday": a day of the week before this one."""
    said = tuple(words[:4])
    for used, at, way in ((4, 0, ("of", "last", "week")), (3, 0, ("last", "week")), (4, 3, ("last", "week", "on")),
                          (3, 2, ("last", "week"))):  # fmt: skip
        if len(said) >= used and said[at] in DAYS and (*said[:at], *said[at + 1 : used]) == way:
            start = midnight(world, weekday(world) + 7 - DAYS.index(said[at]))
            return used, start, start + 86400
    return None


def _days_of_last_week(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "monday through wednesday last week", "from monday to friday of last week"."""
    lead = int(words[0] in ("from", "between"))
    first, join, second = (*words[lead : lead + 3], "", "", "")[:3]
    behind = tuple(words[lead + 3 : lead + 6])
    used = 3 if behind == ("of", "last", "week") else 2 if behind[:2] == ("last", "week") else 0
    if (
        not used
        or first not in DAYS
        or second not in DAYS
        or join not in ("to", "until", "till", "through", "-", "and")
    ):
        return None
    monday = midnight(world, weekday(world) + 7)
    start, end = (monday + DAYS.index(day) * 86400 for day in (first, second))
    return (lead + 3 + used, start, end + 86400) if start < end else None


def _week_from(words: Sequence[str], world: LocalTime) -> Stretch | None:
    """Read "week of 16 november", "week starting monday": seven days, or as many as have gone."""
    if words[0] != "week" or tuple(words[1:2]) not in [(way,) for way in _BEGUN]:
        return None
    skip = 2 + (tuple(words[2:3]) == ("the",) and len(words) > 3 and words[3] in DAYS)
    day = day_at(words[skip:], world)
    if day is None or day[1] > world.now or (words[1] == "of" and (day[1] - midnight(world, weekday(world))) % 604800):
        return None  # the week of a Wednesday: from it, or around it?
    return skip + day[0], day[1], min(day[1] + 7 * 86400, world.now)
