"""Lengths of time in words: "2 hours", "a fortnight", "90m"."""

from __future__ import annotations

import re

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
LONGEST_S = 400 * 86400.0


def number_of(word: str) -> tuple[float, int]:
    """Return a number in digits or words and 1, or 1 and 0 for another word."""
    if word.isdecimal() or re.fullmatch(r"\d{1,6}\.\d{1,2}", word):
        return float(word[:9]), 1
    return (float(NUMBERS[word]), 1) if NUMBERS.get(word) else (1.0, 0)
