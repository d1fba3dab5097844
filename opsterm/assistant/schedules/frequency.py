"""How often: "every 15 minutes", "every second Tuesday", "nightly", "twice a day"."""

from __future__ import annotations

from opsterm.assistant.schedules.days import date_at, ordinal, weekday_list
from opsterm.assistant.schedules.intervals import interval_after, lead_at, times_per
from opsterm.assistant.schedules.reading import PhraseReading
from opsterm.assistant.schedules.which_day import of_month
from opsterm.assistant.schedules.words import ADVERBS, PARTS_OF_DAY, UNCLEAR, WEEKEND, WORKING

_ORDER = ("second", "minute", "hour", "day", "week", "month", "year")
_HOURS = _ORDER.index("hour")


def unclear(reading: PhraseReading, at: int) -> int:
    """Ask about words that mean two things, or none."""
    if question := UNCLEAR.get(reading.words[at]):
        reading.ask(question)
        return 1
    return 0


def every(reading: PhraseReading, at: int) -> int:
    """Read "every" and "each" with what stands behind them."""
    lead = lead_at(reading.words, at)
    if not lead:
        return 0
    reading.said.recurs = True
    at += lead
    taken = _every_nth(reading, at, lead) or _every_interval(reading, at, lead) or _every_day(reading, at, lead)
    number = reading.word(at)
    is_clock = reading.next(at + 1, "am", "pm", "o'clock", "past") or date_at(reading.words, at) is not None
    if not taken and number.isdecimal() and not is_clock:
        reading.ask(f"Every {number} of what? Say minutes, hours or days.")
    if not taken and reading.next(at, "second"):
        reading.ask("The shortest interval is a minute. How often?")
        return lead + 1
    return taken or lead


def _every_nth(reading: PhraseReading, at: int, lead: int) -> int:
    """Read "every second Tuesday", which has two meanings, and "every other Tuesday", which has one."""
    word = reading.word(at)
    days = weekday_list(reading.words, at + 1) if word == "other" or ordinal(word) else None
    several = days is not None and len(days[1]) > 1
    if days is None or (several and (word != "other" or days[1] in (WORKING, WEEKEND))):
        return 0
    reading.note_days()
    length = lead + 1 + days[0]
    if word == "other":
        set_interval(reading, 2, "week")
        reading.said.weekdays.update(days[1])
        return length
    number = ordinal(word)
    month = of_month(reading, at + 1 + days[0])
    if number not in (1, -1) and not month:
        name = reading.words[at + 1].capitalize()
        apart = "other" if number == 2 else f"{number}th" if number > 3 else "third"
        reading.ask(f"The {word} {name} of each month, or {name} in every {apart} week?")
    reading.said.nth.append((number, days[1][0]))
    return length + month


def _every_interval(reading: PhraseReading, at: int, lead: int) -> int:
    found = interval_after(reading.words, at)
    if found is None:
        return 0
    if found[1][1] not in ("minute", "hour"):
        reading.note_days()
    set_interval(reading, *found[1])
    return lead + found[0]


def _every_day(reading: PhraseReading, at: int, lead: int) -> int:
    word = reading.word(at)
    if word in PARTS_OF_DAY:
        set_interval(reading, 1, "day")
        reading.said.part_of_day = word
        return lead + 1
    days = weekday_list(reading.words, at)
    if days is not None:
        reading.note_days()
        reading.said.weekdays.update(days[1])
        return lead + days[0]
    return 0


def set_interval(reading: PhraseReading, number: int, unit: str) -> None:
    """Note how often; of two that are said the shorter one counts, as in "every day, hourly"."""
    said = reading.said
    said.recurs = True
    if unit == "fortnight":
        number, unit = number * 2, "week"
    if unit == "quarter":
        number, unit = number * 3, "month"
        if number == 3:  # of the calendar
            said.months.update((1, 4, 7, 10))
            said.of_quarter = True
            number = 1
    if number < 1:
        reading.ask("How often?")
        return
    before = said.interval
    if before is not None and before != (number, unit):
        longer = max(before, (number, unit), key=lambda one: _ORDER.index(one[1]))
        shorter = before if longer == (number, unit) else (number, unit)
        if longer[0] != 1 or shorter[1] == longer[1] or (shorter[0] != 1 and _ORDER.index(shorter[1]) > _HOURS):
            reading.ask("How often: two intervals are said.")
    if before is None or _ORDER.index(unit) < _ORDER.index(before[1]):
        said.interval = (number, unit)


def adverb(reading: PhraseReading, at: int) -> int:
    """Read "hourly", "nightly", "once monthly"."""
    lead = reading.next(at, "once")
    word = reading.word(at + lead)
    unit = ADVERBS.get(word)
    if unit is None:
        return 0
    if unit == "night":
        reading.said.part_of_day, unit = "night", "day"
    set_interval(reading, 1, unit)
    return lead + 1


def times_each(reading: PhraseReading, at: int) -> int:
    """Read "twice a day"; when that is has to be said as well."""
    found = times_per(reading.words, at)
    if found is None:
        return 0
    number, unit = int(found[1].split()[0]), found[1].split()[1]
    if unit == "hour" and number and 60 % number == 0:
        set_interval(reading, 60 // number, "minute")
    else:
        set_interval(reading, 1, unit)
        reading.said.times_each = number
    return found[0]
