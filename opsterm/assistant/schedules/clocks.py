"""Times of day: "7:30", "6 pm", "half past six", "noon", "between 8 and 18". A bare hour is taken as it stands."""

from __future__ import annotations

import re

from opsterm.assistant.schedules.pieces import Clock
from opsterm.assistant.schedules.words import NUMBERS

_COLON = re.compile(r"(\d{1,2})[:.h](\d{2})(?::\d{2})?")
_NAMED: dict[str, Clock] = {"noon": (12, 0), "midday": (12, 0), "midnight": (0, 0)}
_PARTS = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "night"}
Words = tuple[str, ...]


def read_clock(words: Words, at: int, *, bare: bool, part: str = "", past: bool = True) -> tuple[int, Clock] | None:
    """Return how many words a time of day at a place takes, and the time; None for none.

    Args:
        words: of the phrase.
        at: the place.
        bare: whether a number alone is an hour here.
        part: of the day that was said elsewhere, as in "every evening at 8".
        past: whether "10 to 6" is ten minutes before six; between two times it is not.
    """
    word = words[at] if at < len(words) else ""
    if word in _NAMED:
        return 1, _NAMED[word]
    found = (_past(words, at) if past else None) or _digits(words, at, bare=bare)
    if found is None:
        return None
    length, hour, minute = found
    half, more = _half_of_day(words, at + length)
    length += more
    if hour > 24 or minute > 59 or (half in ("am", "pm") and more == 1 and not 1 <= hour <= 12):
        return None
    clock = _in_half(hour, minute, half or _PARTS.get(part.rstrip("s"), ""))
    return None if clock is None else (length, clock)


def _digits(words: Words, at: int, *, bare: bool) -> tuple[int, int, int] | None:
    word = words[at] if at < len(words) else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if match := _COLON.fullmatch(word):
        return 1 + (after in ("h", "hrs", "hours", "o'clock")), int(match[1]), int(match[2])
    if re.fullmatch(r"[012]\d[0-5]\d", word) and int(word) < 2400 and (bare or after in ("h", "hrs", "hours")):
        return 1 + (after in ("h", "hrs", "hours")), int(word[:2]), int(word[2:])
    number = (
        int(word) if word.isdecimal() and len(word) <= 2 else NUMBERS.get(word, -1) if word not in ("a", "an") else -1
    )
    if not 0 <= number <= 24:
        return None
    if word in NUMBERS and (spelled := _spelled_minutes(words, at + 1))[1] and (bare or spelled[0] >= 2):
        return 1 + spelled[0], number, spelled[1]
    if after == "o'clock":
        return 2, number, 0
    if bare or _half_of_day(words, at + 1)[1]:
        return 1, number, 0
    return None


def _spelled_minutes(words: Words, at: int) -> tuple[int, int]:
    """Return how many words the minutes of "seven thirty" and "six forty-five" take, and the minutes."""
    tens = NUMBERS.get(words[at], 0) if at < len(words) and words[at].isalpha() else 0
    if not 10 <= tens < 60:
        return 0, 0
    gap = 1 + (words[at + 1 : at + 2] == ("-",))
    ones = NUMBERS.get(words[at + gap], 0) if at + gap < len(words) and tens >= 20 else 0
    return (gap + 1, tens + ones) if 1 <= ones <= 9 and words[at + gap] not in ("a", "an") else (1, tens)


def _past(words: Words, at: int) -> tuple[int, int, int] | None:
    """Read "half past six", "quarter to 7", "ten past six"."""
    start = at
    if words[at : at + 1] == ("a",):
        at += 1
    word = words[at] if at < len(words) else ""
    minutes = {"half": 30, "quarter": 15}.get(word) or (int(word) if word.isdecimal() else NUMBERS.get(word, 0))
    at += 1 + (words[at + 1 : at + 2] in (("minutes",), ("minute",)))
    way = words[at] if at < len(words) else ""
    if not 0 < minutes < 60 or way not in ("past", "after", "to", "before") or (word == "half" and way != "past"):
        return None
    hour = words[at + 1] if at + 1 < len(words) else ""
    number = int(hour) if hour.isdecimal() else {"noon": 12, "midnight": 0}.get(hour, NUMBERS.get(hour, -1))
    if not 0 <= number <= 24:
        return None
    whole = number * 60 + (minutes if way in ("past", "after") else -minutes)
    return at + 2 - start, whole // 60 % 24, whole % 60


def _half_of_day(words: Words, at: int) -> tuple[str, int]:
    """Return which half of the day is said at a place, and how many words that takes."""
    if words[at : at + 1] in (("am",), ("pm",)):
        return words[at], 1
    for lead in (("in", "the"), ("at",)):
        part = words[at + len(lead) : at + len(lead) + 1]
        if (
            tuple(words[at : at + len(lead)]) == lead
            and part
            and part[0] in _PARTS
            and (lead == ("at",)) == (part[0] == "night")
        ):
            return _PARTS[part[0]], len(lead) + 1
    return "", 0


def _in_half(hour: int, minute: int, half: str) -> Clock | None:
    if hour == 24:
        return (0, minute) if not minute else None
    if hour > 12 or not half or hour == 0:
        return hour, minute
    if half == "night":  # eleven at night is late, two at night is early
        half = "pm" if 6 <= hour < 12 else "am"
    if half == "am":
        return hour % 12, minute
    return hour % 12 + 12, minute


def read_clocks(words: Words, at: int, *, bare: bool, part: str = "") -> tuple[int, list[Clock]] | None:
    """Read a list of times, as in "6:00, 12:00 and 18:00"; "6 and 6 pm" is refused by the caller, as two halves are."""
    first = read_clock(words, at, bare=bare, part=part)
    if first is None:
        return None
    length, clocks = first[0], [first[1]]
    while True:
        gap = 0
        while words[at + length + gap : at + length + gap + 1] in ((",",), ("and",), ("&",), ("at",)):
            gap += 1
        if not gap:
            return length, clocks
        more = read_clock(words, at + length + gap, bare=bare, part=part)
        if more is None or _is_no_clock(words, at + length + gap, more[0]):
            return length, clocks
        length += gap + more[0]
        clocks.append(more[1])


def _is_no_clock(words: Words, at: int, length: int) -> bool:
    """Return whether what looks like an hour counts something else, as in "at 6 and 15 minutes"."""
    return words[at + length : at + length + 1] in (
        ("minutes",), ("min",), ("days",), ("weeks",), ("th",), ("times",)
    )  # fmt: skip


def read_window(words: Words, at: int) -> tuple[int, tuple[Clock, Clock]] | None:
    """Read "between 8 and 18", "from 9am to 5pm", "8-18", "9 to 17 o'clock"."""
    length = 1 if words[at : at + 1] in (("between",), ("from",)) else 0
    first = read_clock(words, at + length, bare=True, past=False)
    if first is None:
        return None
    joint = at + length + first[0]
    joined = words[joint : joint + 1]
    if joined not in (("and",), ("to",), ("until",), ("till",), ("-",), ("through",)) or (
        joined == ("and",) and not length
    ):
        return None
    second = read_clock(words, joint + 1, bare=True, past=False)
    if second is None:
        return None
    opened, closed = first[1], second[1]
    said = {"am", "pm"} & {*words[at:joint]}
    if words[joint + second[0]] == "pm" and not said and opened < (closed[0] - 12, closed[1]):
        opened = opened[0] + 12, opened[1]  # "between 1 and 5 pm"; "between 8 and 6 pm" begins in the morning
    return joint + 1 + second[0] - at, (opened, closed)
