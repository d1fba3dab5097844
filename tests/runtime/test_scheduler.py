"""Jobs are run at their times on a clock that the test moves: across the clocks' change, a kill, and times missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opsterm.changes.job import Job, JobRun, JobTerms, MissedPolicy, RunState
from opsterm.changes.job_events import JobAdded, JobBegun, JobEnded
from opsterm.changes.recovery.wish import things_of
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, LeaseLost, NotFound, Refused, Unreachable
from opsterm.inventory.target import LOCALHOST, Target
from opsterm.monitoring.alerts import AlertState
from opsterm.monitoring.jobs import JOB_FAILED
from opsterm.runtime.jobs import JobWish
from opsterm.runtime.ports_jobs import JobOutcome
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.recovery import TakeWish
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.scheduler import Scheduler
from opsterm.runtime.snapshot_jobs import SnapshotWish
from opsterm.runtime.works import scheduler_of
from tests.runtime.stage import opened, until

BERLIN = "Europe/Berlin"


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class ToldKind:
    """Does what the test says: fails on the targets of `failing`, and lasts until `go_on` is set."""

    def __init__(self, clock: StoppedClock) -> None:
        self.clock = clock
        self.failing: Sequence[str] = ()
        self.error: Exception | None = None
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.tried: list[tuple[float, str]] = []

    async def run(self, job: Job) -> JobOutcome:
        """Note it, and do as told."""
        self.tried.append((self.clock.now(), job.turn.rest if job.turn else ""))
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        failed = dict.fromkeys(self.failing, "No line.")
        return JobOutcome(said="As told.", targets=("web-01", "web-02"), failed=failed, rest=" or ".join(failed))


class Stage:
    """A runtime with a scheduler that the test moves on."""

    def __init__(self, runtime: Runtime, clock: StoppedClock, scheduler: Scheduler, fence: Fence) -> None:
        self.runtime = runtime
        self.clock = clock
        self.scheduler = scheduler
        self.fence = fence
        self.kind = ToldKind(clock)

    async def add(self, phrase: str, *, timezone: str = "UTC", **terms: object) -> Job:
        when = await self.runtime.schedules.read(phrase, timezone=timezone)
        how = JobTerms(**terms)  # type: ignore[arg-type]  # some of its fields
        return await self.runtime.jobs.add(JobWish(kind="told", payload="{}", what="it", when=when, terms=how))

    async def round(self) -> None:
        """Look once, and wait for what was begun."""
        async with asyncio.TaskGroup() as group:
            await self.scheduler.round(group, self.fence)

    async def go(self, until: str, step_s: float = 600.0) -> None:
        """Move the clock on, and look at each step."""
        while self.clock.now() < at(until):
            self.clock.advance(min(step_s, at(until) - self.clock.now()))
            await self.round()

    async def over(self) -> list[tuple[str, str]]:
        """Return how turns ended, the first one first."""
        [job, *_] = await self.runtime.jobs.all()
        return [(str(run.state), utc(run.planned_at)) for run in reversed(await self.runtime.jobs.runs(job))]

    def firing(self) -> set[tuple[str, str]]:
        return {
            (one.key.target, one.key.item)
            for one in self.runtime.alerts.feed()
            if one.key.metric == JOB_FAILED and one.state is AlertState.FIRING
        }


def utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%m-%d %H:%M}"


@asynccontextmanager
async def staged(home: Path, now: str, clock: StoppedClock | None = None) -> AsyncIterator[Stage]:
    clock = clock or StoppedClock(at(now))
    async with opened(home, clock=clock) as runtime:
        row = await runtime.store.lease.acquire(
            holder="test", face="serve", boot="b", monotonic=clock.monotonic(), now=clock.now(), ttl_s=0.0
        )
        fence = Fence(holder="test", epoch=row.epoch)
        await runtime.monitoring._intake.open(fence)
        stage = Stage(runtime, clock, scheduler_of(runtime), fence)
        stage.scheduler._kinds = {"told": lambda: stage.kind}
        yield stage
        runtime.monitoring._intake.close()


@pytest.mark.parametrize(
    ("phrase", "begins", "ends", "expected"),
    [
        # Spring leaves 02:30 out: it comes at the first moment behind.
        ("every day at 2:30", "2027-03-27T00:00Z", "2027-03-29T12:00Z", ["03-27 01:30", "03-28 01:00", "03-29 00:30"]),
        # Autumn has 02:30 twice: it comes once.
        ("every day at 2:30", "2026-10-24T00:00Z", "2026-10-26T12:00Z", ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),
        ("every day at 6", "2026-10-24T00:00Z", "2026-10-26T12:00Z", ["10-24 04:00", "10-25 05:00", "10-26 05:00"]),
        (
            "every 5 hours", "2026-10-24T16:00Z", "2026-10-25T12:00Z",
            ["10-24 21:00", "10-25 02:00", "10-25 07:00", "10-25 12:00"],
        ),
    ],
    ids=["spring", "autumn", "the hour stays", "hours elapse"],
)  # fmt: skip
async def test_the_clocks_change(home: Path, phrase: str, begins: str, ends: str, expected: list[str]) -> None:
    async with staged(home, begins) as stage:
        read = await stage.runtime.schedules.read(phrase, timezone=BERLIN)
        if read.schedule is None:
            pytest.fail(read.question)
        await stage.add(phrase, timezone=BERLIN)
        await stage.go(ends)
        assert [utc(when) for when, _ in stage.kind.tried] == expected
        assert await stage.over() == [("done", when) for when in expected]


@pytest.mark.parametrize(
    ("missed", "expected"),
    [
        (MissedPolicy.RUN_ONCE, [("done", "11-28 02:00"), ("done", "12-01 02:00"), ("done", "12-02 02:00")]),
        (MissedPolicy.SKIP, [("done", "11-28 02:00"), ("missed", "11-29 02:00"), ("done", "12-02 02:00")]),
    ],
)
async def test_times_at_which_nothing_ran(home: Path, missed: MissedPolicy, expected: list[tuple[str, str]]) -> None:
    clock = StoppedClock(at("2026-11-28T00:00Z"))
    async with staged(home, "", clock) as stage:
        await stage.add("every day at 2", missed=missed)
        await stage.go("2026-11-28T12:00Z")
    clock.at = at("2026-12-01T09:00Z")
    async with staged(home, "", clock) as stage:
        await stage.round()
        await stage.go("2026-12-02T12:00Z")
        assert await stage.over() == expected
        [job] = await stage.runtime.jobs.all()
        assert [run.stands_for for run in await stage.runtime.jobs.runs(job)] == [1, 3, 1]


async def test_a_run_that_was_killed_is_tried_again_by_the_next_process(home: Path) -> None:
    clock = StoppedClock(at("2026-11-28T01:59:50Z"))
    async with staged(home, "", clock) as stage:
        await stage.add("every day at 2")
        clock.advance(20)
        stage.kind.go_on.clear()
        task = asyncio.ensure_future(stage.round())
        await until(lambda: stage.kind.tried)
        task.cancel()  # as kill -9 would have it: nothing more is kept
        with pytest.raises(asyncio.CancelledError):
            await task
    clock.advance(30)
    async with staged(home, "", clock) as stage:
        await stage.round()
        assert stage.kind.tried == []
        [job] = await stage.runtime.jobs.all()
        assert (job.turn.tries, job.turn.said) == (1, "opsterm ended while it ran.") if job.turn else False
        clock.advance(60)
        await stage.round()
        assert await stage.over() == [("done", "11-28 02:00")]
        [run] = await stage.runtime.jobs.runs(job)
        assert run.tries == 1


async def test_the_next_run_is_left_out_while_one_goes_on(home: Path) -> None:
    async with staged(home, "2026-11-28T00:00Z") as stage:
        await stage.add("every 10 minutes")
        stage.kind.go_on.clear()
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                stage.clock.advance(600)
                await stage.scheduler.round(group, stage.fence)
            stage.kind.go_on.set()
        assert len(stage.kind.tried) == 1
        skipped = [("skipped", f"11-28 00:{minute}") for minute in (20, 30, 40)]
        assert await stage.over() == [*skipped, ("done", "11-28 00:10")]


async def test_what_fails_is_tried_again_only_where_it_failed_and_then_is_an_alert_until_it_is_done(
    home: Path,
) -> None:
    async with staged(home, "2026-11-28T00:00Z") as stage:
        await stage.runtime.inventory.add(Target(name="web-02", address="192.0.2.2", source="test"))
        await stage.add("every day at 2", retries=1)
        stage.kind.failing = ["web-02"]
        await stage.go("2026-11-28T02:00:30Z")
        assert stage.firing() == set(), "another try is left"
        await stage.go("2026-11-28T02:10Z", 30)
        assert [rest for _, rest in stage.kind.tried] == ["", "web-02"]
        assert stage.firing() == {("web-02", "j1")}
        [alert] = stage.runtime.alerts.feed()
        assert alert.summary == "job j1 failed: No line."
        stage.kind.failing = []
        await stage.go("2026-11-29T02:10Z")
        assert stage.firing() == set()
        assert await stage.over() == [("failed", "11-28 02:00"), ("done", "11-29 02:00")]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            Unreachable("web-01 did not answer.", why="Connection refused."),
            "web-01 did not answer. Connection refused.",
        ),
        (ZeroDivisionError(), "A fault of opsterm: ZeroDivisionError."),
        (TimeoutError(), "It was stopped after 3600 s."),
    ],
    ids=["error", "fault", "limit"],
)
async def test_whatever_a_run_raises_is_said_and_ends_no_other_job(home: Path, error: Exception, says: str) -> None:
    async with staged(home, "2026-11-28T00:00Z") as stage:
        job = await stage.add("every day at 2", retries=0)
        stage.kind.error = error
        await stage.go("2026-11-28T02:00Z")
        [run] = await stage.runtime.jobs.runs(job)
        assert (run.state, run.said) == (RunState.FAILED, says)
        assert stage.firing() == {(LOCALHOST, "j1")}
        await stage.runtime.jobs.remove("j1")
        await stage.round()
        assert stage.firing() == set(), "nothing tells of a job that is gone"
        stage.kind.error = None
        again = await stage.add("every day at 3")
        assert again.name == "j2", "a number is not given twice"
        await stage.go("2026-11-28T03:00Z")
        assert await stage.over() == [("done", "11-28 03:00")]


async def test_a_job_is_paused_resumed_run_now_and_removed(home: Path) -> None:
    async with staged(home, "2026-11-28T00:00Z") as stage:
        jobs = stage.runtime.jobs
        await stage.add("every day at 2")
        await jobs.pause("j1")
        await stage.go("2026-11-29T03:00Z")
        assert stage.kind.tried == []
        with pytest.raises(BadInput, match="paused"):
            await jobs.run_now("j1")
        resumed = await jobs.pause("j1", off=True)
        assert utc(resumed.next_at or 0.0) == "11-30 02:00"
        await jobs.run_now("j1")
        await stage.round()
        assert len(stage.kind.tried) == 1
        assert (await jobs.get("1")).next_at == resumed.next_at
        await jobs.remove("j1")
        for act in (jobs.get, jobs.run_now, jobs.remove, jobs.pause):
            with pytest.raises(NotFound):
                await act("j1")


async def test_a_single_time_is_over_when_it_was(home: Path) -> None:
    async with staged(home, "2026-11-28T00:00Z") as stage:
        await stage.add("tomorrow at 3pm")
        await stage.go("2026-12-02T00:00Z", 3600)
        assert await stage.over() == [("done", "11-29 15:00")]
        [job] = await stage.runtime.jobs.all()
        assert job.is_over


async def test_who_has_lost_the_lease_begins_nothing(home: Path) -> None:
    async with staged(home, "2026-11-28T00:00Z") as stage:
        await stage.add("every day at 2")
        now = stage.clock.now()
        await stage.runtime.store.lease.acquire(
            holder="other", face="serve", boot="another", monotonic=0.0, now=now, ttl_s=0.0
        )
        stage.clock.advance(7201)
        async with asyncio.TaskGroup() as group:
            with pytest.raises(LeaseLost):
                await stage.scheduler.round(group, stage.fence)
        assert stage.kind.tried == []


async def test_all_of_it_is_told(home: Path) -> None:
    async with staged(home, "2026-11-28T00:00Z") as stage:
        await stage.add("every day at 2")
        await stage.go("2026-11-28T03:00Z")
        facts = await stage.runtime.store.journal.search(correlation_id="j1")
        assert [type(fact.event) for fact in sorted(facts, key=lambda fact: fact.seq)] == [JobAdded, JobBegun, JobEnded]


async def test_nothing_is_done_by_schedule_in_read_only_mode(home: Path) -> None:
    async with opened(home, settings="[changes]\nread_only = true") as runtime:
        when = await runtime.schedules.read("daily")
        with pytest.raises(Refused):
            await runtime.jobs.add(JobWish(kind="told", payload="", what="it", when=when))


@pytest.mark.blocking  # the test makes files
async def test_recovery_points_by_schedule_keep_their_number_and_leave_those_by_hand_alone(
    home: Path, tmp_path: Path
) -> None:
    place = tmp_path / "conf"
    place.write_text("0")
    async with staged(home, "2026-11-28T00:00Z") as stage:
        runtime = stage.runtime
        stage.scheduler._kinds = scheduler_of(runtime)._kinds
        take = TakeWish(selector=LOCALHOST, things=things_of([str(place)]))
        await runtime.recovery.take(take)
        keep = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0}
        wish = SnapshotWish(take=take, keep=keep)
        job = await runtime.jobs.add(wish.job(await runtime.schedules.read("every 6 hours"), JobTerms()))
        for number in (1, 2):
            place.write_text(str(number))
            await stage.go(f"2026-11-28T{number * 6:02}:00Z", 3600)
        points = await runtime.recovery.points()
        assert [(point.name, point.origin) for point in points] == [("r3", "j1"), ("r1", "by hand")]
        runs: Sequence[JobRun] = await runtime.jobs.runs(job)
        assert [run.state for run in runs] == [RunState.DONE] * 2
        assert "r3 taken" in runs[0].said
        assert "1 older gone" in runs[0].said
