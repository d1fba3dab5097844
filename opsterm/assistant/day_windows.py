"""Stretches that are one day, month or part of a day, or the minutes around a clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from opsterm.assistant.moment_parts import parts_of_moment
from opsterm.assistant.moments import clock_seconds, date, day_at, midnight, moment_at, month_number, this_year, weekday
from opsterm.assistant.parts_of_day import part_at
from opsterm.assistant.relative_windows import LAST, around
from opsterm.assistant.stretches import Read, between_times, from_to, since_time
from opsterm.assistant.world import LocalTime


def named_day(words: Sequence[str], world: LocalTime) -> Read:
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
    skip = 1 if first in LAST | {"this", "the"} else 0
    if tuple(words[skip : skip + 1]) == ("weekend",):
        ago = (weekday(world) - 5) % 7
        ago += 7 if ago < 2 and first in LAST else 0
        start = midnight(world, ago)
        return skip + 1, from_to(start, min(start + 2 * 86400, world.now), world)
    found = day_at(words, world)
    if found is not None and found[1] <= world.now:
        return found[0], from_to(found[1], found[1] + 86400, world)
    return _month(words, world)


def _month(words: Sequence[str], world: LocalTime) -> Read:
    """Read "october", "october 2025", "last october": the newest that has begun. "may" and "mar" need more."""
    skip = 1 if words[0] in LAST else 0
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


def part_of_day(words: Sequence[str], world: LocalTime) -> Read:
    """Read "last night", "yesterday afternoon", "this afternoon", "friday evening"."""
    part = part_at(words, world)
    if part is None or tuple(words[:2]) == ("this", "morning"):
        return None
    start, end = part.stretch
    end = min(end, world.now)
    return (part.used, from_to(start, end, world)) if start < end else None


def clock_in_part(words: Sequence[str], world: LocalTime) -> Read:
    """Read "half past two yesterday afternoon", "2 in the morning" as the minutes around it."""
    said = parts_of_moment(words, world)
    if said is None or said.clock is None or not said.half:
        return None
    at = (midnight(world) if said.day is None else said.day) + said.seconds()
    if said.day is None and at > world.now:
        at -= 86400
    return said.used, around(at, world)


def at_clock(words: Sequence[str], world: LocalTime) -> Read:
    """Read "14:30 yesterday" and "14:30" as the minutes around it, the newest such time when no day is said."""
    day = day_at(words, world)
    moment = moment_at(words, world) if day is not None else None
    if day is not None and moment is not None and moment[0] > day[0]:  # "yesterday at 14:30"
        return moment[0], around(moment[1], world)
    clock = clock_seconds(words)
    if clock is None:
        return None
    part = part_at(words[clock[0] :], world)
    if part is not None:
        return clock[0] + part.used, around(part.moment(clock[1], bare=False), world)
    moment = moment_at(words, world)
    if moment is not None and moment[0] > clock[0]:
        return moment[0], around(moment[1], world)
    if words[clock[0] : clock[0] + 1] and words[clock[0]] in ("to", "until", "till", "and"):
        return None
    at = midnight(world) + clock[1]
    return clock[0], around(at if at <= world.now else at - 86400, world)
