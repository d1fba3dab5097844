"""A schedule in words, so that it can be read back before it is kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from opsterm.changes.rule_days import WEEKDAYS
from opsterm.changes.schedule import JobSchedule, ScheduleKind
from opsterm.core.errors import BadInput

_DAYS = dict(zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
_MONTHS = ("", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_UNITS = {
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}
_NTH = {
    "1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last", "-2": "last but one",
}  # fmt: skip
_WORKING = "MO,TU,WE,TH,FR"
TIMES_TOLD = 8
"""Times of a day that are told one by one."""


def schedule_text(schedule: JobSchedule) -> str:
    """Return a schedule in words, with its time zone: "at 06:00 on the second Tuesday of the month, Europe/Berlin".

    Raises:
        BadInput: its cron line or its rule cannot be read.
    """
    if schedule.kind is ScheduleKind.ONCE:
        said = f"once, on {schedule.start:%A %d %B %Y at %H:%M}" if schedule.start else "once"
    elif schedule.kind is ScheduleKind.CRON:
        said = _cron_text(schedule)
    else:
        said = _rule_text(schedule)
    return f"{said}, {schedule.timezone}"


def _cron_text(schedule: JobSchedule) -> str:
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 (a start does not need it)

    try:
        said: str = CronSim(schedule.cron, datetime(2000, 1, 1, tzinfo=UTC)).explain()
    except CronSimError as error:
        raise BadInput(f"The cron line {schedule.cron[:60]!r} cannot be read.", why=f"{error}.") from error
    return _plain(said[:1].lower() + said[1:])


_COUNTED = {"second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8",
            "ninth": "9", "tenth": "10"}  # fmt: skip


def _plain(said: str) -> str:
    """Return the library's words as people say them: "every 15th minute of every hour" is every 15 minutes."""

    def plural(match: re.Match[str]) -> str:
        number = _COUNTED.get(match[1], match[1].removesuffix("th").removesuffix("nd").removesuffix("rd"))
        return f"every {number} {match[2]}s" if number.isdecimal() else match[0]

    said = re.sub(r"every (\w+) (minute|hour)\b", plural, said).replace("minutes of every hour", "minutes")
    return re.sub(r"\b([23])1th\b", r"\g<1>1st", said).replace("22th", "22nd").replace("23th", "23rd")


def _rule_text(schedule: JobSchedule) -> str:
    parts = dict(part.split("=", 1) for part in schedule.rule.split(";"))
    number, unit = parts.get("INTERVAL", "1"), _UNITS[parts["FREQ"]]
    said = [f"every {unit}" if number == "1" else f"every {number} {unit}s"]
    said += _days_text(parts)
    elapses = parts["FREQ"] in ("MINUTELY", "HOURLY")
    if "BYHOUR" in parts:
        said.append(_hours_text(parts, elapses=elapses))
    if schedule.start is not None:
        said.append(f"from {schedule.start:%Y-%m-%d %H:%M}")
    if "COUNT" in parts:
        said.append(f"{parts['COUNT']} times")
    if "UNTIL" in parts:
        until = parts["UNTIL"]
        said.append(f"until {until[:4]}-{until[4:6]}-{until[6:8]} {until[9:11]}:{until[11:13]}")
    return " ".join(said)


def _hours_text(parts: dict[str, str], *, elapses: bool) -> str:
    hours = [int(hour) for hour in parts["BYHOUR"].split(",")]
    if elapses:
        return "in the hours " + ", ".join(str(hour) for hour in hours)
    minutes = [int(minute) for minute in parts.get("BYMINUTE", "0").split(",")]
    times = [f"{hour:02}:{minute:02}" for hour in sorted(hours) for minute in sorted(minutes)]
    if "BYSETPOS" in parts and not _is_of_working_days(parts):
        times = [times[int(place) - 1] for place in parts["BYSETPOS"].split(",") if int(place) <= len(times)]
    if len(times) > TIMES_TOLD:
        return f"at {times[0]}, {times[1]} and so on to {times[-1]}, {len(times)} times a day"
    return "at " + " and ".join(times)


def _is_of_working_days(parts: dict[str, str]) -> bool:
    return parts["FREQ"] == "MONTHLY" and parts.get("BYDAY") == _WORKING


def _counted(number: str) -> str:
    """Return "third", "12th", "last but one", "4th last"."""
    at = int(number)
    return _NTH.get(number) or (f"{at}th" if at > 0 else f"{-at}th last").replace("3th", "3rd")


def _days_text(parts: dict[str, str]) -> list[str]:
    said = []
    if "BYSETPOS" in parts and _is_of_working_days(parts):
        said.append(f"on the {_counted(parts['BYSETPOS'])} working day")
    elif "BYDAY" in parts:
        names = [_weekday(day) for day in parts["BYDAY"].split(",")]
        said.append(f"on {' and '.join(names)}")
    if "BYMONTHDAY" in parts:
        days = [
            f"the {_counted(day)} day" if day.startswith("-") else f"day {day}"
            for day in parts["BYMONTHDAY"].split(",")
        ]
        said.append(f"{'that is' if 'BYDAY' in parts else 'on'} {' and '.join(days)}")
    if "BYMONTH" in parts:
        said.append(f"of {' and '.join(_MONTHS[int(month)] for month in parts['BYMONTH'].split(','))}")
    return said


def _weekday(day: str) -> str:
    number, name = day[:-2], _DAYS[day[-2:]]
    return f"the {_counted(number)} {name}" if number else name
