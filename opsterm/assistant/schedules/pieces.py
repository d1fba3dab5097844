"""What a phrase says, before it is decided what that means."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

Clock = tuple[int, int]
"""An hour and a minute."""


@dataclass(slots=True)
class Pieces:
    """Everything that was read; what was not said is empty.

    Attributes:
        clocks: times of day.
        window: first and last time of day, of something that is done several times a day.
        to_the_end: whether the last time of the window is one of its times, as "inclusive" says.
        interval: number and unit, as in (15, "minute").
        minutes: of the hour, of something hourly.
        weekdays: numbers of `date.weekday`.
        nth: pairs of a number and a weekday, as the second Tuesday; -1 is the last.
        month_days: days of a month; -1 is the last.
        working_day: 1 for the first, -1 for the last working day of a month; 0 for none.
        months: numbers.
        of_quarter: whether the months are those of quarters.
        part_of_day: as in "every morning".
        days_after_clock: whether days were said behind a time of day: with one more time it is two schedules.
        day: a day that was named; its year is 0 when that was not said.
        more_days: others that were named.
        after: how long from now.
        weekday_once: a weekday that was named without saying that it comes again.
        weekday_is_next: whether it was "next Friday", which is never today.
        times_each: how many times in each interval, as in "twice a day".
        starts_at: whether the time of day is that of the first of several in a day.
        start: the first day.
        until: the last moment.
        lasts: how long it goes on, from its first day.
        count: how many times at all.
        zone: name of a time zone.
        recurs: whether something said that it comes again.
        question: what has to be asked before anything else.
    """

    clocks: list[Clock] = field(default_factory=list)
    window: tuple[Clock, Clock] | None = None
    to_the_end: bool = False
    interval: tuple[int, str] | None = None
    minutes: list[int] = field(default_factory=list)
    weekdays: set[int] = field(default_factory=set)
    nth: list[tuple[int, int]] = field(default_factory=list)
    month_days: list[int] = field(default_factory=list)
    working_day: int = 0
    months: set[int] = field(default_factory=set)
    of_quarter: bool = False
    part_of_day: str = ""
    days_after_clock: bool = False
    day: Day | None = None
    more_days: list[Day] = field(default_factory=list)
    after: timedelta | None = None
    weekday_once: int | None = None
    weekday_is_next: bool = False
    times_each: int = 0
    starts_at: bool = False
    start: date | None = None
    until: datetime | None = None
    lasts: timedelta | None = None
    count: int = 0
    zone: str = ""
    recurs: bool = False
    question: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was named: the year is 0 when it was not said."""

    year: int
    month: int
    day: int
