"""Days: weekdays and lists of them, the second Tuesday, the 15th, dates of both sides of the Atlantic, months."""

from __future__ import annotations

import re
from calendar import monthrange

from opsterm.assistant.schedules.pieces import Day
from opsterm.assistant.schedules.words import MONTHS, ORDINALS, WEEKDAY_PLURALS, WEEKDAYS, WEEKEND, WORKING

Words = tuple[str, ...]

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_NUMERIC = re.compile(r"(\d{1,2})([./])(\d{1,2})(?:[./](\d{2,4}))?")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)(_last)?")
_JOINTS = frozenset({",", "and", "&", "or", "on"})
_WORKING = {("working", "day"), ("working", "days"), ("business", "day"), ("business", "days"), ("work", "days"),
            ("work", "day"), ("week", "days"), ("week", "day")}  # fmt: skip
_GROUPS = {"weekday": WORKING, "weekdays": WORKING, "workday": WORKING, "workdays": WORKING, "weekend": WEEKEND,
           "weekends": WEEKEND}  # fmt: skip


def weekdays_at(words: Words, at: int) -> tuple[int, tuple[int, ...]] | None:
    """Return how many words one weekday, group or range of them takes, and which they are."""
    word = words[at] if at < len(words) else ""
    if tuple(words[at : at + 2]) in _WORKING:
        return 2, WORKING
    if word in _GROUPS:
        return 1, _GROUPS[word]
    first = WEEKDAYS.get(word, WEEKDAY_PLURALS.get(word))
    if first is None:
        return None
    if words[at + 1 : at + 2] in (("-",), ("to",), ("through",), ("until",), ("till",), ("thru",)):
        last = WEEKDAYS.get(words[at + 2]) if at + 2 < len(words) else None
        if last is not None:
            return 3, tuple((first + more) % 7 for more in range((last - first) % 7 + 1))
    return 1, (first,)


def weekday_list(words: Words, at: int) -> tuple[int, tuple[int, ...], bool] | None:
    """Return the length of a list of weekdays, which they are, and whether its words say that they come again."""
    first = weekdays_at(words, at)
    if first is None:
        return None
    length, days = first[0], [*first[1]]
    again = len(days) > 1 or words[at] in WEEKDAY_PLURALS
    while True:
        gap = 0
        while words[at + length + gap : at + length + gap + 1] and words[at + length + gap] in _JOINTS:
            gap += 1
        more = weekdays_at(words, at + length + gap) if gap or at + length < len(words) else None
        if more is None:
            return length, tuple(dict.fromkeys(days)), again
        days += more[1]
        length += gap + more[0]
        again = True


def ordinal(word: str) -> int:
    """Return what "second", "2nd", "last" or "3rd_last" stands for; 0 for none."""
    if match := _ORDINAL.fullmatch(word):
        return -int(match[1]) if match[2] else int(match[1])
    return ORDINALS.get(word, 0)


def ordinal_list(words: Words, at: int) -> tuple[int, list[int]] | None:
    """Read "1st", "first and third", "1st, 10th and 20th"."""
    numbers: list[int] = []
    length = 0
    while at + length < len(words):
        gap = 0
        while numbers and words[at + length + gap : at + length + gap + 1] in ((",",), ("and",), ("&",), ("the",)):
            gap += 1
        number = ordinal(words[at + length + gap]) if at + length + gap < len(words) else 0
        if not number or (numbers and not gap):
            break
        numbers.append(number)
        length += gap + 1
    return (length, numbers) if numbers else None


def month_list(words: Words, at: int) -> tuple[int, tuple[int, ...]] | None:
    """Read "january", "march and september", "may to august"; "may" alone is a month here."""
    months: list[int] = []
    length = 0
    while at + length < len(words):
        gap = 0
        while months and words[at + length + gap : at + length + gap + 1] in ((",",), ("and",), ("&",)):
            gap += 1
        month = MONTHS.get(words[at + length + gap]) if at + length + gap < len(words) else None
        if month is None or (months and not gap):
            break
        months.append(month)
        length += gap + 1
        if words[at + length : at + length + 1] in (("-",), ("to",), ("through",)):
            last = MONTHS.get(words[at + length + 1]) if at + length + 1 < len(words) else None
            if last is not None:
                months += [(month - 1 + more) % 12 + 1 for more in range(1, (last - month) % 12 + 1)]
                length += 2
    return (length, tuple(dict.fromkeys(months))) if months else None


def date_at(words: Words, at: int) -> tuple[int, Day | str] | None:
    """Return how many words a date takes, and the date; instead of it what is to be asked when it reads two ways."""
    word = words[at] if at < len(words) else ""
    if match := _ISO.fullmatch(word):
        return 1, _checked(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMERIC.fullmatch(word):
        return 1, _numeric(match)
    month = MONTHS.get(word)
    if month is not None:  # December 24th 2026
        day = _day_number(words, at + 1)
        return None if day is None else _with_year(words, at, 2, month, day)
    day = _day_number(words, at)
    if day is None:
        return None
    gap = 1 + (words[at + 1 : at + 2] == ("of",))
    month = MONTHS.get(words[at + gap]) if at + gap < len(words) else None
    return None if month is None else _with_year(words, at, gap + 1, month, day)


def _day_number(words: Words, at: int) -> int | None:
    word = words[at] if at < len(words) else ""
    if word.isdecimal() and len(word) <= 2 and 1 <= int(word) <= 31:
        return int(word)
    number = ordinal(word)
    return number if 1 <= number <= 31 else None


def _with_year(words: Words, at: int, length: int, month: int, day: int) -> tuple[int, Day | str]:
    gap = length + (words[at + length : at + length + 1] == (",",))
    year = words[at + gap] if at + gap < len(words) else ""
    if re.fullmatch(r"20\d\d", year) and words[at + gap + 1 : at + gap + 2] not in (("hours",), ("hrs",), ("h",)):
        return gap + 1, _checked(int(year), month, day)
    return length, _checked(0, month, day)


def _numeric(match: re.Match[str]) -> Day | str:
    first, second = int(match[1]), int(match[3])
    year = int(match[4] or 0)
    year += 2000 if 0 < year < 100 else 0
    if match[2] == ".":  # as it is written on the continent
        return _checked(year, second, first)
    if first > 12:
        return _checked(year, second, first)
    if second > 12:
        return _checked(year, first, second)
    if first == second:
        return _checked(year, first, second)
    return f"Is {match[0]} {first} {_NAMES[second]} or {second} {_NAMES[first]}?"


def _checked(year: int, month: int, day: int) -> Day | str:
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year or 2024, month)[1]:
        return f"There is no day {day} in month {month}{f' of {year}' if year else ''}. Which day is meant?"
    return Day(year, month, day)


_NAMES = ("", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
