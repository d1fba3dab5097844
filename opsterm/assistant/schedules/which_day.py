"""Which day: "the 1st and 15th of every month", "the last Friday", "24 December", "tomorrow", "next Monday"."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from opsterm.assistant.schedules.days import date_at, month_list, ordinal, ordinal_list, weekday_list
from opsterm.assistant.schedules.pieces import Day
from opsterm.assistant.schedules.reading import PhraseReading
from opsterm.assistant.schedules.words import WEEKDAYS

NAMED_DAYS = (
    ("the day after tomorrow", 2, ""), ("day after tomorrow", 2, ""), ("tomorrow", 1, ""), ("today", 0, ""),
    ("tonight", 0, "evening"), ("this evening", 0, "evening"), ("this afternoon", 0, "afternoon"),
    ("this morning", 0, "morning"),
)  # fmt: skip
"""Words, how many days from today, and the part of the day they mean."""
_OF_MONTH = (
    "of the month", "of each month", "of every month", "of a month", "each month", "every month", "of month",
    "in the month", "in each month", "in every month", "a month", "monthly", "of any month", "per month",
)  # fmt: skip
_OF_THIS_MONTH = ("of this month", "of next month", "next month", "this month", "of the coming month")
_OF_QUARTER = (
    *(f"{lead} {kind} quarter" for lead in ("of", "in") for kind in ("the", "each", "every", "a", "any")),
    "each quarter", "every quarter", "of quarter",
)  # fmt: skip
_OF_YEAR = ("of the year", "of each year", "of every year", "each year", "every year")
_ENDS = {
    -1: ("at the end of the month", "at the end of each month", "at the end of every month", "the end of the month",
         "the end of each month", "end of the month", "end of each month", "end of every month", "end of month",
         "month end", "at month end", "every month end"),
    1: ("at the start of the month", "at the beginning of the month", "at the start of each month",
        "at the beginning of each month", "at the start of every month", "at the beginning of every month",
        "the start of the month", "the beginning of the month", "start of the month", "beginning of the month",
        "start of month", "beginning of month"),
}  # fmt: skip


def of_month(reading: PhraseReading, at: int) -> int:
    """Return how many words say "of the month" at a place."""
    return reading.next(at, *_OF_MONTH)


_LONGER_ENDS = (
    (-1, ("end", "close")), (1, ("start", "beginning")),
)  # fmt: skip


def month_end(reading: PhraseReading, at: int) -> int:
    """Read "at the end of the month", "at the start of each month", "at the end of each quarter"."""
    lead = reading.next(at, "at")
    lead += reading.next(at + lead, "the")
    for number, names in _LONGER_ENDS:
        end = reading.next(at + lead, *names)
        if end and (longer := _of_longer(reading, at + lead + end, [number])):
            reading.said.month_days.append(number)
            return lead + end + longer
    for number, phrases in _ENDS.items():
        if length := reading.next(at, *phrases):
            reading.said.month_days.append(number)
            reading.said.recurs = True
            return length
    return 0


def nth(reading: PhraseReading, at: int) -> int:
    """Read "the 1st and 15th", "the second Tuesday of March", "the last working day of the month"."""
    found = ordinal_list(reading.words, at)
    if found is None:
        return _plain_month_day(reading, at)
    length, numbers = found
    reading.note_days()
    after = at + length
    kind = _day_word(reading, after, numbers)
    monthly = reading.said.interval is not None and reading.said.interval[1] in ("month", "year")
    if not kind and not (of_month(reading, after) or monthly or reading.words[at][0].isdecimal()):
        return 0
    if not kind:
        reading.said.month_days += numbers
    length += kind
    month = of_month(reading, at + length)
    if month or monthly or len(numbers) > 1:
        reading.said.recurs = True
    if longer := _of_longer(reading, at + length, numbers):
        return length + longer
    months = month_list(reading.words, at + length + 1) if reading.next(at + length, "of", "in") and not month else None
    if months is not None:
        reading.said.months.update(months[1])
        reading.said.recurs = True
        return length + 1 + months[0]
    return length + month


def _of_longer(reading: PhraseReading, at: int, numbers: Sequence[int]) -> int:
    """Take "of the quarter" and "of the year" behind ordinals: the first ones are of its first month."""
    for phrases, first, last in ((_OF_QUARTER, (1, 4, 7, 10), (3, 6, 9, 12)), (_OF_YEAR, (1,), (12,))):
        if length := reading.next(at, *phrases):
            if len(numbers) > 1:
                reading.ask("Which day? Of a quarter or a year one is known.")
            reading.said.months.update(last if numbers[0] < 0 else first)
            reading.said.recurs = True
            return length
    return 0


def _day_word(reading: PhraseReading, at: int, numbers: Sequence[int]) -> int:
    """Take "working day", "day" or a weekday behind ordinals."""
    said = reading.said
    working = reading.next(at, "working day", "business day", "work day", "workday", "weekday")
    if working:
        if len(numbers) > 1:
            reading.ask("Which day? Of the working days of a month one is known.")
        said.working_day = numbers[0]
        return working
    if length := reading.next(at, "day", "days"):
        said.month_days += numbers
        return length
    days = weekday_list(reading.words, at)
    if days is None:
        return 0
    if len(days[1]) > 1:
        reading.ask("Which weekday?")
    said.nth += [(number, days[1][0]) for number in numbers]
    return days[0]


def _plain_month_day(reading: PhraseReading, at: int) -> int:
    """Read "day 15 of the month" and "on the 15 of each month"."""
    lead = reading.next(at, "day", "the day")
    word = reading.word(at + lead)
    month = of_month(reading, at + lead + 1)
    if not word.isdecimal() or not 1 <= int(word[:3]) <= 31 or not (month or lead):
        return 0
    reading.said.month_days.append(int(word))
    reading.said.recurs = True
    return lead + 1 + month


def _more_months(reading: PhraseReading, at: int) -> tuple[int, Sequence[int]] | None:
    """Read ", April, July and October" behind "the 1st of January": not "and July 3rd"."""
    gap = reading.next(at, ", and", ",", "and", "&")
    found = month_list(reading.words, at + gap) if gap else None
    if found is None or date_at(reading.words, at + gap + found[0] - 1) is not None:
        return None
    return gap + found[0], found[1]


def named_date(reading: PhraseReading, at: int) -> int:
    """Read a date."""
    found = date_at(reading.words, at)
    if found is None:
        return 0
    length, day = found
    if isinstance(day, Day) and not day.year and (more := _more_months(reading, at + length)):
        reading.said.months.update({day.month, *more[1]})
        reading.said.month_days.append(day.day)
        reading.said.recurs = True
        return length + more[0]
    if isinstance(day, str):
        reading.ask(day)
    elif reading.said.day is not None:
        reading.said.more_days.append(day)
    else:
        reading.said.day = day
    return length + reading.next(at + length, "t")


def of_this_month(reading: PhraseReading, at: int) -> int:
    """Read "the 30th of this month" and "the last day of next month"."""
    lead = reading.next(at, "the")
    number = ordinal(reading.word(at + lead))
    length = lead + 1 + reading.next(at + lead + 1, "day")
    month = reading.next(at + length, *_OF_THIS_MONTH)
    if not number or not month:
        return 0
    ahead = int("this" not in reading.words[at + length : at + length + month])
    year, index = divmod(reading.now.year * 12 + reading.now.month - 1 + ahead, 12)
    days = monthrange(year, index + 1)[1]
    day = number if number > 0 else days + 1 + number
    if not 1 <= day <= days:
        reading.ask(f"That month has {days} days. On which day?")
    elif reading.said.day is not None:
        reading.said.more_days.append(Day(year, index + 1, day))
    else:
        reading.said.day = Day(year, index + 1, day)
    return length + month


def named_day(reading: PhraseReading, at: int) -> int:
    """Read "tomorrow", "tonight", "next Friday"."""
    said = reading.said
    for phrase, days, part in NAMED_DAYS:
        if length := reading.next(at, phrase):
            said.part_of_day = said.part_of_day or part
            day = reading.now.date() + timedelta(days=days)
            said.day = Day(day.year, day.month, day.day)
            return length
    lead = reading.next(at, "this coming", "this", "coming", "next")
    word = reading.words[at + lead] if lead and at + lead < len(reading.words) else ""
    if word in WEEKDAYS:
        said.weekday_once = WEEKDAYS[word]
        said.weekday_is_next = reading.words[at] == "next"
        return lead + 1
    if lead and word in ("week", "month", "year"):
        reading.ask(f"On which day of {reading.words[at]} {word}?")
        return lead + 1
    return 0


def weekdays(reading: PhraseReading, at: int) -> int:
    """Read weekdays; a single one does not say that it comes again."""
    found = weekday_list(reading.words, at)
    if found is None:
        lead = reading.next(at, "from", "between", "on a", "a")
        found = weekday_list(reading.words, at + lead) if lead else None
        if found is None:
            return 0
        found = (found[0] + lead, *found[1:])
    length, days, again = found
    if "or" in reading.words[at : at + length] and not reading.said.recurs:
        reading.ask('Which of the days? "Or" leaves it open.')
    reading.note_days()
    reading.said.weekdays.update(days)
    reading.said.recurs |= again
    return length


def months(reading: PhraseReading, at: int) -> int:
    """Read months."""
    found = month_list(reading.words, at)
    if found is None:
        return 0
    reading.said.months.update(found[1])
    return found[0]


def dated(day: Day, now: datetime) -> date:
    """Return a day; without a year it is the next one of that name."""
    if day.year:
        return date(day.year, day.month, day.day)
    for year in range(now.year, now.year + 9):
        try:
            found = date(year, day.month, day.day)
        except ValueError:  # 29 February
            continue
        if found >= now.date():
            return found
    return now.date()
