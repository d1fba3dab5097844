"""Use-cases of jobs: what is done by schedule, when it comes next, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from opsterm.changes import job as turns
from opsterm.changes.job import Job, JobRun, JobTerms, Moved
from opsterm.changes.job_events import JobAdded, JobEnded, JobPaused, JobRemoved
from opsterm.changes.schedule import JobSchedule, next_times
from opsterm.changes.schedule_text import schedule_text
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.events import Fact
from opsterm.policy.approval import require_writable
from opsterm.policy.mask import mask
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_approval import Accounts
from opsterm.runtime.ports_jobs import JobStore
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.schedules import ReadPhrase

RUNS_SHOWN = 20
SCHEDULER = "scheduler"
"""Who does what is done by schedule, in facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWish:
    """What is to be done by schedule.

    Attributes:
        kind: what does it.
        payload: what it does, in the words of its kind.
        what: the same for people, one line.
        when: the phrase as it was read.
        terms: how.
    """

    kind: str
    payload: str
    what: str
    when: ReadPhrase
    terms: JobTerms = field(default_factory=JobTerms)


class Jobs:
    """What is done by schedule.

    Args:
        store: where jobs are kept.
        ledger: tells of them.
        accounts: knows time zones.
        by: the operator.
        read_only: the setting changes.read_only: nothing is begun.
    """

    def __init__(
        self, store: JobStore, ledger: Ledger, clock: Clock, accounts: Accounts, *, by: str, read_only: bool
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._accounts = accounts
        self._by = by
        self._read_only = read_only

    async def add(self, wish: JobWish) -> Job:
        """Keep a job; its first turn is the next time of its schedule.

        Raises:
            BadInput: the phrase is no schedule yet, or its times are over.
            Refused: read-only mode.
        """
        require_writable(read_only=self._read_only, what="done by schedule")
        when = wish.when
        if when.schedule is None or not when.times:
            raise BadInput(
                f"{when.phrase}: that is no schedule, or never comes.", why=when.question,
                next_step="Name a time to come.",
            )  # fmt: skip
        job = Job(
            kind=wish.kind, payload=wish.payload, what=mask(wish.what)[0], phrase=mask(when.phrase)[0],
            schedule=when.schedule, terms=wish.terms, by=self._by, made_at=self._clock.now(),
            next_at=when.times[0].timestamp(),
        )  # fmt: skip

        def facts(kept: Job) -> Sequence[Fact]:
            told = JobAdded(
                job=kept.number, job_kind=kept.kind, what=kept.what, when=schedule_text(kept.schedule),
                payload=mask(kept.payload)[0],
            )  # fmt: skip
            return [self._ledger.fact(told, correlation_id=kept.name)]

        kept, committed = await self._store.add(job, facts)
        self._ledger.committed(committed)
        return kept

    async def all(self, kind: str = "") -> Sequence[Job]:
        """Return jobs, by number; all, or those of a kind."""
        return [job for job in await self._store.jobs() if kind in ("", job.kind)]

    async def get(self, name: str) -> Job:
        """Return the job with a name, as in "j3". Raises BadInput, NotFound."""
        number = job_number(name)
        found = next((job for job in await self._store.jobs() if job.number == number), None)
        if found is None:
            raise _absent(number)
        return found

    async def runs(self, job: Job, limit: int = RUNS_SHOWN) -> Sequence[JobRun]:
        """Return turns of a job that are over, newest first."""
        return await self._store.runs(job.number, limit)

    async def remove(self, name: str) -> Job:
        """Take a job out; what it has made stays. Raises BadInput, NotFound, Refused."""
        require_writable(read_only=self._read_only, what="taken out")
        number = job_number(name)

        def facts(job: Job) -> Sequence[Fact]:
            return [self._ledger.fact(JobRemoved(job=job.number, what=job.what), correlation_id=job.name)]

        found = await self._store.remove(number, facts)
        if found is None:
            raise _absent(number)
        self._ledger.committed(found[1])
        return found[0]

    async def pause(self, name: str, *, off: bool = False) -> Job:
        """Let a job begin no turn any more, or let it begin them again. Raises BadInput, NotFound, Refused."""
        require_writable(read_only=self._read_only, what="paused" if not off else "done by schedule")

        def facts(job: Job, _: Sequence[JobRun]) -> Sequence[Fact]:
            return [self._ledger.fact(JobPaused(job=job.number, off=off), correlation_id=job.name)]

        def change(job: Job) -> Moved:
            return turns.pause(job, self._clock.now(), self.following(job.schedule), off=off), ()

        return await self.move(job_number(name), change, facts)

    async def run_now(self, name: str) -> Job:
        """Let the process that runs jobs begin one now, beside its schedule. Raises BadInput, NotFound, Refused."""
        require_writable(read_only=self._read_only, what="begun")
        return await self.move(job_number(name), lambda job: (turns.run_now(job, self._clock.now()), ()))

    async def move(
        self, number: int, change: Callable[[Job], Moved],
        facts: Callable[[Job, Sequence[JobRun]], Sequence[Fact]] = lambda _, __: (), *, fence: Fence | None = None,
    ) -> Job:  # fmt: skip
        """Change a job as it is at this moment, and tell of the turns that are over by that.

        Raises:
            NotFound: it was taken out.
            LeaseLost: another process runs jobs now.
            OpstermError: what `change` raised.
        """

        def told(job: Job, over: Sequence[JobRun]) -> Sequence[Fact]:
            return [*facts(job, over), *(self._ended_fact(job, run) for run in over)]

        found = await self._store.update(number, change, told, fence=fence)
        if found is None:
            raise _absent(number)
        self._ledger.committed(found[1])
        return found[0]

    def _ended_fact(self, job: Job, run: JobRun) -> Fact:
        ended = JobEnded(
            job=run.job, planned_at=run.planned_at, state=run.state, tries=run.tries, stands_for=run.stands_for,
            said=run.said,
        )  # fmt: skip
        return self._ledger.fact(ended, by=SCHEDULER, correlation_id=job.name)

    def following(self, schedule: JobSchedule) -> turns.Following:
        """Return what says the planned time behind a moment. It reads a file of time zones: call it off the loop."""

        def after(at: float) -> float | None:
            times = next_times(schedule, datetime.fromtimestamp(at, UTC), 1, zones=self._accounts)
            return times[0].timestamp() if times else None

        return after


def job_number(text: str) -> int:
    """Return 3 for "j3" or "3". Raises BadInput."""
    number = text.strip().lower().removeprefix("j")
    if not (number.isascii() and number.isdigit()) or len(number) > 12 or int(number) == 0:
        raise BadInput(f"{text[:40]!r} is not the name of a job.", next_step="Write it as in j3.")
    return int(number)


def _absent(number: int) -> NotFound:
    return NotFound(f"There is no job j{number}.", next_step="`opsterm schedule list` lists them.")
