"""What the pieces of a phrase mean together: a schedule, a question, or both when a default was taken."""

from __future__ import annotations

from opsterm.assistant.schedules.by_day import every_so_many, on_days
from opsterm.assistant.schedules.occasion import Occasion, Understood
from opsterm.assistant.schedules.once import once
from opsterm.assistant.schedules.within_day import within_day


def decide(occasion: Occasion) -> Understood:
    """Return the meaning."""
    said = occasion.said
    if said.question:
        return Understood(None, said.question)
    if said.more_days and not said.recurs:
        return Understood(None, "Which day? Two are said.")
    if (said.after is not None or said.day is not None or occasion.is_one_weekday) and not said.recurs:
        return once(occasion)
    again = said.recurs or said.interval or said.weekdays or said.months
    if (said.month_days or said.nth or said.working_day) and not again:
        return Understood(None, "Once, or every month?")
    if not again:
        if said.clocks or said.window or said.part_of_day:
            return Understood(None, "Every day, or on which day?")
        return Understood(None, "When? Say how often, or on which day, and at what time.")
    return _recurring(occasion)


def _recurring(occasion: Occasion) -> Understood:
    said = occasion.said
    number, unit = said.interval or (1, "")
    if said.after is not None or said.weekday_once is not None:
        return Understood(None, "Once, or again and again? Both are said.")
    if unit == "second":
        return Understood(None, "The shortest interval is a minute. How often?")
    if unit in ("minute", "hour") or said.window:
        return within_day(occasion, number, unit)
    if said.minutes:
        return Understood(None, "At that minute of which hours?")
    if not occasion.count_fits():
        return Understood(None, "At which times? Not as many are said as there are to be.")
    clocks = said.clocks or [occasion.one_clock()]
    if unit == "month" and number > 1 and 12 % number == 0 and not said.months:
        said.months.update(range(1, 13, number))  # of the calendar, as cron counts them
        return on_days(occasion, unit, clocks)
    if number > 1:
        return every_so_many(occasion, number, unit, clocks)
    return on_days(occasion, unit, clocks)
