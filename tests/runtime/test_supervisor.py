"""Long-lived tasks are born in one place, start again when they fail, and are seen."""

from __future__ import annotations

import asyncio
import logging

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import Unreachable
from opsterm.runtime.doctor import Health, check_task, tasks_from_json, tasks_to_json
from opsterm.runtime.supervisor import FAILURES_SHOWN, LONGEST_PAUSE_S, Heart, Supervisor, TaskStatus, to_the_end
from tests.runtime.stage import until


def only(supervisor: Supervisor) -> TaskStatus:
    (status,) = supervisor.tasks()
    return status


async def test_a_task_that_fails_is_started_again_later_each_time(
    clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds >= 1:
            pauses.append(seconds)
        await real_sleep(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    failures: list[TaskStatus] = []

    async def work(heart: Heart) -> None:
        heart.beat()
        if len(pauses) == 9:
            clock.advance(200)  # it ran quietly for a while this time
        if len(pauses) == 11:
            return
        raise Unreachable("db-1 does not answer.\nat all")

    async with Supervisor(clock) as supervisor:
        supervisor.on_failure(failures.append)
        supervisor.start("sampler", work, beat_every_s=1.0)
        await until(lambda: not supervisor.running("sampler"))
        assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, 1, 2]
        assert max(pauses) == LONGEST_PAUSE_S
        assert only(supervisor).restarts == 11
        assert only(supervisor).last_error == "db-1 does not answer. at all"
        assert [status.last_error for status in failures] == ["db-1 does not answer. at all"] * 11


async def test_a_failure_is_seen_by_the_operator_and_not_printed(
    clock: StoppedClock,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        logging, "lastResort", logging.NullHandler()
    )  # the door puts its own there, which writes a report
    monkeypatch.setattr(logging.getLogger("opsterm"), "propagate", False)  # pytest's own reader of the log

    async def work(heart: Heart) -> None:
        raise ZeroDivisionError("a fault\nof ours")

    def teller(status: TaskStatus) -> None:
        raise RuntimeError("the teller fails too")

    async with Supervisor(clock) as supervisor:
        supervisor.on_failure(teller)
        supervisor.start("sampler", work)
        await until(lambda: only(supervisor).state == "waiting to restart")
        check = check_task(only(supervisor), clock.now())
        assert check.health is Health.BAD
        assert "last failure: ZeroDivisionError: a fault of ours" in check.text
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("state", "beat_every_s", "silent_s", "late"),
    [("running", 2.0, 5.9, False), ("running", 2.0, 6.1, True),
     ("running", 0.1, 4.9, False), ("running", 0.1, 5.1, True),
     ("running", 0.0, 1e6, False), ("ended", 2.0, 1e6, False), ("waiting to restart", 2.0, 1e6, False)],
)  # fmt: skip
def test_a_task_that_gives_no_sign_of_life_is_late(
    state: str, beat_every_s: float, silent_s: float, late: bool
) -> None:
    status = TaskStatus(name="sampler", state=state, last_beat=1000.0, beat_every_s=beat_every_s)
    assert status.late(1000.0 + silent_s) is late
    assert (check_task(status, 1000.0 + silent_s).health is Health.BAD) is (late or state == "waiting to restart")


async def test_a_running_task_is_left_alone_and_a_stopped_one_can_begin_again(clock: StoppedClock) -> None:
    started: list[int] = []

    async def work(heart: Heart) -> None:
        started.append(1)
        await asyncio.Event().wait()

    async with Supervisor(clock) as supervisor:
        supervisor.start("tail", work)
        supervisor.start("tail", work)
        await until(lambda: started)
        assert started == [1]
        await supervisor.stop("tail")
        assert only(supervisor).state == "stopped"
        await supervisor.stop("tail")
        await supervisor.stop("nothing of that name")
        supervisor.start("tail", work)
        await until(lambda: len(started) == 2)


async def test_closing_leaves_no_task_and_begins_none(clock: StoppedClock) -> None:
    ended: list[str] = []
    supervisor = Supervisor(clock)

    def working(name: str) -> None:
        async def work(heart: Heart) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                supervisor.start("born at the end", lambda _: asyncio.Event().wait())  # type: ignore[arg-type,return-value]  # never runs
                ended.append(name)

        supervisor.start(name, work)

    for name in ("one", "two", "three"):
        working(name)
    await asyncio.sleep(0)
    await supervisor.close()
    assert ended == ["three", "two", "one"]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await supervisor.close()


async def test_tasks_that_end_for_good_do_not_pile_up(clock: StoppedClock) -> None:
    async def well(heart: Heart) -> None:
        heart.beat()

    async def ill(heart: Heart) -> None:
        raise Unreachable("gone")

    async with Supervisor(clock) as supervisor:
        for number in range(100):
            supervisor.start(f"change c{number}", well if number % 2 else ill, restart=False)
            await until(lambda number=number: not supervisor.running(f"change c{number}"))  # type: ignore[misc]  # the loop's own
        assert len(supervisor.tasks()) == FAILURES_SHOWN
        assert all(status.last_error == "gone" for status in supervisor.tasks())
        assert len(supervisor._tasks) == FAILURES_SHOWN


async def test_what_must_not_be_left_half_done_is_done_before_a_cancellation_is_heard() -> None:
    done: list[str] = []

    async def write() -> str:
        await asyncio.sleep(0.02)
        done.append("written")
        return "result"

    assert await to_the_end(write()) == "result"
    async with asyncio.TaskGroup() as group:
        task = group.create_task(to_the_end(write()))
        await asyncio.sleep(0)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
    assert task.cancelled()
    assert done == ["written"] * 2


def test_other_processes_read_the_tasks_of_the_holder() -> None:
    tasks = [TaskStatus(name="journal", state="running", last_beat=5.0, beat_every_s=1.0, last_error="x")]
    assert tasks_from_json(tasks_to_json(tasks, 7.0)) == (7.0, tasks)
    for text in ("", "[]", "{}", '{"at":1,"tasks":[{"name":"x"}]}', "null"):
        assert tasks_from_json(text) == (0.0, [])


async def test_work_that_fails_while_it_is_stopped_is_stopped(clock: StoppedClock) -> None:
    begun = asyncio.Event()

    async def work(heart: Heart) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise Unreachable("It failed in the very moment.") from None

    async with Supervisor(clock) as supervisor:
        supervisor.start("measurements", work)
        await begun.wait()
        async with asyncio.timeout(120):
            await supervisor.stop("measurements")
        assert [task.state for task in supervisor.tasks()] == ["stopped"]
