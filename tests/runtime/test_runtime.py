"""The one door: it opens in order, closes whatever happens, and says how it is."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock, SystemClock
from opsterm.core.errors import Bug, StorageError, StorageFull
from opsterm.runtime.doctor import Health
from opsterm.runtime.events import Started, Stopped
from opsterm.runtime.ports import Credentials
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.workers import REPORT_TASKS_EVERY_S
from tests.runtime.stage import PlayedConnector, build, child, opened, until, until_async


@pytest.fixture
def closed_runtime(home: Path) -> Runtime:
    return build(home)


async def kinds(runtime: Runtime) -> list[str]:
    return [fact.event.kind for fact in await runtime.store.journal.after(0, 1000)]


async def health(runtime: Runtime) -> dict[str, Health]:
    return {check.name: check.health for check in await runtime.doctor()}


async def test_a_screen_or_a_service_tells_when_it_starts_and_stops(home: Path) -> None:
    async with opened(home, workers=True, face="serve") as runtime:
        me = runtime._edges.processes.me()
    async with opened(home) as runtime:
        facts = [f.event for f in await runtime.store.journal.after(0, 100) if isinstance(f.event, Started | Stopped)]
        assert [(type(event), event.face, event.process) for event in facts] == [
            (Started, "serve", me), (Stopped, "serve", me),
        ]  # fmt: skip
    async with opened(home) as runtime:
        assert (await kinds(runtime)).count("opsterm.started") == 1, "a single command is no start"


async def test_closing_leaves_no_task_no_thread_and_no_lease(home: Path) -> None:
    before = set(threading.enumerate())
    async with opened(home, workers=True) as runtime:
        await until(lambda: runtime.runs_workers)
        await runtime.close()
        await runtime.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await until(lambda: {t for t in threading.enumerate() if "asyncio" not in t.name} <= before)
    async with opened(home) as runtime:
        assert await runtime.store.lease.holder() is None


async def test_a_step_of_closing_that_fails_leaves_nothing_open(home: Path) -> None:
    class Broken(PlayedConnector):
        async def close(self) -> None:
            raise RuntimeError("the line is stuck")

        async def open(self, credentials: Credentials) -> Broken:
            return self

    async with AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(opened(home, workers=True, open_connector=Broken({}).open))
        await until(lambda: runtime.runs_workers)
        await runtime.connector()
        with pytest.raises(RuntimeError, match="the line is stuck"):
            await runtime.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    async with opened(home) as runtime:
        assert await runtime.store.lease.holder() is None
        assert (await kinds(runtime))[-1] == "opsterm.stopped"


async def test_what_cannot_be_opened_is_closed_again(home: Path, closed_runtime: Runtime) -> None:
    with pytest.raises(Bug):
        _ = closed_runtime.store
    with pytest.raises(Bug):
        _ = closed_runtime.credentials
    with pytest.raises(Bug):
        closed_runtime.follow()

    async def fail() -> Credentials:
        raise StorageError("The keyring is broken.")

    with pytest.raises(StorageError, match="keyring is broken"):
        async with opened(home, open_credentials=fail):
            pass
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_full_disk_keeps_nobody_from_looking(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(home):
        pass

    async def refuse(*_: object, **__: object) -> None:
        raise StorageFull("The disk is full.")

    monkeypatch.setattr("opsterm.storage.writer.Writer.write", refuse)
    monkeypatch.setattr("opsterm.storage.writer.Writer.accept", refuse)
    async with opened(home, workers=True) as runtime:
        assert [row.target.name for row in runtime.inventory.rows()] == ["localhost"]


async def test_the_doctor_tells_each_part(home: Path) -> None:
    async with opened(home) as runtime:
        found = await health(runtime)
        assert found["workers"] is Health.NOTE
        assert not [name for name in found if name.startswith("task ")]
    async with opened(home, workers=True) as runtime:
        await until(lambda: runtime.runs_workers)
        found = await health(runtime)
        assert found["database"] is Health.GOOD
        assert found["workers"] is Health.GOOD
        tasks = {name for name in found if name.startswith("task ")}
        assert tasks == {
            "task journal", "task inventory", "task alerts", "task newest values", "task stop requests", "task lease",
            "task measurements", "task samples upkeep", "task changes upkeep", "task contents upkeep", "task mail",
            "task mail about alerts", "task report", "task audit", "task claims", "task guarded changes", "task drift",
            "task scheduler", "task collections", "task vector index", "task remote measurements", "task profiles",
            "task cameras",
        }  # fmt: skip
        assert {found[name] for name in tasks} == {Health.GOOD}


async def test_another_process_reads_the_tasks_of_the_holder_and_calls_none_late_that_is_not(home: Path) -> None:
    async with child(home, workers=True, load=1.0, settings="[monitoring]\ninterval_s = 0.1\n") as holder:

        async def has_reported() -> bool:
            return bool(await here.workers.tasks())

        clock = StoppedClock(at=SystemClock().now())
        async with opened(home, clock=clock) as here:
            await until_async(has_reported)
            clock.advance(REPORT_TASKS_EVERY_S)  # as old as a report may be
            found = {status.name: status.late(clock.now()) for status in await here.workers.tasks()}
            assert found["measurements"] is False
            clock.advance(4 * REPORT_TASKS_EVERY_S)
            found = {status.name: status.late(clock.now()) for status in await here.workers.tasks()}
            assert found["measurements"] is True, "a holder that reports no more hangs"
            await holder.kill()
            assert await here.workers.tasks() == []
            assert (await health(here))["workers"] is Health.NOTE


async def test_the_theme_sticks(home: Path) -> None:
    async with opened(home) as runtime:
        assert await runtime.preference("theme") is None
        await runtime.keep_preference("theme", "day")
    async with opened(home) as runtime:
        assert await runtime.preference("theme") == "day"


async def test_the_audit_reaches_back_past_facts_that_are_not_audited(home: Path) -> None:
    async with opened(home) as runtime:
        noise = Started(face="serve", process="1", program_version="0")
        ledger = runtime._ledger
        assert ledger is not None
        await ledger.record(*(ledger.fact(noise) for _ in range(3000)))
        rows = await runtime.audit.rows(limit=5)
        assert [row.kind for row in rows] == ["audit.key_begun", "target.added"]
