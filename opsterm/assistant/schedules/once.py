"""A single time: "tomorrow at 3 pm", "on Friday at 18:00", "24 December at 20:00", "in 20 minutes"."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from opsterm.assistant.schedules.occasion import Occasion, Understood
from opsterm.assistant.schedules.which_day import dated
from opsterm.changes.schedule import JobSchedule, ScheduleKind


def once(occasion: Occasion) -> Understood:
    """Return what a phrase means that says nothing of again."""
    said = occasion.said
    if said.months or said.nth or said.month_days or said.interval or said.window:
        return Understood(None, "Once, or again and again? Both are said.")
    if len(said.clocks) > 1:
        return Understood(None, "At which time? A single run has one.")
    if said.after is not None:
        at = occasion.now + said.after
        if said.clocks:
            if said.after < timedelta(days=1):
                return Understood(None, "In so long, or at that time?")
            at = datetime.combine(at.date(), time(*said.clocks[0]))
        return _single(occasion, at.replace(microsecond=0))
    day = dated(said.day, occasion.now) if said.day is not None else _coming_weekday(occasion)
    if said.weekdays and day.weekday() not in said.weekdays:
        return Understood(None, f"{day} is a {day:%A}. On which day?")
    clock = occasion.one_clock()
    at = datetime.combine(day, time(*clock))
    if said.day is not None and not said.day.year and at <= occasion.now:
        at = at.replace(year=at.year + 1) if (at.month, at.day) != (2, 29) else at
    if at <= occasion.now and said.day is None:
        at += timedelta(days=7)
    return _single(occasion, at)


def _single(occasion: Occasion, at: datetime) -> Understood:
    if at <= occasion.now:
        return Understood(None, f"{at:%Y-%m-%d %H:%M} is past. On which day?")
    return occasion.means(JobSchedule(kind=ScheduleKind.ONCE, timezone=occasion.zone, start=at))


def _coming_weekday(occasion: Occasion) -> date:
    said = occasion.said
    weekday = said.weekday_once if said.weekday_once is not None else next(iter(said.weekdays))
    ahead = (weekday - occasion.now.weekday()) % 7
    return occasion.now.date() + timedelta(days=7 if said.weekday_is_next and not ahead else ahead)
