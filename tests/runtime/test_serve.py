"""`opsterm serve` ends cleanly when asked, and leaves a sound database when it is killed."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from opsterm.core.paths import Paths
from tests.runtime.stage import CHECKOUT, child, environment_of, opened, until_async

KILLS = 20
OPSTERM = (sys.executable, "-m", "opsterm")


@asynccontextmanager
async def serving(home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `opsterm serve` until the test ends it."""
    process = await asyncio.create_subprocess_exec(
        *OPSTERM, "serve", "--json", "--set", "monitoring.interval_s=0.1",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment_of(home), cwd=CHECKOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def verb(home: Path, *words: str) -> tuple[int, str]:
    """Run a verb; return its exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *OPSTERM, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=environment_of(home), cwd=CHECKOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_cleanly_with_nothing_left(home: Path, number: signal.Signals) -> None:
    async with opened(home) as here, serving(home) as process:

        async def works() -> bool:
            return bool(await here.store.lease.holder() and await here.store.samples.series("localhost"))

        await until_async(works)
        started = await asyncio.to_thread(children_of, process.pid)
        process.send_signal(number)
        async with asyncio.timeout(120):
            output, said = await process.communicate()
        assert process.returncode == 0
        assert json.loads(output.splitlines()[0])["process"] == process.pid
        assert b"Traceback" not in said
        assert await here.store.lease.holder() is None
        assert [fact.event.kind for fact in await here.store.journal.after(0, 100)][-1] == "opsterm.stopped"
        for pid in started:
            assert not await asyncio.to_thread(Path(f"/proc/{pid}").exists)


def sound(database: Path) -> tuple[int, int]:
    """Check a database; return the last place of its journal and how many facts there are."""
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        last, count = db.execute("SELECT ifnull(max(seq), 0), count(*) FROM journal").fetchone()
        return last, count


async def test_killed_again_and_again_its_database_opens_and_the_doctor_works(home: Path, paths: Paths) -> None:
    """A service that measures ten times a second is killed at random moments while another process writes facts."""
    chance = random.Random(11)
    acknowledged: set[int] = set()
    async with child(home) as writer, opened(home) as here:

        async def works() -> bool:
            return await here.workers.living_holder() is not None

        for number in range(KILLS):
            async with serving(home) as process:
                assert process.stdout is not None
                async with asyncio.TaskGroup() as group:
                    writing = group.create_task(writer.ask("append", count=30, pause_s=0.01))
                    await process.stdout.readline()
                    await until_async(works)
                    await asyncio.sleep(chance.uniform(0.0, 0.3))
                    process.kill()
                acknowledged.update(writing.result())
            last, count = await asyncio.to_thread(sound, paths.database)
            assert last == count, f"the places have no holes after kill {number}"
            assert acknowledged <= set(range(1, last + 1))
    assert len(acknowledged) == 30 * KILLS
    code, said = await verb(home, "doctor")
    assert code == 0, said
    assert "database" in said
    async with serving(home) as process, opened(home) as here:

        async def works_again() -> bool:
            return await here.workers.living_holder() is not None

        await until_async(works_again)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
