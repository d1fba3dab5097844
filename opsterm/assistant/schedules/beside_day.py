"""A day beside one of the month's weekdays: "the day after the second Tuesday", "the Friday before the third one"."""

from __future__ import annotations

from opsterm.assistant.schedules.days import ordinal
from opsterm.assistant.schedules.reading import PhraseReading
from opsterm.assistant.schedules.which_day import of_month
from opsterm.assistant.schedules.words import WEEKDAYS

_LAST_NTH = 3
"""Up to the third the day after is in the same month."""


def beside_day(reading: PhraseReading, at: int) -> int:
    """Read such a day as a weekday that has to be on one of seven days of the month."""
    lead = reading.next(at, "the")
    name = reading.word(at + lead)
    behind = reading.next(at + lead + 1, "after the", "after", "before the", "before")
    nth, day = ordinal(reading.word(at + lead + 1 + behind)), WEEKDAYS.get(reading.word(at + lead + 2 + behind))
    wanted = WEEKDAYS.get(name)
    if not behind or day is None or not 1 <= nth <= _LAST_NTH or (wanted is None and name != "day"):
        return 0
    after = reading.word(at + lead + 1) == "after"
    apart = 1 if wanted is None else ((wanted - day) if after else (day - wanted)) % 7 or 7
    first = 7 * (nth - 1) + 1 + (apart if after else -apart)
    if first < 1:
        reading.ask("That can be in the month before. Which day is meant?")
    reading.said.weekdays.add((day + (apart if after else -apart)) % 7)
    reading.said.month_days += [max(1, first + more) for more in range(7)]
    reading.said.recurs = True
    length = lead + 3 + behind
    return length + of_month(reading, at + length)
