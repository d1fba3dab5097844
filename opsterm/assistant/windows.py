"""Stretches of time in words: "over the last hour", "yesterday", "since 14:00", "between 8am and 9am".

Days begin at local midnight. What is not understood is left to the caller, never guessed.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from opsterm.assistant.calendar_windows import calendar_stretch
from opsterm.assistant.day_edges import edged
from opsterm.assistant.day_windows import at_clock, named_day, part_of_day
from opsterm.assistant.moments import is_short_date
from opsterm.assistant.queries import TimeWindow
from opsterm.assistant.range_windows import between, clock_to_clock, day_and_hours, day_to_day, since
from opsterm.assistant.relative_windows import ago, duration, last, last_so_long
from opsterm.assistant.stretches import Read, from_to, since_time
from opsterm.assistant.tokens import Token, lows
from opsterm.assistant.world import Instant, LocalTime
from opsterm.core.errors import BadInput
from opsterm.core.units import parse_duration

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
_NOW = (("right", "now"), ("at", "the", "moment"), ("at", "present"), ("currently",), ("now",))

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
            last_so_long,
            ago,
            part_of_day,
            day_and_hours,
            clock_to_clock,
            day_to_day,
            at_clock,
            named_day,
            since,
            between,
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
        return last(seconds, world) if words[1] == duration(seconds) else None
    for reader in (named_day, since, between):
        found = reader(words, world)
        if found and found[0] == len(words) and found[1] is not None and found[1].words == " ".join(words):
            return found[1]
    return None


def _now(words: Sequence[str], world: LocalTime) -> Read:
    for phrase in _NOW:
        if tuple(words[: len(phrase)]) == phrase:
            return len(phrase), None
    return None


def _calendar(words: Sequence[str], world: LocalTime) -> Read:
    found = calendar_stretch(words, world) or edged(words, world)
    if found is None:
        return None
    return found[0], since_time(found[1], world) if found[2] >= world.now else from_to(found[1], found[2], world)
