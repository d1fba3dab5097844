"""Whether a recurrence rule has any day at all: the library looks for one until the year 9999, which takes minutes."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""As rules name them, in the order of `date.weekday`."""
DAYS_LOOKED_AHEAD = 366 * 10
"""A rule that has no day within them has none."""
_TURNS = {"YEARLY": "%Y", "MONTHLY": "%Y-%m", "WEEKLY": "%G-%V"}
_BY_DAY = re.compile(r"([+-]?\d{1,2})?([A-Z]{2})")


def has_days(rule: str, start: datetime) -> bool:
    """Return whether any of the next days is in the months, on the days of the month and on the weekdays of a rule.

    Where a rule counts the times of a turn, one has to stand at a place that it counts to.

    Args:
        rule: parts with ";" between them; other parts than these are not looked at.
        start: local time.
    """
    parts = dict(part.split("=", 1) for part in rule.upper().split(";") if "=" in part)
    months, of_month = _numbers(parts.get("BYMONTH", "")), _numbers(parts.get("BYMONTHDAY", ""))
    weekdays = {(int(number or 0), name) for number, name in _BY_DAY.findall(parts.get("BYDAY", ""))}
    positions = {abs(number) for number in _numbers(parts.get("BYSETPOS", ""))}
    if not positions and not ((months or of_month) and (of_month or weekdays)) and not any(n for n, _ in weekdays):
        return True
    by_year = parts.get("FREQ") == "YEARLY" and not months
    days = (start.date() + timedelta(days=ahead) for ahead in range(DAYS_LOOKED_AHEAD))
    fitting = (
        day
        for day in days
        if (not months or day.month in months)
        and (not of_month or bool({day.day, day.day - _length(day) - 1} & of_month))
        and (not weekdays or bool(_names(day, by_year=by_year) & weekdays))
    )
    if not positions:
        return any(fitting)
    return _has_place(fitting, parts, min(positions))


def _has_place(days: Iterable[date], parts: Mapping[str, str], place: int) -> bool:
    """Return whether some turn of a rule has so many times that one stands at a place."""
    times = 1
    for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= len(_numbers(parts.get(part, ""))) or 1
    found: Counter[str] = Counter()
    for day in days:
        turn = day.strftime(_TURNS.get(parts.get("FREQ", ""), "%Y-%m-%d"))
        found[turn] += times
        if found[turn] >= place:
            return True
    return False


def _numbers(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"-?\d{1,3}", text)}


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _names(day: date, *, by_year: bool) -> set[tuple[int, str]]:
    """Return how a rule can name a day: as its weekday, and as the nth or nth last of them in its month or year."""
    name = WEEKDAYS[day.weekday()]
    place, length = day.day, _length(day)
    if by_year:
        place, length = day.timetuple().tm_yday, date(day.year, 12, 31).timetuple().tm_yday
    return {(0, name), ((place - 1) // 7 + 1, name), (-((length - place) // 7 + 1), name)}
