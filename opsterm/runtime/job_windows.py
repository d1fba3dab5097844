"""When planned jobs are asked for: "tomorrow", "on the weekend", "in the next 3 hours"."""

from __future__ import annotations

from datetime import datetime, timedelta


def planned_window(time: str, now: float) -> tuple[float, float] | None:
    """Return from when to when jobs are meant, epoch seconds; None for any time."""
    if not time:
        return None
    at = datetime.fromtimestamp(now).astimezone()
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)

    def days(first: int, last: int, *, hour: int = 0, until: int = 0) -> tuple[float, float]:
        start = midnight + timedelta(days=first, hours=hour)
        return max(now, start.timestamp()), (midnight + timedelta(days=last, hours=until)).timestamp()

    number = next((int(word) for word in time.split() if word.isdecimal()), 1)
    if "weekend" in time:
        return days(5 - at.weekday(), 7 - at.weekday())
    if "hour" in time:
        return now, now + number * 3600.0
    named = {
        "today": days(0, 1), "tonight": days(0, 1, hour=18, until=6), "tomorrow": days(1, 2),
        "this week": days(0, 7 - at.weekday()), "next week": days(7 - at.weekday(), 14 - at.weekday()),
        "this month": days(0, 31),
    }  # fmt: skip
    return named.get(time) or (now, now + number * 86_400.0 * (7 if "week" in time else 1))
