"""How often: "every 15 minutes", "every other day", "hourly", "once a week", "twice a month"."""

from __future__ import annotations

from opsterm.assistant.schedules.days import ordinal
from opsterm.assistant.schedules.words import NUMBERS, UNITS

Words = tuple[str, ...]

_HALVES = {
    ("half", "hour"): (30, "minute"), ("half", "an", "hour"): (30, "minute"), ("half", "a", "day"): (12, "hour"),
    ("half", "day"): (12, "hour"), ("quarter", "of", "an", "hour"): (15, "minute"), ("quarter", "hour"): (15, "minute"),
    ("half", "year"): (6, "month"), ("half", "a", "year"): (6, "month"),
    ("hour", "and", "a", "quarter"): (75, "minute"), ("hour", "and", "three", "quarters"): (105, "minute"),
    ("hour", "and", "a", "half"): (90, "minute"), ("year", "and", "a", "half"): (18, "month"),
}  # fmt: skip
_LEADS = (
    ("once", "in", "every"), ("once", "every"), ("once", "per"), ("once", "a"), ("once", "an"), ("once", "each"),
    ("every",), ("each",), ("per",),
)  # fmt: skip
_TIMES = {"twice": 2, "thrice": 3}


def lead_at(words: Words, at: int) -> int:
    """Return how many words say "every" at a place; 0 for none."""
    for lead in _LEADS:
        if words[at : at + len(lead)] == lead:
            return len(lead)
    return 0


def interval_after(words: Words, at: int) -> tuple[int, tuple[int, str]] | None:
    """Read what stands behind "every": "15 minutes", "other day", "hour", "2nd week", "half hour"."""
    for phrase, interval in _HALVES.items():
        if words[at : at + len(phrase)] == phrase:
            return len(phrase), interval
    number, length = 1, 0
    word = words[at] if at < len(words) else ""
    if word == "other":
        number, length = 2, 1
    elif word == "single":
        length = 1
    elif word.isdecimal() and len(word) <= 5:
        number, length = int(word), 1
    elif word in NUMBERS and word not in ("a", "an"):
        number, length = NUMBERS[word], 1
    elif ordinal(word) > 1:
        number, length = ordinal(word), 1
    unit = UNITS.get(words[at + length]) if at + length < len(words) else None
    if unit is None or (word == "second" and length == 0):
        return None
    if unit == "hour" and words[at + length + 1 : at + length + 4] == ("and", "a", "half"):
        return None
    return length + 1, (number, unit)


def times_per(words: Words, at: int) -> tuple[int, str] | None:
    """Return how many words "twice a day" or "3 times per week" takes, and what has to be asked: when that is."""
    word = words[at] if at < len(words) else ""
    if word in _TIMES:
        number, length = _TIMES[word], 1
    elif words[at + 1 : at + 2] == ("times",) and (word.isdecimal() or word in NUMBERS):
        number, length = int(word) if word.isdecimal() else NUMBERS[word], 2
    else:
        return None
    if words[at + length : at + length + 1] in (("daily",), ("weekly",), ("monthly",), ("hourly",), ("yearly",)):
        unit = {"daily": "day", "weekly": "week", "monthly": "month", "hourly": "hour", "yearly": "year"}[
            words[at + length]
        ]
        return length + 1, f"{number} {unit}"
    if words[at + length : at + length + 1] not in (("a",), ("an",), ("per",), ("each",), ("every",)):
        return None
    unit = UNITS.get(words[at + length + 1], "") if at + length + 1 < len(words) else ""
    return (length + 2, f"{number} {unit}") if unit else None
