"""Stretches between two clocks, in every order: "monday from 9 to 11", "10pm yesterday until 2 this morning"."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.assistant.lengths import length_of
from opsterm.assistant.moment_parts import MomentParts, parts_of_moment
from opsterm.assistant.moments import midnight
from opsterm.assistant.stretches import Read, from_to, since_time
from opsterm.assistant.world import LocalTime

_UNTIL = frozenset({"to", "until", "till", "til", "through", "thru", "-", "up"})
_JOINS = {
    "between": frozenset({"and", "&", "to", "-", "until", "till"}), "from": _UNTIL, "after": _UNTIL | {"before", "and"},
    "starting": _UNTIL, "beginning": _UNTIL,
}  # fmt: skip
_DAY_S = 86400.0
_NOON = 43200.0


def clock_pair(words: Sequence[str], world: LocalTime) -> Read:
    """Read two moments of which one has a clock, with a day or a part of it in front of, among or behind them."""
    outer = parts_of_moment(words, world) if words[0] not in _JOINS else None
    if outer is not None and outer.clock is None and outer.exact is None:
        skip = outer.used + (tuple(words[outer.used : outer.used + 1]) == (",",))
        found = _pair(words[skip:], outer, world)
        return (skip + found[0], found[1]) if found is not None else None
    return _pair(words, MomentParts(), world)


def so_long_beside(words: Sequence[str], world: LocalTime) -> Read:
    """Read "30 minutes before 9:00", "hour after midnight yesterday"."""
    length = length_of(words)
    if length is None or tuple(words[length[0] : length[0] + 1]) not in (("before",), ("after",)):
        return None
    used, seconds = length
    said = parts_of_moment(words[used + 1 :], world)
    if said is None or said.clock is None:
        return None
    at = (midnight(world) if said.day is None else said.day) + said.seconds()
    at -= _DAY_S * (said.day is None and at > world.now)
    start, end = (at - seconds, at) if words[used] == "before" else (at, min(at + seconds, world.now))
    return (used + 1 + said.used, from_to(start, end, world)) if start < end <= world.now else None


def _pair(words: Sequence[str], outer: MomentParts, world: LocalTime) -> Read:
    """Read two moments, each of which is of the day and the part of day that was said outside, if it says none."""
    lead = int(bool(words) and words[0] in _JOINS)
    lead += lead and tuple(words[lead : lead + 1]) in (("at",), ("about",), ("around",))
    first = parts_of_moment(words[lead:], world)
    if first is None or (first.clock is None and first.exact is None and not lead):
        return None
    doubtful = not lead and outer.day is None and first.bare and words[0].isdecimal() and first.day is None
    at = lead + first.used
    at += tuple(words[at : at + 1]) == (",",)
    if at >= len(words) or words[at] not in (_JOINS[words[0]] if lead else _UNTIL):
        return None
    at += 1 + (tuple(words[at + 1 : at + 2]) in (("to",), ("until",), ("before",), ("till",)))
    second = parts_of_moment(words[at:], world)
    if second is None or (first.clock is None and second.clock is None and (first.exact, second.exact) == (None, None)):
        return None  # whole days are read elsewhere
    if doubtful and second.day is None and not second.half:
        return None  # "2 to 3 servers"
    if first.clock is None and first.exact is None and second.used == 1 and words[at].isdecimal():
        return None  # "from november 3 to 5"
    if second.bare and tuple(words[at + second.used : at + second.used + 1]) in (
        ("%",),
        ("percent",),
        ("gb",),
        ("mb",),
    ):
        return None
    stretch = _stretch(first, second, outer, world)
    if stretch is None:
        return None
    start, end = stretch
    used = at + second.used
    return used, since_time(start, world) if second.exact == world.now else from_to(start, min(end, world.now), world)


def _stretch(
    first: MomentParts, second: MomentParts, outer: MomentParts, world: LocalTime
) -> tuple[float, float] | None:
    if first.exact is not None or second.exact is not None:
        return _with_exact(first, second, outer, world)
    if second.clock is None:  # "from sunday 8pm to monday": to its beginning or to its end?
        return None
    start_s, end_s = _clocks(first, second, outer)
    if end_s <= start_s and second.day is None and first.bare and not (first.half or outer.half):
        return None  # "from 9 to 5"
    day = first.day if first.day is not None else outer.day
    end_day = second.day if second.day is not None else day
    if end_day is None:
        return _newest(start_s, end_s, world)
    end_s += _DAY_S * (end_s == 0 and end_day in (day, second.day) and (day in (None, end_day)))
    if day is None:  # "from 22:00 to 02:00 on monday": into it, or out of it?
        return (end_day + start_s, end_day + end_s) if start_s < end_s else None
    start, end = day + start_s, end_day + end_s
    end += _DAY_S * (end <= start and second.day is None)
    return (start, end) if start < end else None


def _newest(start: float, end: float, world: LocalTime) -> tuple[float, float] | None:
    """Return the newest such stretch of a day that has begun."""
    today = midnight(world)
    if end <= start:
        start -= _DAY_S
    if today + start >= world.now:
        start, end = start - _DAY_S, end - _DAY_S
    return today + start, today + end


def _clocks(first: MomentParts, second: MomentParts, outer: MomentParts) -> tuple[float, float]:
    """Return both clocks as seconds of a day; the half of it that one end says is said of the other, if it fits."""
    end = second.seconds(outer.half or (first.half if second.day is None else ""))
    told = second.half
    if second.clock is not None and not second.bare and not told:
        told = "pm" if second.clock > _NOON else "am" if second.clock else ""
    start, shared = first.seconds(outer.half), first.seconds(outer.half or told)
    return shared if first.day is None and shared < end else start, end


def _with_exact(
    first: MomentParts, second: MomentParts, outer: MomentParts, world: LocalTime
) -> tuple[float, float] | None:
    day = first.day if first.day is not None else outer.day
    start = first.exact
    if start is None:
        start = (midnight(world) if day is None else day) + first.seconds(outer.half)
        start -= _DAY_S * (day is None and start >= world.now)
    if second.exact is not None:
        return (start, second.exact) if start < second.exact else None
    if second.clock is None:
        return None
    end = (midnight(world) if second.day is None else second.day) + second.seconds()
    return (start, end) if start < end else None
