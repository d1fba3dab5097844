"""kill -9 of opsterm at every step of a change and of a rollback: the next one finds the state right and goes on.

By default a few steps are tried; OPSTERM_KILLS=all tries every one of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.claim import ClaimKind
from opsterm.changes.guard import GuardState
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import BadInput, NotApproved
from opsterm.policy.order import RESTORE
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.adapters.test_ssh_lab import Lab, lab
from tests.runtime.changing import story
from tests.runtime.stage import opened
from tests.runtime.test_round_trips_lab import folder

__all__ = ["folder", "lab"]  # fixtures

ALL = os.environ.get("OPSTERM_KILLS") == "all"
CHANGE_STEPS, ROLLBACK_STEPS = 32, 18
KIND_LENGTHS = {"guarded": 41, "plan": 59, "put": 32}
"""Kind of change -> its steps."""
KIND_STEPS = (("guarded", 28), ("plan", 43), ("put", 22))
"""Those that are tried by default: while something is on the target of which no end is noted."""
MOVES = (ChangeState.PROPOSED, ChangeState.APPROVED, ChangeState.INTERRUPTED, ChangeState.DONE)
"""State of a change by how many moves were written before the kill, as the next process leaves it."""

pytestmark = pytest.mark.timeout(1200)


def sh_here(text: str) -> str:
    """Run a text here; return what it prints."""
    return subprocess.run(["sh"], input=text, capture_output=True, text=True, check=True).stdout


class Killer:
    """Runs scripts of `killed_changes` in processes that are killed, and looks at the target with other eyes.

    Args:
        process: does the killing.
        home: the data of opsterm.
        place: what is changed, on the target.
        points: where recovery points are there.
        sh: runs a text on the target.
    """

    def __init__(
        self, process: subprocess.Popen[str], home: Path, *, place: str, points: str, sh: Callable[[str], str]
    ) -> None:  # fmt: skip
        self._process = process
        self._home = home
        self._place = place
        self._points = points
        self._sh = sh
        self.before = ""

    def play(self, script: str, at: int) -> list[str]:
        """Return the steps that it came to until it was killed at one of them; 0 for never."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(self._home), script, at]), file=self._process.stdin, flush=True)
        return [str(step) for step in json.loads(self._process.stdout.readline())]

    def prepare(self) -> None:
        """Make everything as it was before the change."""
        shutil.rmtree(self._home / "opsterm", ignore_errors=True)
        (self._home / "place").write_text(self._place)
        self._sh(
            f"cd {Path(self._place).parent}; rm -rf {self._place}; mkdir -p {self._place}/old; cd {self._place}; "
            "echo kept > old/f; chmod 640 old/f; echo before > conf; mkfifo go"
        )
        self.before = self.state()

    def keep(self) -> None:
        """Keep everything as it is now."""
        shutil.copytree(self._home / "opsterm", self._home / "kept")
        kept = f"{self._place}.kept"
        self._sh(f"rm -rf {kept}; mkdir {kept}; cp -a {self._place} {self._points} {kept}")

    def bring_back(self) -> None:
        """Make everything as it was when it was kept."""
        shutil.rmtree(self._home / "opsterm")
        shutil.copytree(self._home / "kept", self._home / "opsterm")
        parts = [(self._place, Path(self._place).name), (self._points, Path(self._points).name)]
        self._sh(";".join(f"rm -rf {there}; cp -a {self._place}.kept/{name} {there}" for there, name in parts))

    def state(self) -> str:
        """Return what is on the target."""
        return self._sh(
            f"cd {self._place}; find . ! -type p -exec stat -c '%n %a %u' {{}} + | sort; "
            "find . -type f -exec sha256sum {} + | sort"
        )

    def let_go(self) -> None:
        """Let the command go on at its half."""
        self._sh(f"timeout 60 sh -c 'echo go > {self._place}/go' || true")  # a change that is refused never reads it

    def end_command(self) -> None:
        """End a command that outlived its opsterm."""
        self._sh(f"kill -9 $(cat {self._place}/pid 2>/dev/null) 2>/dev/null; true")


@contextmanager
def killer(home: Path, **target: Any) -> Iterator[Killer]:
    """Start what forks and kills; it imports the program once. `target` is as for `Killer`, else it is this host."""
    here = {"place": str(home / "etc"), "points": str(home / "points"), "sh": sh_here}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.killed_changes"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    ) as process:  # fmt: skip
        yield Killer(process, home, **(target or here))


def state_after(steps: list[str]) -> ChangeState:
    """Return the state in which a change is found that was killed when it had come to these steps."""
    # The last says how it ended on its only target; that of a guarded change is kept when it is armed as well.
    if steps.count("after SqliteChanges.save_outcome") == (3 if "before arm" in steps else 2):
        return ChangeState.DONE
    return MOVES[min(steps.count("after SqliteChanges.move"), 3)]


async def finish(runtime: Runtime, killing: Killer, change: Change) -> Change:
    """Approve where that is still to be done, and run; a command is let go on at its half."""
    if change.state is ChangeState.PROPOSED:
        change = await runtime.changes.approve(change.id, digest=change.digest)
    if change.order.shell == RESTORE:
        return await runtime.changes.run(change.id)
    ended, _ = await asyncio.gather(runtime.changes.run(change.id), asyncio.to_thread(killing.let_go))
    return ended


async def take_back(runtime: Runtime, killing: Killer, *, insist: bool) -> Change:
    """Propose the rollback of c1, approve and run it."""
    made = await runtime.rollbacks.propose(RollbackWish(change=1, insist=insist, origin="test"))
    return await finish(runtime, killing, made)


async def look_after_change(runtime: Runtime, killing: Killer, steps: list[str]) -> None:
    """Check what a new process finds after a change was killed, and that all of it can be taken back."""
    await runtime.changes.settle()
    if not (changes := await runtime.changes.list()):
        assert steps == ["before SqliteChanges.insert"]
        return
    (change,) = changes
    assert change.state is state_after(steps), steps[-1]
    assert await asyncio.to_thread(killing.state) == killing.before or "during command" in steps, (
        "nothing before it was kept"
    )
    told = await story(runtime, change)
    assert told[-1] == ("change.ended" if change.ended_at else f"change.{change.state}"), steps[-1]
    if change.state in (ChangeState.PROPOSED, ChangeState.APPROVED):
        assert (await finish(runtime, killing, change)).state is ChangeState.DONE
    else:
        with pytest.raises(NotApproved):
            await runtime.changes.run(change.id)
    if change.state is ChangeState.INTERRUPTED and change.outcomes[0].state is OutcomeState.UNKNOWN:
        assert "opsterm rollback c1 --insist" in change.outcomes[0].message
        assert [one.kind for one in await runtime.claims.all()] == [ClaimKind.UNSEEN]
    await asyncio.to_thread(killing.end_command)
    if "change.captured" not in await story(runtime, change):
        with pytest.raises(BadInput):
            await take_back(runtime, killing, insist=True)
    else:
        assert (await take_back(runtime, killing, insist=True)).state is ChangeState.DONE, steps[-1]
        assert (await runtime.changes.get(1)).state is ChangeState.ROLLED_BACK
    assert await asyncio.to_thread(killing.state) == killing.before, steps[-1]


async def look_after_rollback(runtime: Runtime, killing: Killer, steps: list[str]) -> None:
    """Check what a new process finds after a rollback was killed, and that it is taken up again."""
    await runtime.changes.settle()
    changes = await runtime.changes.list()
    first = await runtime.changes.get(1)
    found = state_after(steps)
    assert len(changes) == 1 or changes[0].state is found, steps[-1]
    standing = {ChangeState.INTERRUPTED: ChangeState.ROLLBACK_FAILED, ChangeState.DONE: ChangeState.ROLLED_BACK}
    untried = changes[0].outcomes[0].state is OutcomeState.CANCELLED
    assert first.state is (ChangeState.DONE if untried else standing.get(found, ChangeState.DONE)), steps[-1]
    if first.state is not ChangeState.ROLLED_BACK:
        if changes[0].outcomes[0].state is OutcomeState.UNKNOWN:
            assert "opsterm rollback c1" in changes[0].outcomes[0].message
        waits = len(changes) == 2 and not changes[0].ended_at
        ended = await finish(runtime, killing, changes[0]) if waits else await take_back(runtime, killing, insist=False)
        assert ended.state is ChangeState.DONE, (steps[-1], ended.outcomes)
    with pytest.raises(BadInput, match="taken back already"):
        await take_back(runtime, killing, insist=False)
    assert (await runtime.changes.get(1)).state is ChangeState.ROLLED_BACK
    assert await asyncio.to_thread(killing.state) == killing.before, steps[-1]


async def guard_decided(runtime: Runtime, killing: Killer) -> None:
    """Have a target that may take c1 back by itself do so: nothing else takes it back until that is decided."""
    told = await runtime.guards.told(await runtime.changes.get(1))
    if any(seen.is_open for seen in told.values()):
        with pytest.raises(BadInput, match="may still take c1 back by itself"):
            await take_back(runtime, killing, insist=True)
    _, seen = await runtime.guards.look(await runtime.changes.get(1))
    if any(one.is_open for one in seen):
        assert [one.state for one in await runtime.guards.act(1, KeeperStep.REVERT)] == [GuardState.REVERTED]


async def look_after_kind(runtime: Runtime, killing: Killer, kind: str, steps: list[str]) -> None:
    """Check the same of a guarded change, a plan or a file: what is begun can be taken back, and no more is there."""
    await runtime.changes.settle()
    if not (changes := await runtime.changes.list()):
        assert steps == ["before SqliteChanges.insert"]
        return
    (change,) = changes
    assert change.state is state_after(steps), steps[-1]
    begun = "before command" in steps
    assert begun or await asyncio.to_thread(killing.state) == killing.before, steps[-1]
    if change.state in (ChangeState.PROPOSED, ChangeState.APPROVED):
        assert (await finish(runtime, killing, change)).state is ChangeState.DONE
    elif change.state is ChangeState.INTERRUPTED and change.outcomes[0].state is OutcomeState.UNKNOWN:
        told = "opsterm status c1" if kind == "guarded" else "opsterm rollback c1 --insist"
        assert told in change.outcomes[0].message
    await asyncio.to_thread(killing.end_command)
    if kind == "guarded":
        await guard_decided(runtime, killing)
    if "change.captured" not in await story(runtime, change):
        assert not begun
        with pytest.raises(BadInput):
            await take_back(runtime, killing, insist=True)
    elif (await runtime.changes.get(1)).state is not ChangeState.ROLLED_BACK:
        assert (await take_back(runtime, killing, insist=True)).state is ChangeState.DONE, steps[-1]
        assert (await runtime.changes.get(1)).state is ChangeState.ROLLED_BACK
    assert await asyncio.to_thread(killing.state) == killing.before, steps[-1]


async def kill_a_kind(killing: Killer, home: Path, kind: str, steps: Sequence[int]) -> None:
    """Kill a change of a kind at each of these steps and look after it."""
    for at in steps:
        await asyncio.to_thread(killing.prepare)
        came_to = await asyncio.to_thread(killing.play, kind, at)
        async with opened(home) as runtime:
            await look_after_kind(runtime, killing, kind, came_to)


async def kill_a_change(killing: Killer, home: Path, steps: Sequence[int]) -> None:
    """Kill a change at each of these steps and look after it."""
    for at in steps:
        await asyncio.to_thread(killing.prepare)
        came_to = await asyncio.to_thread(killing.play, "change", at)
        async with opened(home) as runtime:
            await look_after_change(runtime, killing, came_to)


async def kill_a_rollback(killing: Killer, home: Path, steps: Sequence[int]) -> None:
    """Kill the rollback of a change at each of these steps and look after it."""
    await asyncio.to_thread(killing.prepare)
    await asyncio.to_thread(killing.play, "change", 0)
    await asyncio.to_thread(killing.keep)
    for at in steps:
        await asyncio.to_thread(killing.bring_back)
        came_to = await asyncio.to_thread(killing.play, "rollback", at)
        async with opened(home) as runtime:
            await look_after_rollback(runtime, killing, came_to)


EACH_CHANGE, EACH_ROLLBACK = range(1, CHANGE_STEPS + 1), range(1, ROLLBACK_STEPS + 1)


async def test_a_change_that_is_killed_at_any_step_is_found_as_it_is(home: Path) -> None:
    with killer(home) as killing:
        await kill_a_change(killing, home, EACH_CHANGE if ALL else (12, 17, 21, 28))
        if ALL:
            await asyncio.to_thread(killing.prepare)
            assert len(await asyncio.to_thread(killing.play, "change", 0)) == CHANGE_STEPS, "none is left out"


async def test_a_rollback_that_is_killed_at_any_step_is_taken_up_again(home: Path) -> None:
    with killer(home) as killing:
        await kill_a_rollback(killing, home, EACH_ROLLBACK if ALL else (10, 16))


@pytest.mark.parametrize(("kind", "at"), KIND_STEPS)
async def test_a_change_of_another_kind_is_found_as_it_is_as_well(home: Path, kind: str, at: int) -> None:
    with killer(home) as killing:
        await kill_a_kind(killing, home, kind, range(1, KIND_LENGTHS[kind] + 1) if ALL else (at,))
        if ALL:
            await asyncio.to_thread(killing.prepare)
            assert len(await asyncio.to_thread(killing.play, kind, 0)) == KIND_LENGTHS[kind], "none is left out"


@pytest.mark.lab
async def test_on_a_real_host_as_well(lab: Lab, home: Path, folder: Path) -> None:
    host = lab.hosts[0]
    (home / "target").write_text(f"{host.name} {host.address}")

    def sh(text: str) -> str:
        words = ["ssh", "-F", str(folder / "beside"), f"root@{host.address}", "sh"]
        return subprocess.run(words, input=text, capture_output=True, text=True, check=True).stdout

    points, place = "/var/lib/opsterm/rp", "/srv/killed/etc"
    await asyncio.to_thread(sh, f"rm -rf {points} /srv/killed; mkdir -p {points} /srv/killed")
    with killer(home, place=place, points=points, sh=sh) as killing:
        await kill_a_change(killing, home, EACH_CHANGE if ALL else (17,))
        await kill_a_rollback(killing, home, EACH_ROLLBACK if ALL else (10,))
        for kind, at in KIND_STEPS:
            await kill_a_kind(killing, home, kind, range(1, KIND_LENGTHS[kind] + 1) if ALL else (at,))
    await asyncio.to_thread(sh, f"rm -rf {points} /srv/killed")
