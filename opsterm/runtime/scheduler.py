"""Runs jobs at their times; one process does it, under the lease. It knows nothing of what a job does.

Everything that a turn goes through is kept before it counts. A process that takes over finds the turns that the one
before had begun: they have failed by that, and are tried again as their terms say.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from opsterm.changes.job import Job, JobRun, Moved, RunState, begin, come_due, fail, succeed
from opsterm.changes.job_events import JobBegun
from opsterm.core.clock import Clock
from opsterm.core.errors import LeaseLost, NotFound, OpstermError, StorageError
from opsterm.core.events import Fact
from opsterm.core.text import clean_line
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.jobs import JOB_FAILED, JOB_MET
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.policy.mask import mask
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.job_alerts import JobAlerts
from opsterm.runtime.jobs import SCHEDULER, Jobs
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.ports_jobs import JobKind, JobOutcome, JobStore
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.supervisor import Heart

LOOK_EVERY_S = 1.0
"""How often it is looked what is due: one SELECT of a few rows."""

MOST_AT_ONCE = 4
"""Jobs that run side by side; others wait for their turn."""

SAID_LENGTH = 600

log = logging.getLogger("opsterm.scheduler")


class Scheduler:
    """Runs jobs.

    Args:
        store: where jobs are kept.
        jobs: changes them.
        kinds: what does the jobs of each kind; made when the first is needed.
        alerts: what is open now.
        job_alerts: told why a job failed.
        monitoring: takes it.
    """

    def __init__(
        self, store: JobStore, jobs: Jobs, kinds: Mapping[str, Callable[[], JobKind]], clock: Clock, ledger: Ledger, *,
        alerts: Alerts, job_alerts: JobAlerts, monitoring: Monitoring,
    ) -> None:  # fmt: skip
        self._store = store
        self._jobs = jobs
        self._kinds = kinds
        self._clock = clock
        self._ledger = ledger
        self._alerts = alerts
        self._job_alerts = job_alerts
        self._monitoring = monitoring
        self._running: set[int] = set()

    async def run_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Run jobs until cancelled.

        Raises:
            LeaseLost: another process runs the workers now.
        """
        self._running = set()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    heart.beat()
                    try:
                        await self.round(group, fence)
                    except LeaseLost:
                        raise
                    except StorageError as error:  # the disk is full, or busy: what runs goes on
                        log.warning("jobs could not be looked at: %s", error.what)
                    await asyncio.sleep(LOOK_EVERY_S)
        except ExceptionGroup as errors:  # the one of the rounds, or that the lease is lost: a job raises nothing else
            raise errors.exceptions[0] from None

    async def round(self, group: asyncio.TaskGroup, fence: Fence) -> None:
        """Take in hand what has come due, and begin what is to begin.

        Args:
            group: where runs go on after this has returned.
            fence: proof of the lease.

        Raises:
            LeaseLost: another process runs the workers now.
            StorageError: it could not be kept.
        """
        jobs = await self._store.jobs()
        await self._forget_alerts({job.name for job in jobs}, fence)
        for job in jobs:
            try:
                await self._look(job, group, fence)
            except NotFound:
                continue  # it was taken out meanwhile

    async def _look(self, job: Job, group: asyncio.TaskGroup, fence: Fence) -> None:
        now = self._clock.now()
        if job.turn is not None and job.turn.begun_at is not None and job.number not in self._running:
            said = "opsterm ended while it ran."
            job = await self._moved(job, lambda one: fail(one, now, said, failed=_failed_before(one)), fence)
        if not job.paused and job.next_at is not None and job.next_at <= now:
            following = self._jobs.following(job.schedule)
            job = await self._moved(job, lambda one: come_due(one, now, following), fence)
        if job.may_begin(now) and len(self._running) < MOST_AT_ONCE:
            job = await self._jobs.move(job.number, lambda one: (begin(one, now), ()), self._begun_facts, fence=fence)
            self._running.add(job.number)
            group.create_task(self._run(job, fence))

    def _begun_facts(self, job: Job, over: Sequence[JobRun]) -> Sequence[Fact]:
        del over  # none is, when one begins
        assert job.turn is not None  # noqa: S101 (it has begun)
        begun = JobBegun(job=job.number, planned_at=job.turn.planned_at, tries=job.turn.tries)
        return [self._ledger.fact(begun, by=SCHEDULER, correlation_id=job.name)]

    async def _run(self, job: Job, fence: Fence) -> None:
        """Try the turn that was begun. What goes wrong there must end nothing else."""
        try:
            outcome = await self._outcome(job)
            said, now = mask(clean_line(outcome.said, limit=SAID_LENGTH))[0], self._clock.now()
            if outcome.failed:
                why = {name: mask(clean_line(text, limit=300))[0] for name, text in outcome.failed.items()}
                self._job_alerts.found.update({(name, job.name): text for name, text in why.items()})
                failed = partial(
                    fail, now=now, said=said, failed=tuple(why), rest=outcome.rest, changes=outcome.changes
                )
                await self._moved(job, failed, fence, unsettled=outcome.unsettled)
            else:
                done = partial(succeed, now=now, said=said, changes=outcome.changes)
                await self._moved(job, done, fence, unsettled=outcome.unsettled)
            await self._tell_met(job, outcome, fence)
        except NotFound:
            log.info("%s was taken out while it ran", job.name)
        except StorageError as error:  # it counts as one that was interrupted, and is tried again
            log.warning("how %s ended could not be kept: %s", job.name, error.what)
        finally:
            self._running.discard(job.number)

    async def _outcome(self, job: Job) -> JobOutcome:
        try:
            async with asyncio.timeout(job.terms.limit_s):
                return await self._kinds[job.kind]().run(job)
        except LeaseLost:
            raise
        except TimeoutError:
            said = f"It was stopped after {job.terms.limit_s:g} s."
        except KeyError:
            said = f"This version does not know jobs of the kind {job.kind}."
        except OpstermError as error:
            said = " ".join(part for part in (error.what, error.why, error.next_step) if part)
        except Exception as error:  # a fault of ours: of this job only, and it is told
            log.error("%s failed", job.name, exc_info=error)
            said = f"A fault of opsterm: {type(error).__name__}."
        return JobOutcome(
            said=said, failed={LOCALHOST: said}, unsettled=tuple(key.target for key in self._open(job.name))
        )

    async def _moved(
        self, job: Job, change: Callable[[Job], Moved], fence: Fence, *, unsettled: Collection[str] = ()
    ) -> Job:
        """Change a job, and raise and end its alerts by the turns that are over, but for those that are unsettled."""
        over: list[JobRun] = []

        def noted(one: Job) -> Moved:
            moved, runs = change(one)
            over[:] = runs
            return moved, runs

        job = await self._jobs.move(job.number, noted, fence=fence)
        for run in over:
            await self._tell(job, run, fence, unsettled)
        return job

    async def _tell(self, job: Job, run: JobRun, fence: Fence, unsettled: Collection[str]) -> None:
        if run.state not in (RunState.DONE, RunState.FAILED):
            return
        failed = set(run.failed or (LOCALHOST,)) if run.state is RunState.FAILED else set()
        for name in failed:
            self._job_alerts.found.setdefault((name, job.name), run.said)
        now = self._clock.now()
        samples = [Sample(SeriesKey(name, JOB_FAILED, job.name), now, 1.0) for name in sorted(failed)]
        over = [key for key in self._open(job.name) if key.target not in failed and key.target not in unsettled]
        samples += [Sample(key, now, 0.0) for key in over]
        if samples:
            await self._monitoring.take(samples, fence)
        self._job_alerts.found = {key: why for key, why in self._job_alerts.found.items() if key[1] != job.name}

    async def _tell_met(self, job: Job, outcome: JobOutcome, fence: Fence) -> None:
        """Raise and end the alerts of what a job has found, where it was looked for."""
        if outcome.met is None:
            return
        met = {name: mask(clean_line(text, limit=300))[0] for name, text in outcome.met.items()}
        self._job_alerts.met.update({(name, job.name): text for name, text in met.items()})
        now, looked_at = self._clock.now(), set(outcome.targets) - set(outcome.failed)
        samples = [Sample(SeriesKey(name, JOB_MET, job.name), now, 1.0) for name in sorted(met)]
        over = [key for key in self._open(job.name, JOB_MET) if key.target in looked_at - set(met)]
        samples += [Sample(key, now, 0.0) for key in over]
        if samples:
            await self._monitoring.take(samples, fence)
        for key in over:
            self._job_alerts.met.pop((key.target, job.name), None)

    def _open(self, name: str, metric: str = JOB_FAILED) -> list[SeriesKey]:
        return [one.key for one in self._alerts.feed() if one.key.metric == metric and one.key.item == name]

    async def _forget_alerts(self, names: set[str], fence: Fence) -> None:
        """End the alerts of jobs that were taken out."""
        for key in {one.key for one in self._alerts.feed() if one.key.metric in (JOB_FAILED, JOB_MET)}:
            if key.item not in names:
                await self._monitoring.forget(key.target, fence, among=partial(_is, key))


def _is(one: SeriesKey, other: SeriesKey) -> bool:
    return one == other


def _failed_before(job: Job) -> tuple[str, ...]:
    return job.turn.failed if job.turn is not None else ()
