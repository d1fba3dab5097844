"""When something is done: once, by cron, or by a recurrence rule, and the next times of it.

Sources: cron as crontab(5) has it, with L (last) and # (nth) as Quartz has them; RFC 5545, 3.3.10, for rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from opsterm.changes.rule_days import WEEKDAYS, has_days
from opsterm.core.errors import BadInput

if TYPE_CHECKING:
    from dateutil.rrule import rrule

LOOKED_AHEAD = timedelta(days=366 * 10)
"""A schedule that has no time within it has none."""


class ScheduleKind(StrEnum):
    """How it is written down."""

    CRON = "cron"
    RULE = "rrule"
    ONCE = "once"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSchedule:
    """When something is done.

    Attributes:
        kind: which of the next three says it.
        cron: five fields.
        rule: a recurrence rule without its name, as in "FREQ=DAILY;INTERVAL=2;BYHOUR=6;BYMINUTE=0".
        start: the first time of a rule, or the only one; local time without a zone.
        timezone: name of the zone all of it is in.
    """

    kind: ScheduleKind
    timezone: str
    cron: str = ""
    rule: str = ""
    start: datetime | None = None

    def times(self, after: datetime, zone: tzinfo) -> Iterator[datetime]:
        """Yield the times behind a moment, in the zone, the earliest first.

        A time that a change of clocks leaves out comes as much later; one that it brings twice counts once.

        Args:
            after: with a zone.
            zone: that of the schedule.

        Raises:
            BadInput: cron or the rule cannot be read.
        """
        until = after + LOOKED_AHEAD
        for time in self._times(after.astimezone(zone), zone):
            if time > until:
                return
            if time > after:
                yield time

    def _times(self, after: datetime, zone: tzinfo) -> Iterator[datetime]:
        if self.kind is ScheduleKind.CRON:
            return _cron_times(self.cron, after)
        start = self.start or after.replace(tzinfo=None)
        if self.kind is ScheduleKind.ONCE:
            return iter([as_local(start, zone)])
        if "FREQ=MINUTELY" in self.rule or "FREQ=HOURLY" in self.rule:
            return _elapsed_times(self.rule, as_local(start, zone), after)
        return _rule_times(self.rule, start, zone, after)


class Zones(Protocol):
    """The time zones that are known; they are files, so a deciding room is given them."""

    def zone(self, name: str) -> tzinfo:
        """Return a time zone. Raises BadInput for one that is not known."""
        ...

    def zone_names(self) -> Collection[str]:
        """Return the names of all of them."""
        ...


def next_times(schedule: JobSchedule, after: datetime, number: int, *, zones: Zones) -> tuple[datetime, ...]:
    """Return the next times, fewer when there are no more of them. Raises as `JobSchedule.times` and `Zones.zone`."""
    return tuple(islice(schedule.times(after, zones.zone(schedule.timezone)), number))


def as_local(naive: datetime, zone: tzinfo) -> datetime:
    """Return a local time in its zone; one that the change of clocks leaves out is moved on by as much."""
    there = naive.replace(tzinfo=zone)
    return there.astimezone(UTC).astimezone(zone)


def _cron_times(cron: str, after: datetime) -> Iterator[datetime]:
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 (a start does not need it)

    try:
        return CronSim(cron, after)
    except CronSimError as error:
        raise BadInput(f"The cron line {cron[:60]!r} cannot be read.", why=f"{error}.") from error


def first_time(rule: str, start: datetime, *, inclusive: bool) -> datetime | None:
    """Return the first time of a rule behind a local time, or at it; None for none. Raises BadInput."""
    read = _rule(rule, start)
    found: datetime | None = read.after(start, inc=inclusive) if has_days(rule, start) else None
    return found


def _rule_times(rule: str, start: datetime, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    # From a day before: what the zone moves on may come behind the moment although its own time is before it.
    since = after.replace(tzinfo=None) - timedelta(days=1)
    read = _rule(rule, start)
    if not has_days(rule, max(since, start)):
        return iter(())
    return (as_local(time, zone) for time in read.xafter(since, inc=True))


def _rule(rule: str, start: datetime) -> rrule:
    from dateutil.rrule import rrulestr  # noqa: PLC0415 (a start does not need it)

    try:
        return rrulestr(rule, dtstart=start)
    except ValueError as error:
        raise BadInput(f"The rule {rule[:80]!r} cannot be read.", why=f"{error}.") from error


def _elapsed_times(rule: str, start: datetime, after: datetime) -> Iterator[datetime]:
    """Yield the times of a rule of minutes or hours: that much time goes by, whatever the clocks do."""
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    step = timedelta(**{"minutes" if parts["FREQ"] == "MINUTELY" else "hours": int(parts.get("INTERVAL", "1"))})
    hours = {int(hour) for hour in parts["BYHOUR"].split(",")} if "BYHOUR" in parts else None
    days = set(parts["BYDAY"].split(",")) if "BYDAY" in parts else None
    zone, first = start.tzinfo, start.astimezone(UTC)
    done = max(0, (after.astimezone(UTC) - first) // step)
    for turn in range(done, done + LOOKED_AHEAD // step):
        time = (first + turn * step).astimezone(zone)
        if (hours is None or time.hour in hours) and (days is None or WEEKDAYS[time.weekday()] in days):
            yield time
