"""A runtime over the real store, with a probe that the test speaks for, and a second process to talk to."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from opsterm.composition import build_runtime
from opsterm.core.clock import Clock, StoppedClock, SystemClock
from opsterm.core.errors import NotFound, Unreachable
from opsterm.core.paths import find_paths
from opsterm.core.settings_reading import load_settings
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.policy.order import AS_LOGGED_IN, OrderTarget, RunAs
from opsterm.runtime.ports import Credentials, Ended, Session, Shell
from opsterm.runtime.ports_files import EntryKind, FoundEntry, FoundFile, Have
from opsterm.runtime.runtime import Runtime

CHECKOUT = Path(__file__).parents[2]
LOAD = SeriesKey(LOCALHOST, "load.1m")
WATCH_LOAD = """
[monitoring]
default_thresholds = false
interval_s = {interval_s}
[[monitoring.threshold]]
metric = "load.1m"
warn = 8
crit = 16
clear = 7
n = 2
m = 3
"""


def build(
    home: Path, *, settings: str = "", clock: Clock | None = None, face: str = "command", path: str = "/usr/bin:/bin",
    **edges: object,
) -> Runtime:  # fmt: skip
    """Return a runtime below `home` that has opened nothing yet; `edges` takes the place of real ones."""
    environment = {
        "OPSTERM_HOME": str(home / "opsterm"), "HOME": str(home), "PATH": path,
        "KEEPER_BASE": str(home / "points"),
    }  # fmt: skip
    runtime = build_runtime(
        loaded=load_settings(file_text=settings, file_name=str(home / "opsterm" / "config" / "config.toml")),
        paths=find_paths(environment, home),
        clock=clock or SystemClock(),
        environment=environment,
        face=face,
    )
    runtime._edges = replace(runtime._edges, **edges)  # type: ignore[arg-type]  # any of its fields
    return runtime


@asynccontextmanager
async def opened(home: Path, *, workers: bool = False, **how: Any) -> AsyncIterator[Runtime]:
    """Open a runtime, and close it in the end."""
    async with await asyncio.to_thread(partial(build, home, **how)) as runtime:  # the door builds before the loop runs
        await runtime.open(workers=workers)
        yield runtime


async def until(true: Callable[[], object], *, within_s: float = 120.0) -> float:
    """Wait until something is the case; return how many seconds that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 (it may become true in a thread or another process)
            await asyncio.sleep(0.005)
    return loop.time() - began


async def until_async(true: Callable[[], Awaitable[object]], *, within_s: float = 120.0) -> float:
    """Wait until something that has to be asked for is the case; return how many seconds that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(within_s):
        while not await true():  # noqa: ASYNC110 (it may become true in a thread or another process)
            await asyncio.sleep(0.01)
    return loop.time() - began


async def gone(pid_file: Path) -> None:
    """Wait until the process whose number a file holds has ended."""

    def is_gone() -> bool:
        stat = Path(f"/proc/{pid_file.read_text().strip()}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"

    await until_async(lambda: asyncio.to_thread(is_gone))


class ToldProbe:
    """Measures what the test says, when the test says it; each measurement takes one interval of the stopped clock."""

    def __init__(self, clock: StoppedClock, interval_s: float = 2.0) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._values: queue.Queue[float | None] = queue.Queue()
        self._asked = 0

    def measure(self, target: str, at: float) -> Sequence[Sample]:
        """Wait for a value; in a thread."""
        del target, at
        self._asked += 1
        value = self._values.get(timeout=300)
        self._clock.advance(self._interval_s)
        return [] if value is None else [Sample(LOAD, self._clock.now(), value)]

    def describe(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    async def say(self, *values: float) -> None:
        """Measure these values; returns when the last one has been judged and kept."""
        for value in values:
            await until(lambda: self._asked > 0)
            before = self._asked
            self._values.put(value)
            await until(lambda before=before: self._asked > before)  # type: ignore[misc]  # the loop's own value

    def end(self) -> None:
        """Let the thread that waits go."""
        self._values.put(None)

    async def open(self) -> ToldProbe:
        """Be opened as the probe."""
        return self


Answer = Callable[[str], AsyncIterator[bytes | Ended]]


@dataclass
class PlayedSession:
    """A session in which the test plays the target."""

    answer: Answer
    closed: int = 0

    def run(
        self, command: str, *, shell: str, how: RunAs = AS_LOGGED_IN, feed: AsyncIterator[bytes] | None = None
    ) -> AsyncIterator[bytes | Ended]:
        """Play."""
        del shell, feed
        return self.answer(command)

    async def close(self) -> None:
        """Count."""
        self.closed += 1


class PlayedConnector:
    """Opens sessions on targets that the test plays: what is not in `answers` cannot be reached.

    Attributes:
        answers: by target name.
        files: what reading a file yields, by target and path.
        opened: names of targets to which a session was opened, in order.
    """

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.files: dict[tuple[str, str], Sequence[FoundFile | bytes]] = {}
        self.opened: list[str] = []
        self.identities: dict[str, str] = {}
        self.closed = 0

    async def session(self, target: OrderTarget, *, looks: bool = False) -> Session:
        """Open one."""
        await asyncio.sleep(0)
        if target.name not in self.answers:
            raise Unreachable(f"{target.name} did not answer.", why="Connection refused.")
        self.opened.append(target.name)
        return PlayedSession(self.answers[target.name])

    async def shell(self, target: OrderTarget, *, columns: int, rows: int, term: str) -> Shell:
        """Have none."""
        del columns, rows, term
        raise Unreachable(f"{target.name} did not answer.")

    async def read_file(
        self, target: OrderTarget, path: str, *, have: Have | None = None
    ) -> AsyncIterator[FoundFile | bytes]:
        """Play it."""
        del have
        for piece in self.files.get((target.name, path), ()):
            yield piece
        if (target.name, path) not in self.files:
            raise NotFound(f"There is no file {path} on {target.name}.")

    async def list_files(self, target: OrderTarget, folder: str) -> AsyncIterator[FoundEntry]:
        """Play it: the files that are played, below the folder."""
        for name, path in self.files:
            if name == target.name and path.startswith(f"{folder}/"):
                yield FoundEntry(path=path.removeprefix(f"{folder}/"), kind=EntryKind.FILE)

    async def check(self, target: OrderTarget) -> None:
        """Answer for those that are played."""
        if target.name not in self.answers:
            raise Unreachable(f"{target.name} did not answer.", why="Connection refused.")

    async def identity(self, target: OrderTarget) -> str:
        """Return what the test says."""
        return self.identities.get(target.name, "")

    async def trust(self, target: OrderTarget | str, fingerprint: str, /) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Count."""
        self.closed += 1

    async def open(self, credentials: Credentials) -> PlayedConnector:
        """Be opened as the connector."""
        del credentials
        return self


def printing(*pieces: bytes, exit_status: int = 0) -> Answer:
    """Return a target that prints and ends."""

    async def answer(command: str) -> AsyncIterator[bytes | Ended]:
        del command
        for piece in pieces:
            yield piece
        yield Ended(exit_status=exit_status)

    return answer


# ---------------------------------------------------------------------------------------------- other processes


class Child:
    """Another opsterm process, `tests.runtime.child`; it answers one JSON line to each line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.pid = process.pid

    async def ask(self, do: str, **arguments: object) -> Any:
        """Ask it to do something; return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        line = await self.process.stdout.readline()
        assert line, f"the child ended while it was asked to {do}"
        answer = json.loads(line)
        assert "fault" not in answer, answer["fault"]
        return answer["answer"]

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def kill(self) -> None:
        """Kill it with -9 and wait for its end."""
        self.signal(signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def child(home: Path, **options: object) -> AsyncIterator[Child]:
    """Start another process on the same data; see `tests.runtime.child` for the options."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.runtime.child", str(home), json.dumps(options),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT, limit=1 << 24,
    )  # fmt: skip
    try:
        started = Child(process)
        await started.ask("open")
        yield started
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        transport = getattr(process, "_transport", None)
        if transport is not None:
            transport.close()


def environment_of(home: Path) -> dict[str, str]:
    """Return the variables with which `opsterm` works below `home`."""
    return {**os.environ, "HOME": str(home), "OPSTERM_HOME": str(home / "opsterm")}


class Silence:
    """This host, measured without anything to say."""

    def measure(self, target: str, at: float) -> Sequence[Sample]:
        del target, at
        return []

    def describe(self) -> Mapping[str, str]:
        return {}

    async def open(self) -> Silence:
        return self
