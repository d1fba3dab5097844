"""Which hour: "at 6 am and 6 pm", "between 8 and 18", "at a quarter past the hour", "in the evening"."""

from __future__ import annotations

from opsterm.assistant.schedules.clocks import read_clock, read_clocks, read_window
from opsterm.assistant.schedules.frequency import set_interval
from opsterm.assistant.schedules.pieces import Clock
from opsterm.assistant.schedules.reading import PhraseReading
from opsterm.assistant.schedules.words import NUMBERS, PARTS_OF_DAY, UNITS

_WORDS_OF_MINUTES = {"quarter": 15, "half": 30}


def past_the_hour(reading: PhraseReading, at: int) -> int:
    """Read "on the hour", "at 15 past the hour", "at minute 20"."""
    halves = reading.next(at, "on the half hour", "on the hour and half hour", "on the hour and the half hour",
                          "on the hour and on the half hour")  # fmt: skip
    if halves and (halves > 4 or reading.said.interval == (30, "minute")):
        set_interval(reading, 30, "minute")
        return halves
    hourly = reading.next(at, "on the hour", "at the top of the hour", "top of the hour", "at the full hour")
    half = reading.next(at, "on the half hour", "at the half hour")
    if hourly or half:
        reading.said.minutes = [30 if half else 0]
        set_interval(reading, 1, "hour")
        return hourly or half
    lead = reading.next(at, "at")
    for sign in ("minutes", "minute", ":"):
        if (behind := reading.next(at + lead, sign)) and (found := _minute_list(reading, at + lead + behind, sign)):
            reading.said.minutes = found[1]
            return lead + behind + found[0]
    return _minutes_past(reading, at, lead)


def _minute_list(reading: PhraseReading, at: int, sign: str) -> tuple[int, list[int]] | None:
    """Read "10", "5, 25 and 45", ":10 and :40" behind its first sign."""
    minutes: list[int] = []
    length = 0
    while True:
        gap = 0
        while minutes and reading.word(at + length + gap) in {",", "and", "&", sign} - {""}:
            gap += 1
        word = reading.word(at + length + gap)
        digits = word.isdecimal() and len(word) <= 2
        number = int(word) if digits else _WORDS_OF_MINUTES.get(word, NUMBERS.get(word, -1))
        if not 0 <= number < 60 or word in ("a", "an") or (minutes and not gap):
            return (length, minutes) if minutes else None
        minutes.append(number)
        length += gap + 1


def _minutes_past(reading: PhraseReading, at: int, lead: int) -> int:
    place = at + lead
    article = reading.next(place, "a")
    found = _minute_list(reading, place + article, "")
    if found is None:
        return 0
    length = article + found[0] + reading.next(place + article + found[0], "minutes", "minute", "min", "mins")
    past = reading.next(place + length, "past the hour", "past each hour", "past every hour", "after the hour",
                      "past hour", "after every hour", "after each hour")  # fmt: skip
    hourly = reading.said.interval is not None and reading.said.interval[1] == "hour"
    if not past and hourly:
        past = reading.next(place + length, "past", "after")
    before = reading.next(place + length, "to the hour", "before the hour", "to every hour", "before every hour",
                        "to each hour", "before each hour")  # fmt: skip
    if not (past or before) or not all(found[1]):
        return 0
    reading.said.minutes = found[1] if past else [60 - minute for minute in found[1]]
    if not hourly:
        set_interval(reading, 1, "hour")
    return lead + length + past + before


def window(reading: PhraseReading, at: int) -> int:
    """Read from when to when something is done several times."""
    hours = reading.next(at, "during business hours", "during working hours", "during office hours",
                       "in business hours", "in working hours")  # fmt: skip
    if hours:
        reading.ask("From when to when are those hours?")
        return hours
    if length := reading.next(at, ", inclusive", "inclusive", "inclusively"):
        reading.said.to_the_end = True
        return length
    found = read_window(reading.words, at)
    if found is None:
        return 0
    reading.said.window = found[1]
    return found[0]


def clocks(reading: PhraseReading, at: int) -> int:
    """Read times of day."""
    lead = reading.next(at, "at", "@", "by", "around")
    if lead and reading.words[at] in ("by", "around"):
        reading.ask("At which time exactly?")
    bare = bool(lead) or (at > 0 and not _counts_something(reading, at))
    found = read_clocks(reading.words, at + lead, bare=bare, part=reading.said.part_of_day)
    if found is None:
        return 0
    if reading.said.clocks and reading.said.days_after_clock:
        reading.ask("That is more than one schedule. Make one for each.")
    reading.said.clocks += [clock for clock in found[1] if clock not in reading.said.clocks]
    return lead + found[0]


def _counts_something(reading: PhraseReading, at: int) -> bool:
    after = reading.word(at + 1)
    return after in UNITS or after in ("times", "of", "%", "percent")


def part_of_day(reading: PhraseReading, at: int) -> int:
    """Read "in the evening"."""
    lead = reading.next(at, "in the", "at", "during the", "each", "every")
    word = reading.word(at + lead)
    if word not in PARTS_OF_DAY:
        return 0
    reading.said.part_of_day = word
    reading.said.recurs |= word.endswith("s") and word != "s"
    reading.said.clocks = [_in_part(clock, word) for clock in reading.said.clocks]
    return lead + 1


def _in_part(clock: Clock, part: str) -> Clock:
    """Return a time of day that was said before its part of the day, as in "at 8 in the evening"."""
    read = read_clock((f"{clock[0]}:{clock[1]:02}",), 0, bare=True, part=part)
    return read[1] if read else clock
