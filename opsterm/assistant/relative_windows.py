"""Stretches that are told from now: "the last 3 hours", "half an hour ago"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.assistant.lengths import LONGEST_S, UNITS, length_of
from opsterm.assistant.moments import midnight
from opsterm.assistant.queries import TimeWindow
from opsterm.assistant.stretches import Read, from_to
from opsterm.assistant.world import LocalTime
from opsterm.core.errors import BadInput
from opsterm.core.units import parse_duration

LAST = frozenset({"last", "past", "previous"})
_BARE = re.compile(r"\d{1,3}(?:m|min|h|d|w)")
AROUND_S = 300.0
"""A moment ("half an hour ago") is looked at from so much before to so much behind it."""


def last_so_long(words: Sequence[str], world: LocalTime) -> Read:
    """Read "last hour", "past 3 days", "last 90m", "over 2h", "half an hour"."""
    if len(words) == 1 and _BARE.fullmatch(words[0]):
        return 1, last(parse_duration(words[0].replace("min", "m")), world)
    at = 0
    marked = False
    while at < len(words) and (words[at] in LAST or (at == 0 and words[at] in ("over", "within", "since"))):
        marked, at = True, at + 1
        if at < len(words) and words[at] == "the":
            at += 1
    if not marked or at >= len(words):
        return None
    length = length_of(words[at:])
    if length is not None:
        used = at + length[0]
        return used + (words[0] == "since" and tuple(words[used : used + 1]) == ("ago",)), last(length[1], world)
    try:
        seconds = parse_duration(words[at]) if not re.fullmatch(r"[\d.]+", words[at]) else 0.0
    except BadInput:
        return None
    return (at + 1, last(seconds, world)) if seconds else None


def ago(words: Sequence[str], world: LocalTime) -> Read:
    """Read "half an hour ago", "2 hours ago", "an hour back" as the minutes around it, "two days ago" as that day."""
    length = length_of(words)
    if length is None or tuple(words[length[0] : length[0] + 1]) not in (("ago",), ("back",), ("earlier",)):
        return None
    used, seconds = length
    if words[0] in UNITS or seconds > LONGEST_S:
        return None
    if words[used - 1] in UNITS and UNITS[words[used - 1]] >= 86400:
        start = midnight(world, int(seconds // 86400))
        return used + 1, from_to(start, start + 86400, world)
    return used + 1, around(world.now - seconds, world)


def around(at: float, world: LocalTime) -> TimeWindow | None:
    """Return the minutes around a moment; None for one that is ahead."""
    return from_to(at - AROUND_S, min(at + AROUND_S, world.now), world) if at <= world.now else None


def last(seconds: float, world: LocalTime) -> TimeWindow:
    """Return the stretch that is so long and ends now."""
    span = min(max(1.0, seconds), LONGEST_S)
    return TimeWindow(start=world.now - span, end=world.now, words=f"over {duration(span)}")


def duration(seconds: float) -> str:
    """Return a length as it is written: "90m", "2d"."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0 and not (unit == "d" and seconds < 2 * 86400):
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"
