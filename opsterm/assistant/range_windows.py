"""Stretches between two moments, or from one on: "between 8am and 9am", "from monday to friday", "since 14:00"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.assistant.clock_words import HOUR_WORDS
from opsterm.assistant.day_edges import day_of, days_ago
from opsterm.assistant.days_of_month import day_end, days_of_month
from opsterm.assistant.moment_parts import parts_of_moment
from opsterm.assistant.moments import DAYS, Taken, clock_seconds, day_at, midnight, moment_at
from opsterm.assistant.parts_of_day import part_at
from opsterm.assistant.stretches import Read, from_to, since_time
from opsterm.assistant.world import LocalTime

_GOES_ON = tuple((word,) for word in ("on", "onward", "onwards", "to", "until", "till", "through", "-", "for"))
_SIZES = frozenset({"%", "percent", "gb", "mb", "tb", "kb", "gib", "mib"})


def day_and_hours(words: Sequence[str], world: LocalTime) -> Read:
    """Read "yesterday between 8am and 9am", "on friday from 10:00 to 11:00"."""
    day = day_at(words, world)
    skip = day[0] + (tuple(words[day[0] : day[0] + 1]) == (",",)) if day is not None else 0
    if day is None or skip >= len(words) or words[skip] not in ("between", "from"):
        return None
    found = between(words[skip:], world)
    if found is None or found[1] is None or found[1].start < midnight(world):
        return None
    shift = day[1] - midnight(world)
    return skip + found[0], from_to(found[1].start + shift, found[1].end + shift, world)


def since(words: Sequence[str], world: LocalTime) -> Read:
    """Read "since 14:00", "since 8 this morning", "since monday", "from monday on"."""
    if tuple(words[:2]) == ("as", "of") or (words[0] in ("starting", "beginning") and len(words) > 1):
        skip = 1 + (words[1] in ("of", "at", "from", "on"))
        later = since(("since", *words[skip:]), world)
        return (later[0] + skip - 1, later[1]) if later is not None else None
    if words[0] == "from" and (found := _from_on(words, world)) is not None:
        return found
    if words[0] != "since":
        return None
    clock = clock_seconds(words[1:], bare=True)
    part = part_at(words[1 + clock[0] :], world) if clock is not None else None
    if clock is not None and part is not None:  # "since 8 this morning"
        at = part.moment(clock[1], bare=words[1].isdecimal() or words[1] in HOUR_WORDS)
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


def _from_on(words: Sequence[str], world: LocalTime) -> Read:
    """Read "from monday on", "from 8am onwards", "from 8 this morning"."""
    said = parts_of_moment(words[1:], world)
    alone = said is not None and tuple(words[1 + said.used : 2 + said.used]) not in _GOES_ON
    if said is not None and said.clock is not None and alone and (said.half or not said.bare or ":" in words[1]):
        at = (midnight(world) if said.day is None else said.day) + said.seconds()
        return (1 + said.used, since_time(at, world)) if at < world.now else None
    moment = moment_at(words[1:], world)
    behind = words[1 + moment[0] : 2 + moment[0]] if moment is not None else ()
    if moment is None or not behind or behind[0] not in ("on", "onward", "onwards") or moment[1] >= world.now:
        return None
    return 2 + moment[0], since_time(moment[1], world)


def between(words: Sequence[str], world: LocalTime) -> Read:
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


def clock_to_clock(words: Sequence[str], world: LocalTime) -> Read:
    """Read "8am to 9am yesterday" like "from 8am to 9am yesterday"."""
    clock = clock_seconds(words)
    if clock is None or words[clock[0] : clock[0] + 1] not in (("to",), ("until",), ("-",), ("till",)):
        return None
    found = between(("from", *words), world)
    return (found[0] - 1, found[1]) if found is not None else None


def day_to_day(words: Sequence[str], world: LocalTime) -> Read:
    """Read "10 november to 14 november", "monday to wednesday" like "from monday to wednesday"."""
    used = (day_at(words, world) or (int(bool(re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?", words[0]))), 0.0))[0]
    if not used or used >= len(words) or words[used] not in ("to", "until", "till", "through", "thru", "-"):
        return None
    found = between(("from", *words), world)
    whole = found is not None and found[1] is not None and (found[1].start - midnight(world)) % 86400 == 0
    return (found[0] - 1, found[1]) if found is not None and whole else None


def _both(words: Sequence[str], place: int, first: Taken, second: Taken, world: LocalTime) -> Read:
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
    if end <= start and behind[0] in DAYS and words[place - 1] in DAYS:
        start -= 7 * 86400  # "from tuesday to thursday", said on a Wednesday
    day = day_at(behind, world)
    if (day is not None and day[0] == second[0]) or days_ago(behind[: second[0]]):
        if (start - midnight(world)) % 86400 and end != midnight(world):
            return None  # "from sunday 8pm to monday": to its beginning or to its end?
        end = day_end(end, world)
    return (used, from_to(start, end, world)) if start < end else None
