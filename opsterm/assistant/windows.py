"""Stretches of time in words: "over the last hour", "yesterday", "since 14:00", "between 8am and 9am".

Days begin at local midnight. What is not understood is left to the caller, never guessed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from opsterm.assistant.calendar_windows import calendar_stretch
from opsterm.assistant.day_edges import edged
from opsterm.assistant.day_windows import at_clock, clock_in_part, named_day, part_of_day
from opsterm.assistant.lengths import length_of
from opsterm.assistant.moment_pairs import clock_pair, so_long_beside
from opsterm.assistant.moment_parts import parts_of_moment
from opsterm.assistant.moments import clock_seconds, is_short_date
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
    words, places = _untied(lows(tokens))
    found = _first_window(words, Instant(now=world.now, utc_offset_s=world.utc_offset_s))
    if found is None or len(words) == len(tokens):
        return found
    start, length, window = found
    return places[start], places[start + length - 1] + 1 - places[start], window


@functools.lru_cache(maxsize=64)  # each reading of a sentence asks for the same: a third of what reading costs
def _first_window(words: tuple[str, ...], world: Instant) -> Found | None:
    for at in range(len(words)):
        if words[at].count("/") == 1 and not is_short_date(words, at):
            continue
        for reader in (
            _now,
            clock_pair,
            so_long_beside,
            _calendar,
            last_so_long,
            ago,
            clock_in_part,
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
            if window is not None and _is_one_end(words, at, at + length, world):
                return None
            start = at
            while start > 0 and words[start - 1] in _BEFORE:
                start -= 1
            return start, at - start + length, window
    return None


_EDGES = frozenset({"between", "before", "until", "till", "since", "by", "after"})
_JOINS = frozenset({"to", "until", "till", "through", "thru", "-"})
_PARTLY = frozenset({
    "early", "mid", "late", "middle", "start", "beginning", "end", "half", "rest", "morning", "afternoon", "evening",
    "night", "minutes", "minute", "hours", "hour", "days", "black", "good", "cyber", "easter",
})  # fmt: skip
"""What makes a part, or another day, of the time behind it."""


def _is_one_end(words: tuple[str, ...], start: int, end: int, world: Instant) -> bool:
    """Return whether what was read is one end, or a part, of a stretch that was not understood."""
    if words[start] in _EDGES:
        return False
    before = [word for word in words[max(0, start - 4) : start] if word not in ("the", "on", "at", "in")][-2:]
    if before and (before[-1] in _EDGES | _JOINS | _PARTLY - {"hours", "minutes", "days"}):
        return True
    lately = words[max(0, start - 5) : start]
    if {"until", "till", "before"} & {*lately} or (before[-1:] == ["and"] and "between" in lately):
        return True
    if before[1:] == ["of"] and before[0] in _PARTLY:
        return True
    if before[1:] and before[0] in _JOINS | {"and"} and clock_seconds(before[1:], bare=True) is not None:
        return True
    if start and is_short_date((*words[:start], "at"), start - 1):
        return True
    if before == ["this", "time"] or (words[end : end + 1] == ("for",) and length_of(words[end + 1 :]) is not None):
        return True
    joined = end + 1 < len(words) and words[end] in _JOINS | {"of", "between", "from"}
    return joined and parts_of_moment(words[end + 1 :], world) is not None


_TIED = re.compile(r"(\d{1,2}(?::\d{2})?(?:am|pm)?)-(\d{1,2}(?::\d{2})?(?:am|pm)?)")


def _untied(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the words with "8-10" as three of them, and of each which one it is of."""
    pieces = [(piece, at) for at, word in enumerate(words) for piece in _pieces(word)]
    return tuple(piece for piece, _ in pieces), tuple(at for _, at in pieces)


def _pieces(word: str) -> tuple[str, ...]:
    tied = _TIED.fullmatch(word)
    return (tied[1], "-", tied[2]) if tied else (word,)


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
