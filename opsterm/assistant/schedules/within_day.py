"""Several times a day: "every 15 minutes between 8 and 18", "hourly on weekdays", "every 45 minutes"."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from opsterm.assistant.schedules.by_day import cron_weekdays, on_days, ranges, rule_weekdays
from opsterm.assistant.schedules.occasion import Occasion, Understood
from opsterm.assistant.schedules.pieces import Clock
from opsterm.changes.schedule import JobSchedule, ScheduleKind


def within_day(occasion: Occasion, number: int, unit: str) -> Understood:
    """Return what an interval of minutes or hours means, or one between two times of day."""
    said = occasion.said
    if unit not in ("minute", "hour"):
        return Understood(None, "How often between these times?")
    if said.month_days or said.nth or said.working_day or said.day:
        return _unsaid_days(occasion, number, unit)
    if said.part_of_day and not said.window:
        return Understood(None, "From when to when is that?")
    step = number * (60 if unit == "hour" else 1)
    if not step:
        return Understood(None, "How often?")
    whole = 60 % step == 0 if step < 60 else not step % 60 and 24 % (step // 60) == 0
    if occasion.has_bounds and not whole:
        return Understood(None, "From and until which day can only be said of schedules by the day. Without it?")
    odd = said.window is not None and (said.window[0][1] or said.window[1][1] not in (0, 59) or said.to_the_end)
    if odd or occasion.has_bounds:
        clocks = _each_time(occasion, step)
        return Understood(None, clocks) if isinstance(clocks, str) else on_days(occasion, "", clocks)
    hours = _hours(occasion, step)
    if isinstance(hours, str):
        return Understood(None, hours)
    return _cron_in_day(occasion, step, hours) if whole and step < 1440 else _elapsed(occasion, step, hours)


def _each_time(occasion: Occasion, step: int) -> list[Clock] | str:
    """Return every time of a day between two, of which one is no full hour; or what has to be asked.

    A full hour ends them and is none of them, unless they are hours themselves, or "inclusive" was said.
    """
    said = occasion.said
    (opened, first), (closed, last) = said.window or ((0, 0), (24, 0))
    if said.clocks or (said.minutes and (step < 60 or {*said.minutes} != {first})):
        return "Between these times, or at that one?"
    start, end = opened * 60 + first, closed * 60 + last
    if end <= start:
        if said.weekdays or (closed <= 11 and end + 720 > start):
            return f"Until {closed:02}:{last:02} on the day after, or of which day?"
        end += 1440
    inclusive = said.to_the_end or last or (step % 60 == 0 and said.window)
    times = [time % 1440 for time in range(start, end + bool(inclusive), step)]
    if last not in (0, 59, 60 - step) and inclusive and not said.to_the_end and (end - start) % step == 0:
        occasion.assume(f"Is {closed:02}:{last:02} one of the times? That is taken.")
    return [(time // 60, time % 60) for time in times]


def _unsaid_days(occasion: Occasion, number: int, unit: str) -> Understood:
    return Understood(None, f"Every {number} {unit}s of that day? Say between which times, on which weekdays.")


def _hours(occasion: Occasion, step: int) -> list[int] | str:
    """Return in which hours it is done, all of them as []; or what has to be asked."""
    window, said = occasion.said.window, occasion.said
    if window is None:
        return []
    (opened, _), (closed, last) = window
    if closed < opened <= 11 and closed + 12 > opened:
        return f"Until {closed:02}:00 or {closed + 12}:00?"
    if closed == opened:
        return "From when to when? Both times are the same."
    end = closed if (closed > opened) else closed + 24
    inclusive = last == 59 or (step % 60 == 0 and not any(said.minutes))
    if said.clocks:
        return "Between these times, or at that one?"
    return [hour % 24 for hour in range(opened, end + inclusive)]


def _cron_in_day(occasion: Occasion, step: int, hours: list[int]) -> Understood:
    said = occasion.said
    minute, hour = ",".join(str(one) for one in sorted({*said.minutes})) or "0", "*"
    if step < 60:
        if said.minutes:
            return Understood(None, "At that minute, or every so many minutes?")
        minute = f"*/{step}" if step > 1 else "*"
        hour = ranges(hours) if hours else "*"
    else:
        every = step // 60
        if said.clocks:
            if len(said.clocks) > 1 or not said.starts_at:
                return Understood(None, "Every so many hours, or at that time?")
            first, start = said.clocks[0][0], said.clocks[0][1]
            minute = str(start)
            hours = sorted({(first + turn) % 24 for turn in range(0, 24, every)}) if every > 1 else []
        elif hours and every > 1:
            hours = hours[::every]
        hour = ranges(hours) if hours else f"*/{every}" if every > 1 else "*"
    if said.clocks and step < 60:
        return Understood(None, "Every so many minutes, or at that time?")
    weekdays = cron_weekdays(said.weekdays) if said.weekdays and len(said.weekdays) < 7 else "*"
    month = ",".join(str(one) for one in sorted(said.months)) or "*"
    return occasion.means(
        JobSchedule(kind=ScheduleKind.CRON, timezone=occasion.zone, cron=f"{minute} {hour} * {month} {weekdays}")
    )


def _elapsed(occasion: Occasion, step: int, hours: list[int]) -> Understood:
    """Return an interval that does not divide the hour or the day, which cron would get wrong at its end."""
    said = occasion.said
    if said.months:
        return Understood(None, "In which months can only be said of schedules by the day. Without it?")
    parts = [f"FREQ=HOURLY;INTERVAL={step // 60}"] if step % 60 == 0 else [f"FREQ=MINUTELY;INTERVAL={step}"]
    if hours:
        parts.append("BYHOUR=" + ",".join(str(hour) for hour in sorted(hours)))
    if said.weekdays and len(said.weekdays) < 7:
        parts.append("BYDAY=" + rule_weekdays(said.weekdays))
    start = occasion.now.replace(second=0, microsecond=0)
    if said.clocks:
        if len(said.clocks) > 1 or not said.starts_at:
            return Understood(None, "Every so many hours, or at that time?")
        start = datetime.combine(start.date(), time(*said.clocks[0]))
        start += timedelta(days=start < occasion.now)
    else:
        start += timedelta(minutes=step)
    return occasion.means(
        JobSchedule(kind=ScheduleKind.RULE, timezone=occasion.zone, rule=";".join(parts), start=start)
    )
