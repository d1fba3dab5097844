"""What limits a schedule: its time zone, first and last day, days that are left out; and "in 20 minutes"."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta

from opsterm.assistant.schedules.clocks import read_clock
from opsterm.assistant.schedules.days import date_at, weekday_list
from opsterm.assistant.schedules.intervals import times_per
from opsterm.assistant.schedules.pieces import Day
from opsterm.assistant.schedules.reading import PhraseReading
from opsterm.assistant.schedules.which_day import NAMED_DAYS, dated
from opsterm.assistant.schedules.words import FILLERS, MONTHS, NUMBERS, UNITS, WEEKDAYS, ZONE_SHORT, ZONE_UNCLEAR

_LEFT_OUT = (
    "except for", "except on", "except", "but not on", "but not", "but", "excluding", "other than", "apart from",
    "save for", "save", "bar", "skipping", "leaving out", "without", "omitting", "not on",
)  # fmt: skip
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def zone(reading: PhraseReading, at: int) -> int:
    """Read "UTC", "Europe/Berlin", "London time"; a short name that several zones bear is asked for."""
    lead = reading.next(at, "in", "(")
    word = reading.word(at + lead)
    end = reading.next(at + lead + 1, "time )", ")", "time")
    known = ZONE_SHORT.get(word) or (reading.zones.get(word) if "/" in word else None)
    if known and not reading.next(at + lead + 1, "+", "-"):
        reading.said.zone = known
        return lead + 1 + end
    if word in ZONE_UNCLEAR:
        reading.ask(f"Which time zone is {word.upper()}? Name one as in Europe/Berlin.")
        return lead + 1 + end
    for length in (3, 2, 1):
        city = "_".join(reading.words[at + lead : at + lead + length])
        named = next((zone for low, zone in reading.zones.items() if low.rsplit("/", 1)[-1] == city and "/" in low), "")
        told = reading.next(at + lead + length, "time")
        if named and (told or reading.next(at, "in")):
            reading.said.zone = named
            return lead + length + told
    return reading.next(at, "local time", "server time")


def bounds(reading: PhraseReading, at: int) -> int:
    """Read "starting tomorrow", "until 31 December", "for two weeks", "ten times"."""
    lead = reading.next(at, "starting on", "starting from", "starting", "beginning on", "beginning", "from", "as of",
                        "effective", "commencing", "commencing on", "first on", "first run on")  # fmt: skip
    starts = _start_at(reading, at + lead) if lead and reading.word(at) != "from" else None
    if lead and (day := starts or _day_at(reading, at + lead)):
        reading.said.start = day[1]
        length = lead + day[0]
        to = reading.next(at + length, "to", "-", "through")
        last = _day_at(reading, at + length + to) if to else None
        if last is not None:
            reading.said.until = datetime.combine(last[1], time(23, 59, 59))
            return length + to + last[0]
        return length + reading.next(at + length, "on", "onwards", "onward")
    lead += reading.next(at + lead, "at") if lead else 0
    clock = read_clock(reading.words, at + lead, bare=True) if lead and reading.word(at) != "from" else None
    if clock is not None:
        reading.said.clocks.append(clock[1])
        reading.said.starts_at = True
        return lead + clock[0]
    lead = reading.next(at, "until", "till", "through", "ending on", "ending", "up to", "up until", "for the rest of",
                        "and end on", "ending at", "ending with", "to and including")  # fmt: skip
    ends = reading.word(at) == "for" or not lead
    if lead and (day := _end_at(reading, at + lead, rest=ends) or (None if ends else _day_at(reading, at + lead))):
        reading.said.until = datetime.combine(day[1], time(23, 59, 59))
        return lead + day[0]
    return _for_so_long(reading, at)


def _for_so_long(reading: PhraseReading, at: int) -> int:
    lead = reading.next(at, "for the next", "for")
    word = reading.word(at + lead)
    number = int(word) if word.isdecimal() and len(word) < 5 else NUMBERS.get(word, 0)
    unit = reading.word(at + lead + 1)
    if number and unit == "times" and not times_per(reading.words, at + lead):
        reading.said.count = number
        return lead + 2
    span = UNITS.get(unit)
    if lead and number and span in ("day", "week"):
        reading.said.lasts = timedelta(days=number * (7 if span == "week" else 1))
        return lead + 2
    return 0


def _end_at(reading: PhraseReading, at: int, *, rest: bool) -> tuple[int, date] | None:
    """Read "the end of December", "the end of next week", "March" and, behind "for the rest of", "the year"."""
    end = reading.next(at, "the end of", "end of", "the last day of")
    place = at + end
    place += reading.next(place, "the", "this", "next")
    lead = reading.word(place - 1) if place > at + end else ""
    word, today = reading.word(place), reading.now.date()
    if word in MONTHS and not reading.word(place + 1).isdecimal():
        year = today.year + (MONTHS[word] < today.month) + (lead == "next")
        return place + 1 - at, date(year, MONTHS[word], monthrange(year, MONTHS[word])[1])
    if word in MONTHS and re.fullmatch(r"20\d\d", reading.word(place + 1)) and end:
        year = int(reading.word(place + 1))
        return place + 2 - at, date(year, MONTHS[word], monthrange(year, MONTHS[word])[1])
    if not (end or rest) or word not in ("week", "month", "year"):
        return None
    ahead = int(lead == "next")
    if word == "week":
        return place + 1 - at, today + timedelta(days=6 - today.weekday() + 7 * ahead)
    if word == "year":
        return place + 1 - at, date(today.year + ahead, 12, 31)
    year, index = divmod(today.year * 12 + today.month - 1 + ahead, 12)
    return place + 1 - at, date(year, index + 1, monthrange(year, index + 1)[1])


def _start_at(reading: PhraseReading, at: int) -> tuple[int, date] | None:
    """Read "January", "next month" and "next week" behind "starting": the first of it."""
    lead = reading.next(at, "in", "from")
    lead += reading.next(at + lead, "the start of", "the beginning of", "start of")
    following = reading.next(at + lead, "next")
    word, today = reading.word(at + lead + following), reading.now.date()
    length = lead + following + 1
    if word in MONTHS and not reading.word(at + length).isdecimal():
        return length, date(today.year + (MONTHS[word] <= today.month), MONTHS[word], 1)
    if following and word == "week":
        return length, today + timedelta(days=7 - today.weekday())
    if following and word == "month":
        return length, date(today.year + (today.month == 12), today.month % 12 + 1, 1)
    return (length, date(today.year + 1, 1, 1)) if following and word == "year" else None


def choice(reading: PhraseReading, at: int) -> int:
    """Ask about "or", which leaves open what is meant; "every Tuesday or Thursday" is both."""
    if not reading.next(at, "or"):
        return 0
    reading.ask('Which of the two? "Or" leaves it open.')
    return 1


def _day_at(reading: PhraseReading, at: int) -> tuple[int, date] | None:
    found = date_at(reading.words, at)
    if found is not None and isinstance(found[1], Day):
        return found[0], dated(found[1], reading.now)
    if found is not None:
        reading.ask(str(found[1]))
        return found[0], reading.now.date()
    for phrase, days, _ in NAMED_DAYS[:3]:
        if length := reading.next(at, phrase):
            return length, reading.now.date() + timedelta(days=days)
    lead = reading.next(at, "next")
    word = reading.word(at + lead)
    if word in WEEKDAYS and reading.words[at + lead + 1 : at + lead + 2] not in (("to",), ("-",), ("through",)):
        ahead = (WEEKDAYS[word] - reading.now.weekday()) % 7 or 7
        return lead + 1, reading.now.date() + timedelta(days=ahead)
    return None


def exception(reading: PhraseReading, at: int) -> int:
    """Read days that are left out."""
    lead = reading.next(at, *_LEFT_OUT)
    days = weekday_list(reading.words, at + lead) if lead else None
    if days is None:
        return 0
    said = reading.said
    said.weekdays = {*(said.weekdays or range(7))} - {*days[1]}
    said.recurs = True
    if not said.weekdays:
        reading.ask("On which days? None is left.")
    return lead + days[0]


def from_now(reading: PhraseReading, at: int) -> int:
    """Read "in 20 minutes", "in an hour", "2 days from now"."""
    lead = reading.next(at, "in", "after")
    length, seconds = _span(reading, at + lead)
    if not length:
        return 0
    tail = reading.next(at + lead + length, "from now", "from today")
    if not (tail or lead):
        return 0
    reading.said.after = timedelta(seconds=seconds)
    return lead + length + tail


def _span(reading: PhraseReading, at: int) -> tuple[int, float]:
    """Return how many words say how long, and how many seconds that is: "an hour and a half", "1.5 hours"."""
    for half, unit in (("half an hour", "hour"), ("half a day", "day")):
        if length := reading.next(at, half):
            return length, _SECONDS[unit] / 2
    number = float(reading.number(at, NUMBERS))
    length = 1
    if number and reading.next(at + 1, ". 5"):
        number, length = number + 0.5, 3
    if number and (half_words := reading.next(at + length, "and a half")):
        number, length = number + 0.5, length + half_words
    seconds = _SECONDS.get(UNITS.get(reading.word(at + length), ""), 0)
    if not number or not seconds:
        return 0, 0.0
    behind = reading.next(at + length + 1, "and a half") if number == int(number) else 0
    return length + 1 + behind, (number + 0.5 * bool(behind)) * seconds


def filler(reading: PhraseReading, at: int) -> int:
    """Take a word that says nothing by itself."""
    return int(reading.words[at] in FILLERS)
