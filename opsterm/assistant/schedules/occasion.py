"""What a meaning is decided from, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from opsterm.assistant.schedules.pieces import Clock, Pieces
from opsterm.assistant.schedules.words import PARTS_OF_DAY
from opsterm.changes.schedule import JobSchedule, ScheduleKind

_SECOND = timedelta(seconds=1)
DEFAULT_HOUR = 6
"""The hour of a schedule that names none."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a phrase means.

    Attributes:
        schedule: None when there has to be an answer first.
        question: what is asked; beside a schedule it names the default that was taken.
        is_whole: whether every word was understood.
    """

    schedule: JobSchedule | None
    question: str = ""
    is_whole: bool = True


@dataclass(slots=True)
class Occasion:
    """What was said, when and where.

    Attributes:
        said: the pieces.
        now: local time, without a zone.
        zone: name of the zone.
        assumed: defaults that were taken, as questions.
    """

    said: Pieces
    now: datetime
    zone: str
    assumed: list[str] = field(default_factory=list)

    def assume(self, question: str) -> None:
        """Note a default that was taken; the larger unit stands first."""
        self.assumed.insert(0, question)

    @property
    def is_one_weekday(self) -> bool:
        """Whether a single weekday was named, and nothing that says it comes again."""
        said = self.said
        alone = len(said.weekdays) == 1 and not (said.interval or said.nth or said.month_days)
        return said.weekday_once is not None or alone

    def one_clock(self) -> Clock:
        """Return the time of day; one that was not said is taken, and said to be."""
        if self.said.clocks:
            return self.said.clocks[0]
        hour = PARTS_OF_DAY.get(self.said.part_of_day, DEFAULT_HOUR)
        self.assumed.append(f"At what time? {hour:02}:00 is taken.")
        return hour, 0

    def count_fits(self) -> bool:
        """Return whether "twice a day" has two times."""
        said = self.said
        if not said.times_each:
            return True
        unit = said.interval[1] if said.interval else ""
        have = {"day": len(said.clocks), "week": len(said.weekdays), "month": len(said.month_days) + len(said.nth),
                "year": bool(said.day) + len(said.more_days)}  # fmt: skip
        return have.get(unit, 0) == said.times_each

    @property
    def has_bounds(self) -> bool:
        """Whether it has a first or last day, or a number of times."""
        return bool(self.said.start or self.ends or self.said.count)

    @property
    def ends(self) -> datetime | None:
        """The last moment; "for two weeks" counts from the first day that was said, or from now."""
        said = self.said
        if said.until or said.lasts is None:
            return said.until
        return datetime.combine(said.start, time()) + said.lasts - _SECOND if said.start else self.now + said.lasts

    def by_rule(self, parts: Sequence[str], start: datetime) -> Understood:
        """Return a rule as what is meant."""
        return self.means(JobSchedule(kind=ScheduleKind.RULE, timezone=self.zone, rule=";".join(parts), start=start))

    def means(self, schedule: JobSchedule) -> Understood:
        """Return a schedule as what is meant, with the defaults that were taken."""
        return Understood(schedule, " ".join(self.assumed))
