"""kill -9 of opsterm at every step of a change and of a rollback: the next one finds the state right and goes on.

By default a few steps are tried; OPSTERM_KILLS=all tries every one of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.claim import ClaimKind
from opsterm.core.errors import BadInput, NotApproved
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import story
from tests.runtime.stage import opened

ALL = os.environ.get("OPSTERM_KILLS") == "all"
CHANGE_STEPS, ROLLBACK_STEPS = 26, 18
MOVES = (ChangeState.PROPOSED, ChangeState.APPROVED, ChangeState.INTERRUPTED, ChangeState.DONE)
"""State of a change by how many moves were written before the kill, as the next process leaves it."""

pytestmark = pytest.mark.timeout(600)


class Killer:
    """Runs scripts of `killed_changes` in processes that are killed."""

    def __init__(self, process: subprocess.Popen[str], home: Path) -> None:
        self._process = process
        self.home = home
        self.place = home / "etc"

    def play(self, script: str, at: int) -> list[str]:
        """Return the steps that it came to until it was killed at one of them; 0 for never."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(self.home), script, at]), file=self._process.stdin, flush=True)
        return [str(step) for step in json.loads(self._process.stdout.readline())]

    def prepare(self) -> None:
        """Make everything as it was before the change."""
        shutil.rmtree(self.home, ignore_errors=True)
        (self.place / "old").mkdir(parents=True)
        (self.place / "old" / "f").write_text("kept")
        (self.place / "conf").write_text("before\n")
        os.mkfifo(self.place / "go")
        (self.home / "place").write_text(str(self.place))

    def state(self) -> dict[str, str]:
        """Return what is on the target."""
        return {
            str(path.relative_to(self.place)): path.read_text() if path.is_file() else "folder"
            for path in sorted(self.place.rglob("*"))
            if not path.is_fifo()
        }

    def end_command(self) -> None:
        """End a command that outlived its opsterm."""
        with suppress(OSError, ValueError):
            os.kill(int((self.place / "pid").read_text()), signal.SIGKILL)


BEFORE = {"conf": "before\n", "old": "folder", "old/f": "kept"}


@contextmanager
def killer(home: Path) -> Iterator[Killer]:
    """Start what forks and kills: it imports the program once."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.killed_changes"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    ) as process:  # fmt: skip
        yield Killer(process, home)


async def finish(runtime: Runtime, change: Change) -> Change:
    """Approve where that is still to be done, run, and let the command go on at its half."""
    if change.state is ChangeState.PROPOSED:
        change = await runtime.changes.approve(change.id, digest=change.digest)
    place = Path(change.order.command.partition("read go < ")[2].partition("/go;")[0])
    feeding = asyncio.create_task(asyncio.to_thread((place / "go").write_text, "go\n")) if place.name else None
    ended = await runtime.changes.run(change.id)
    if feeding is not None:
        await feeding
    return ended


async def take_back(runtime: Runtime, *, insist: bool) -> Change:
    """Propose the rollback of c1, approve and run it."""
    made = await runtime.rollbacks.propose(RollbackWish(change=1, insist=insist, origin="test"))
    return await finish(runtime, made)


async def look_after_change(runtime: Runtime, killer: Killer, steps: list[str]) -> None:
    """Check what a new process finds after a change was killed, and that all of it can be taken back."""
    await runtime.changes.settle()
    if not (changes := await runtime.changes.list()):
        assert steps == ["before SqliteChanges.insert"]
        return
    (change,) = changes
    assert change.state is MOVES[steps.count("after SqliteChanges.move")], steps[-1]
    assert await asyncio.to_thread(killer.state) == BEFORE or "during command" in steps, "nothing before it was kept"
    told = await story(runtime, change)
    assert told[-1] == ("change.ended" if change.ended_at else f"change.{change.state}"), steps[-1]
    if change.state in (ChangeState.PROPOSED, ChangeState.APPROVED):
        assert (await finish(runtime, change)).state is ChangeState.DONE
    else:
        with pytest.raises(NotApproved):
            await runtime.changes.run(change.id)
    if change.state is ChangeState.INTERRUPTED and change.outcomes[0].state is OutcomeState.UNKNOWN:
        assert "opsterm rollback c1 --insist" in change.outcomes[0].message
        assert [one.kind for one in await runtime.claims.all()] == [ClaimKind.UNSEEN]
    await asyncio.to_thread(killer.end_command)
    if "change.captured" not in await story(runtime, change):
        with pytest.raises(BadInput):
            await take_back(runtime, insist=True)
    else:
        assert (await take_back(runtime, insist=True)).state is ChangeState.DONE, steps[-1]
        assert (await runtime.changes.get(1)).state is ChangeState.ROLLED_BACK
    assert await asyncio.to_thread(killer.state) == BEFORE, steps[-1]


async def look_after_rollback(runtime: Runtime, killer: Killer, steps: list[str]) -> None:
    """Check what a new process finds after a rollback was killed, and that it is taken up again."""
    await runtime.changes.settle()
    changes = await runtime.changes.list()
    first = await runtime.changes.get(1)
    found = MOVES[min(steps.count("after SqliteChanges.move"), 3)] if len(changes) == 2 else ChangeState.PROPOSED
    assert len(changes) == 1 or changes[0].state is found, steps[-1]
    standing = {ChangeState.INTERRUPTED: ChangeState.ROLLBACK_FAILED, ChangeState.DONE: ChangeState.ROLLED_BACK}
    untried = changes[0].outcomes[0].state is OutcomeState.CANCELLED
    assert first.state is (ChangeState.DONE if untried else standing.get(found, ChangeState.DONE)), steps[-1]
    if first.state is not ChangeState.ROLLED_BACK:
        if changes[0].outcomes[0].state is OutcomeState.UNKNOWN:
            assert "opsterm rollback c1" in changes[0].outcomes[0].message
        waits = len(changes) == 2 and not changes[0].ended_at
        ended = await finish(runtime, changes[0]) if waits else await take_back(runtime, insist=False)
        assert ended.state is ChangeState.DONE, (steps[-1], ended.outcomes)
    with pytest.raises(BadInput, match="taken back already"):
        await take_back(runtime, insist=False)
    assert (await runtime.changes.get(1)).state is ChangeState.ROLLED_BACK
    assert await asyncio.to_thread(killer.state) == BEFORE, steps[-1]


@pytest.mark.blocking
async def test_a_change_that_is_killed_at_any_step_is_found_as_it_is(home: Path) -> None:
    with killer(home) as killing:
        await asyncio.to_thread(killing.prepare)
        assert len(await asyncio.to_thread(killing.play, "change", 0)) == CHANGE_STEPS
        for at in range(1, CHANGE_STEPS + 1) if ALL else (6, 12, 17, 24):
            await asyncio.to_thread(killing.prepare)
            steps = await asyncio.to_thread(killing.play, "change", at)
            async with opened(home) as runtime:
                await look_after_change(runtime, killing, steps)


@pytest.mark.blocking
async def test_a_rollback_that_is_killed_at_any_step_is_taken_up_again(home: Path, tmp_path: Path) -> None:
    done = tmp_path / "done"
    with killer(home) as killing:
        await asyncio.to_thread(killing.prepare)
        await asyncio.to_thread(killing.play, "change", 0)
        await asyncio.to_thread(os.unlink, killing.place / "go")
        await asyncio.to_thread(shutil.copytree, home, done, symlinks=True)
        for at in range(1, ROLLBACK_STEPS + 1) if ALL else (6, 10, 14, 17):
            await asyncio.to_thread(shutil.rmtree, home)
            await asyncio.to_thread(shutil.copytree, done, home, symlinks=True)
            steps = await asyncio.to_thread(killing.play, "rollback", at)
            async with opened(home) as runtime:
                await look_after_rollback(runtime, killing, steps)
