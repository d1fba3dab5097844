"""Again and again, by the day: "weekdays at 7:30", "the last Friday of the month", "every other Thursday"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time

from opsterm.assistant.schedules.occasion import Occasion, Understood
from opsterm.assistant.schedules.pieces import Clock
from opsterm.changes.rule_days import WEEKDAYS
from opsterm.changes.schedule import JobSchedule, ScheduleKind, first_time

DEFAULT_WEEKDAY = 6
"""Sunday: the day of a weekly schedule that names none."""
MOST_WORKING = 20
"""Working days that every month has."""
SHORTEST_MONTH = 28
MOST_POSITIONS = 366
"""RFC 5545, 3.3.10."""
_MANY = 5
"""Hours in a row that are written as a range."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FREQUENCY = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}


@dataclass(slots=True)
class _Days:
    """Which days, with the defaults of what was not said: months, days of a month, weekdays, and the nth of them."""

    months: set[int]
    month_days: set[int]
    weekdays: set[int]
    nth: list[tuple[int, int]]
    working_day: int

    @property
    def known(self) -> bool:
        """Whether there are such days."""
        fifth = all(1 <= abs(number) <= 5 for number, _ in self.nth)
        return fifth and all(1 <= abs(day) <= 31 for day in self.month_days) and abs(self.working_day) <= MOST_WORKING

    @property
    def in_cron(self) -> bool:
        """Whether cron has words for them: of the last ones only for the last itself."""
        ends = {*self.month_days, *(number for number, _ in self.nth)}
        return min(ends, default=1) >= -1 and not (self.working_day or self.both)

    @property
    def in_a_turn(self) -> int:
        """Return how many days each turn of the rule has; 0 where that differs."""
        if self.working_day or self.both or any(abs(number) == 5 for number, _ in self.nth):
            return 0
        if any(abs(day) > SHORTEST_MONTH for day in self.month_days):
            return 0
        return len(self.nth) + len(self.month_days)

    @property
    def both(self) -> bool:
        """Whether a day of the month has to be a certain weekday: cron would take either."""
        return bool(self.month_days and (self.weekdays or self.nth)) or bool(self.nth and self.weekdays)


def on_days(occasion: Occasion, unit: str, clocks: list[Clock]) -> Understood:
    """Return what an interval of one day, week, month or year means; cron where it can say that."""
    days = _days(occasion, unit)
    if isinstance(days, str):
        return Understood(None, days)
    if not days.known:
        return Understood(None, "Which day of the month?")
    if days.in_cron and not occasion.has_bounds and _is_one_grid(clocks):
        return _cron(occasion, clocks, days)
    if days.working_day and len(clocks) > 1:
        return Understood(None, "At which time? On a working day of the month there is one.")
    monthly = bool(days.working_day or days.nth or days.month_days)
    parts = [f"FREQ={'MONTHLY' if monthly else 'DAILY'}", *_rule_days(days)]
    return _rule(occasion, parts, clocks, days.in_a_turn if monthly else 1)


def every_so_many(occasion: Occasion, number: int, unit: str, clocks: list[Clock]) -> Understood:
    """Return what "every other day" and "every 2 weeks" mean, which no cron can say."""
    days = _days(occasion, unit)
    if isinstance(days, str):
        return Understood(None, days)
    in_a_turn = 1 if unit == "day" else len(days.weekdays) if unit == "week" else days.in_a_turn
    parts = [f"FREQ={_FREQUENCY[unit]}", f"INTERVAL={number}", *_rule_days(days)]
    return _rule(occasion, parts, clocks, in_a_turn)


def _is_one_grid(clocks: list[Clock]) -> bool:
    """Return whether these hours, each with these minutes, are just these times."""
    return len({hour for hour, _ in clocks}) * len({minute for _, minute in clocks}) == len(set(clocks))


def _days(occasion: Occasion, unit: str) -> _Days | str:
    """Return which days, or what has to be asked."""
    said = occasion.said
    days = _Days(set(said.months), set(said.month_days), set(said.weekdays), list(said.nth), said.working_day)
    if said.day is not None:
        days.months, days.month_days = {day.month for day in (said.day, *said.more_days)}, {said.day.day}
        if any(day.day != said.day.day or day.year for day in said.more_days):
            return "These days are no single schedule. Make one for each."
    if len(days.weekdays) == 7:
        days.weekdays = set()
    placed = bool(days.month_days or days.nth or days.working_day)
    if said.of_quarter and placed:
        ends = {*days.month_days, *(number for number, _ in days.nth), days.working_day} - {0}
        if ends == {-1}:  # the last of a quarter is in its last month
            days.months = {3, 6, 9, 12}
        elif -1 in ends:
            return "The first and the last of a quarter are two schedules. Which one?"
    if days.months and not (unit or placed or days.weekdays):
        return "On which days of that month?"
    if unit in ("month", "year") and days.weekdays and not placed:
        return f"Which {_DAYS[min(days.weekdays)]} of the month?"
    if unit == "year" and not days.months:
        return "On which day of the year?"
    if unit in ("month", "year") and not placed:
        days.month_days = {1}
        occasion.assume("On which day? The first is taken.")
    if unit == "week" and not (days.weekdays or placed):
        days.weekdays = {DEFAULT_WEEKDAY}
        occasion.assume(f"On which day? {_DAYS[DEFAULT_WEEKDAY]} is taken.")
    return days


def _cron(occasion: Occasion, clocks: list[Clock], days: _Days) -> Understood:
    weekdays = [cron_weekdays(days.weekdays)] if days.weekdays else []
    weekdays += [f"{(day + 1) % 7}{'L' if number == -1 else f'#{number}'}" for number, day in days.nth]
    month_days = [str(day) for day in sorted(days.month_days - {-1})] + ["L"] * (-1 in days.month_days)
    fields = (
        _minutes({minute for _, minute in clocks}), ranges(sorted({hour for hour, _ in clocks}), _MANY),
        ",".join(month_days) or "*", _joined(days.months) or "*", ",".join(weekdays) or "*",
    )  # fmt: skip
    return occasion.means(JobSchedule(kind=ScheduleKind.CRON, timezone=occasion.zone, cron=" ".join(fields)))


def _rule_days(days: _Days) -> list[str]:
    parts = []
    if days.working_day:
        parts += ["BYDAY=MO,TU,WE,TH,FR", f"BYSETPOS={days.working_day}"]
    elif days.nth:
        parts.append("BYDAY=" + ",".join(f"{number}{WEEKDAYS[day]}" for number, day in days.nth))
    elif days.weekdays:
        parts.append("BYDAY=" + rule_weekdays(days.weekdays))
    if days.month_days:
        parts.append("BYMONTHDAY=" + _joined(days.month_days))
    if days.months:
        parts.append("BYMONTH=" + _joined(days.months))
    return parts


def _rule(occasion: Occasion, parts: list[str], clocks: list[Clock], days_in_a_turn: int) -> Understood:
    said = occasion.said
    if not _is_one_grid(clocks):
        if not days_in_a_turn:
            return Understood(None, "These times are no single schedule. Make one for each.")
        positions = [*_positions(clocks, days_in_a_turn)]
        if max(positions) > MOST_POSITIONS:
            return Understood(None, "These are too many times a day for one schedule. Make it of full hours?")
        parts.append(f"BYSETPOS={_joined(positions)}")
    parts += ["BYHOUR=" + _joined(hour for hour, _ in clocks), "BYMINUTE=" + _joined(minute for _, minute in clocks)]
    parts.append("BYSECOND=0")
    if said.count:
        parts.append(f"COUNT={said.count}")
    elif occasion.ends:
        parts.append(f"UNTIL={occasion.ends:%Y%m%dT%H%M%S}")
    start = datetime.combine(said.start, time()) if said.start else occasion.now.replace(second=0, microsecond=0)
    # From where an interval is counted: "every other Friday" begins with the next one.
    every = ";".join(part for part in parts if not part.startswith("INTERVAL="))
    first = first_time(every, start, inclusive=said.start is not None)
    if first is None:
        return Understood(None, "That never comes. On which days?")
    return occasion.means(
        JobSchedule(kind=ScheduleKind.RULE, timezone=occasion.zone, rule=";".join(parts), start=first)
    )


def _positions(clocks: list[Clock], days: int) -> Iterator[int]:
    """Yield which of all times that a turn's hours and minutes make are meant, counted from 1 over its days."""
    grid = sorted({(hour, minute) for hour, _ in clocks for _, minute in clocks})
    wanted = {*clocks}
    return (day * len(grid) + at for day in range(days) for at, clock in enumerate(grid, 1) if clock in wanted)


def cron_weekdays(days: set[int]) -> str:
    """Return weekdays as cron has them: Sunday is 0."""
    return ranges(sorted((day + 1) % 7 for day in days))


def rule_weekdays(days: set[int]) -> str:
    """Return weekdays as rules have them."""
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def _joined(numbers: Iterable[int]) -> str:
    return ",".join(str(number) for number in sorted(set(numbers)))


def _minutes(minutes: set[int]) -> str:
    step = 60 // len(minutes)
    return f"*/{step}" if len(minutes) > 1 and minutes == {*range(0, 60, step)} else _joined(minutes)


def ranges(numbers: list[int], most: int = 3) -> str:
    """Return numbers as cron writes them, so many and more in a row as a range."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(f"{part[0]}-{part[-1]}" if len(part) >= most else _joined(part) for part in parts)
