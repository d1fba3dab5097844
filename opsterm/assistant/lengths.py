"""Lengths of time in words: "2 hours", "a fortnight", "90m"."""

from __future__ import annotations

import re
from collections.abc import Sequence

UNITS = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400,
    "w": 604800, "wk": 604800, "wks": 604800,
    "week": 604800, "weeks": 604800, "fortnight": 1209600, "fortnights": 1209600,
    "month": 2592000, "months": 2592000, "year": 31536000,
}  # fmt: skip
"""Seconds."""
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "half": 0,
}  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_MORE = {**NUMBERS, **_TENS, "thirteen": 13, "fourteen": 14, "sixteen": 16, "seventeen": 17, "eighteen": 18,
         "nineteen": 19, "dozen": 12}  # fmt: skip
_FRACTIONS = {("and", "a", "half"): 0.5, ("and", "a", "quarter"): 0.25, ("and", "three", "quarters"): 0.75}
_PARTS = {
    ("half", "an"): 0.5, ("half", "a"): 0.5, ("half",): 0.5, ("a", "quarter", "of", "an"): 0.25,
    ("quarter", "of", "an"): 0.25, ("three", "quarters", "of", "an"): 0.75, ("quarter",): 0.25,
}  # fmt: skip
TIME_WORDS = frozenset({
    *_MORE, *UNITS, "noon", "midday", "midnight", "afternoon", "evening", "overnight", "quarter", "quarters", "o'clock",
    "starting", "beginning", "weekends", "days",
}) - frozenset({"a", "an", "s", "m", "h", "d", "w"})  # fmt: skip
"""Words that times are told by, rightly spelt."""
LONGEST_S = 400 * 86400.0


def length_of(words: Sequence[str]) -> tuple[int, float] | None:
    """Read "90 minutes", "two and a half hours", "hour and a half", "1 hour 20 minutes" as words used and seconds."""
    said = tuple(words[:8])
    for part, share in _PARTS.items():
        whole = UNITS.get(said[len(part)], 0) if said[: len(part)] == part and len(said) > len(part) else 0
        if whole == 3600 or (part[0] == "half" and whole > 3600):
            return len(part) + 1, share * whole
    number, used = _counted(said)
    more = _fraction(said[used:])
    unit = said[used + more[0]] if used + more[0] < len(said) else ""
    if unit not in UNITS or (not used and (more[0] or (len(unit) <= 3 and unit != "day"))):
        return None
    used, number = used + more[0] + 1, number + more[1]
    more = _fraction(said[used:]) if not more[0] else (0, 0.0)
    seconds = (number + more[1]) * UNITS[unit]
    used += more[0]
    skip = used + (said[used : used + 1] == ("and",))
    behind = _counted(said[skip:])
    smaller = said[skip + behind[1]] if behind[1] and skip + behind[1] < len(said) else ""
    if not more[0] and UNITS.get(smaller, UNITS[unit]) < UNITS[unit]:
        return skip + behind[1] + 1, seconds + behind[0] * UNITS[smaller]
    return used, seconds


def _fraction(words: tuple[str, ...]) -> tuple[int, float]:
    return next(((len(way), share) for way, share in _FRACTIONS.items() if words[: len(way)] == way), (0, 0.0))


def _counted(words: tuple[str, ...]) -> tuple[float, int]:
    """Return a number and the words it takes: "2", "1.5", "forty", "twenty-four", "twenty four"; 1 and 0 for none."""
    tens, _, ones = (words[0] if words else "").partition("-")
    if tens in _TENS and 0 < _MORE.get(ones, 0) < 10:
        return float(_TENS[tens] + _MORE[ones]), 1
    if words[1:2] and words[0] in _TENS and 0 < _MORE.get(words[1], 0) < 10 and len(words[1]) > 2:
        return float(_TENS[words[0]] + _MORE[words[1]]), 2
    if words and _MORE.get(words[0]):
        return float(_MORE[words[0]]), 1
    return _number_of(words[0]) if words else (1.0, 0)


def _number_of(word: str) -> tuple[float, int]:
    """Return a number in digits or words and 1, or 1 and 0 for another word."""
    if word.isdecimal() or re.fullmatch(r"\d{1,6}\.\d{1,2}", word):
        return float(word[:9]), 1
    return (float(NUMBERS[word]), 1) if NUMBERS.get(word) else (1.0, 0)
