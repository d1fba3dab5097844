"""Runs a change, or takes one back, and is killed at a step of it: the other half of `test_killed_anywhere`.

For each line on standard input, [home, script, n], it forks a process that does what the script says and kills itself
with -9 at its nth step; 0 for never. A script is "rollback" or one of KINDS. It prints the steps that were come to.
Steps are what can be seen from outside the program: each write to its database, and each text that is sent to a target,
before, at its first output, and after.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from opsterm.changes.change import Change
from opsterm.changes.guard import GuardWish
from opsterm.inventory.target import Target
from opsterm.policy.order import AS_LOGGED_IN, OrderTarget, RunAs
from opsterm.runtime.ports import Ended, Session
from opsterm.runtime.put_proposals import PutWish
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import proposed
from tests.runtime.stage import build

TARGET_FILE = "target"
"""In the home folder: name and address of the target, this host if there is no such file."""


def command_of(place: str) -> str:
    """Return a command that changes half of what it changes, waits for a word, and changes the rest."""
    return (
        f"echo $$ > {place}/pid; echo half > {place}/conf; rm -rf {place}/old; echo begun; "
        f"read go < {place}/go; echo whole > {place}/conf; mkdir -p {place}/new/a"
    )


async def _a_command(runtime: Runtime, place: str, on: str) -> Change:
    return await proposed(runtime, command_of(place), on)


async def _a_guarded_command(runtime: Runtime, place: str, on: str) -> Change:
    return await proposed(runtime, command_of(place), on, guard=GuardWish(seconds=600))


async def _a_plan(runtime: Runtime, place: str, on: str) -> Change:
    half, whole = command_of(place).split("; echo whole")
    steps = [f"[[step]]\ntitle = 'step'\ncommand = '{text}'\n" for text in (half, f"echo whole{whole}")]
    file = runtime.paths.home / "plan.toml"
    await asyncio.to_thread(file.write_text, "\n".join(steps))
    return await runtime.changes.propose(await runtime.plans.proposal(str(file), on=on, origin="test"))


async def _a_file(runtime: Runtime, place: str, on: str) -> Change:
    source = runtime.paths.home / "new"
    await asyncio.to_thread(source.write_text, "whole\n")
    return await runtime.files.put(PutWish(source=source, selector=on, path=f"{place}/conf", origin="test"))


KINDS: Mapping[str, Callable[[Runtime, str, str], Awaitable[Change]]] = {
    "change": _a_command, "guarded": _a_guarded_command, "plan": _a_plan, "put": _a_file,
}  # fmt: skip
"""Script -> what proposes the change that it runs."""


class Walk:
    """Counts steps, and ends the process at one of them."""

    def __init__(self, told: Path, at: int) -> None:
        self._told = told
        self._at = at
        self._count = 0

    def step(self, name: str) -> None:
        """Come to a step."""
        self._count += 1
        with self._told.open("a") as file:
            file.write(f"{name}\n")
        if self._count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


class WatchedSession:
    """A session of which each text is a step."""

    def __init__(self, session: Session, walk: Walk, let_go: Callable[[], Awaitable[None]]) -> None:
        self._session = session
        self._walk = walk
        self._let_go = let_go

    async def run(
        self, command: str, *, shell: str, how: RunAs = AS_LOGGED_IN, feed: AsyncIterator[bytes] | None = None
    ) -> AsyncIterator[bytes | Ended]:
        """Run it, seen."""
        name = name_of(command)
        self._walk.step(f"before {name}")
        begun = False
        async for piece in self._session.run(command, shell=shell, how=how, feed=feed):
            if not begun and isinstance(piece, bytes):
                begun = True
                self._walk.step(f"during {name}")
            if isinstance(piece, bytes) and b"begun" in piece:
                await self._let_go()
            yield piece
        self._walk.step(f"after {name}")

    async def close(self) -> None:
        """Close it."""
        await self._session.close()


class WatchedConnector:
    """A connector of which each session is watched; a command that waits in `place` is let go on."""

    def __init__(self, connector: Any, walk: Walk, place: str) -> None:
        self._connector = connector
        self._walk = walk
        self._place = place

    async def session(self, target: OrderTarget, *, looks: bool = False) -> WatchedSession:
        """Open one."""
        session = await self._connector.session(target, looks=looks)

        async def let_go() -> None:
            beside = await self._connector.session(target)
            async for _ in beside.run(f"echo go > {self._place}/go", shell="sh"):
                pass
            await beside.close()

        return WatchedSession(session, self._walk, let_go)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)


def name_of(text: str) -> str:
    """Return what a text that is sent to a target is about."""
    keeper = re.findall(r"^keeper (\w+) ", text, re.MULTILINE)
    mark = re.findall(r"^(take|give_up) \w", text, re.MULTILINE)
    if re.search(r"^of_point \w", text, re.MULTILINE):
        return "copy"
    return str(keeper[-1]) if keeper else {"take": "mark", "give_up": "unmark"}[mark[-1]] if mark else "command"


def watch_writes(runtime: Runtime, walk: Walk) -> None:
    """Make each write to the database a step."""
    writer = runtime.store._writer  # type: ignore[attr-defined]  # of SQLite
    accept = writer.accept

    async def watched(work: Any, **how: Any) -> Any:
        parts = work.__qualname__.split(".")
        name = ".".join(part for part in parts if part not in ("<locals>", "work", "<lambda>"))
        walk.step(f"before {name}")
        result = await accept(work, **how)
        walk.step(f"after {name}")
        return result

    writer.accept = watched


async def play(home: Path, script: str, walk: Walk) -> None:
    """Do what a script says."""
    runtime = build(home)
    connect = runtime._edges.open_connector
    place = await asyncio.to_thread((home / "place").read_text)

    async def watched(credentials: Any) -> Any:
        return WatchedConnector(await connect(credentials), walk, place)

    object.__setattr__(runtime._edges, "open_connector", watched)
    async with runtime:
        await runtime.open(workers=False)
        told = (home / TARGET_FILE).read_text() if (home / TARGET_FILE).exists() else "localhost"
        name, _, address = told.partition(" ")
        if runtime.inventory.target(name) is None:
            await runtime.inventory.add(Target(name=name, address=address, user="root"))
        watch_writes(runtime, walk)
        if script in KINDS:
            made = await KINDS[script](runtime, place, name)
        else:
            made = await runtime.rollbacks.propose(RollbackWish(change=1, origin="test"))
        change = await runtime.changes.approve(made.id, digest=made.digest)
        await runtime.changes.run(change.id)


def play_until(home: Path, script: str, at: int) -> list[str]:
    """Return the steps that a process came to before it was killed at one of them, or ended."""
    told = home / f"steps-of-{script}"
    told.write_text("")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(play(home, script, Walk(told, at)))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed if at else status == 0, f"{script} ended with {status}, not at step {at}"
    return told.read_text().splitlines()


if __name__ == "__main__":
    for line in sys.stdin:
        where, what, step = json.loads(line)
        print(json.dumps(play_until(Path(where), what, step)), flush=True)
