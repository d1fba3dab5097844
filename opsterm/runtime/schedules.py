"""Use-case of schedules: what a phrase of time means, and when that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from opsterm.assistant.schedules.phrases import understand_schedule
from opsterm.changes.schedule import JobSchedule, next_times
from opsterm.changes.schedule_text import schedule_text
from opsterm.core.clock import Clock
from opsterm.core.text import clean_line
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports_approval import Accounts

TIMES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPhrase:
    """A phrase, and what it means.

    Attributes:
        phrase: the phrase.
        schedule: None when there has to be an answer first.
        question: what is asked; beside a schedule it names the default that was taken.
        english: the schedule read back.
        times: the next ones, each with its zone.
        is_whole: whether every word was understood.
    """

    phrase: str
    schedule: JobSchedule | None
    question: str
    english: str = ""
    times: Sequence[datetime] = ()
    is_whole: bool = True


class Schedules:
    """Reads phrases of time. Time zones are files, so it is done in a thread."""

    def __init__(self, clock: Clock, accounts: Accounts, offload: Offload) -> None:
        self._clock = clock
        self._accounts = accounts
        self._offload = offload

    async def read(self, phrase: str, *, now: datetime | None = None, timezone: str = "") -> ReadPhrase:
        """Return what a phrase means.

        Args:
            phrase: nothing but the phrase.
            now: with or without a zone; the clock's time when None.
            timezone: the one that counts when the phrase names none; "" for this host's.

        Raises:
            BadInput: there is no such zone.
        """
        return await self._offload.run("files", lambda: self._read(phrase, now, timezone))

    async def between(self, schedule: JobSchedule, start: float, end: float) -> Sequence[datetime]:
        """Return the first times of a schedule behind a moment and up to another, in epoch seconds."""

        def look() -> Sequence[datetime]:
            after = datetime.fromtimestamp(start, UTC)
            times = next_times(schedule, after, TIMES_SHOWN, zones=self._accounts)
            return [time for time in times if time.timestamp() <= end]

        return await self._offload.run("files", look)

    def _read(self, phrase: str, now: datetime | None, timezone: str) -> ReadPhrase:
        timezone = timezone or self._accounts.local_zone()
        zone = self._accounts.zone(timezone)
        at = datetime.fromtimestamp(self._clock.now(), UTC) if now is None else now
        at = at.replace(tzinfo=zone) if at.tzinfo is None else at
        found = understand_schedule(phrase, now=at, timezone=timezone, zones=self._accounts)
        shown = clean_line(phrase)
        if found.schedule is None:
            return ReadPhrase(phrase=shown, schedule=None, question=found.question, is_whole=found.is_whole)
        return ReadPhrase(
            phrase=shown, schedule=found.schedule, question=found.question, english=schedule_text(found.schedule),
            times=next_times(found.schedule, at, TIMES_SHOWN, zones=self._accounts),
        )  # fmt: skip
