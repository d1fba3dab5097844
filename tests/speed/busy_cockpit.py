"""The cockpit as it is started, with a command on many targets running in its loop: what a fan-out does to the keys.

Usage: python -m tests.speed.busy_cockpit HOW PARALLEL SSH_CONFIG KNOWN_HOSTS HOSTS FILE. HOW is `ours` (a query through
the executor) or `untamed` (the SSH library as its manual shows it: a connection with the two files for each target, and
so many at the same time). It ends as the cockpit does, with q. FILE is kept up to date as JSON: ended, how many targets
have answered, and seconds, how long that took from the first connection on.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path

import opsterm.tui
from opsterm.changes.change import OutcomeState
from opsterm.changes.events import ChangeTargetEnded
from opsterm.composition import build_runtime
from opsterm.core.clock import SystemClock
from opsterm.core.paths import find_paths
from opsterm.core.settings_reading import load_settings
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from opsterm.tui.app import OpstermApp
from opsterm.tui.screens.home import HomeScreen
from opsterm.tui.start import look_at_terminal, prepare_variables
from tests.speed.fanout_rounds import addresses

COMMAND = "uptime"


WRITE_EVERY_S = 0.5


class Tally:
    """How many have answered, and in what time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._began = self._written = time.perf_counter()
        self._ended = 0

    def begin(self) -> None:
        self._began = time.perf_counter()

    def count(self, more: int = 1) -> None:
        """Count; what was counted in the last moments may not be in the file."""
        self._ended += more
        now = time.perf_counter()
        if now - self._written > WRITE_EVERY_S:
            self._written = now
            self._file.write_text(json.dumps({"ended": self._ended, "seconds": now - self._began}))


FanOut = Callable[[Runtime, Tally], Coroutine[None, None, None]]


async def ours(runtime: Runtime, tally: Tally) -> None:
    asked = await runtime.changes.query(Proposal(command=COMMAND, selector="group:fan", origin="screen"))
    tally.begin()
    with runtime.hub.listen("tally", ChangeTargetEnded) as ear:
        running = asyncio.create_task(runtime.changes.run(asked.id))
        running.add_done_callback(lambda _: ear.close())
        async for facts in ear.batches():
            tally.count(sum(getattr(fact.event, "state", "") == OutcomeState.DONE for fact in facts))
        await running


def untamed(config: str, known_hosts: str, hosts: int, parallel: int) -> FanOut:
    """Return a fan-out as the library's manual shows it."""
    import asyncssh

    free = asyncio.Semaphore(parallel)

    async def ask(host: str, tally: Tally) -> None:
        async with free, asyncssh.connect(host, config=[config], known_hosts=known_hosts) as connection:
            done = await connection.run(COMMAND, check=True)
            assert "load average" in str(done.stdout)
            tally.count()

    async def ask_all(runtime: Runtime, tally: Tally) -> None:
        del runtime
        tally.begin()
        await asyncio.gather(*(ask(host, tally) for host in addresses(hosts)))

    return ask_all


class BusyApp(OpstermApp):
    """Begins a fan-out as soon as there is something to see."""

    CSS_PATH = str(Path(opsterm.tui.__file__).parent / "opsterm.tcss")  # a relative one is sought beside the subclass
    fan_out: Callable[[Runtime], Coroutine[None, None, None]]
    working: asyncio.Task[None] | None = None

    async def _begin(self, home: HomeScreen) -> None:
        await super()._begin(home)
        self.working = asyncio.create_task(self.fan_out(self.runtime))


async def show(app: BusyApp) -> None:
    try:
        await app.run_async(mouse=False)
    finally:
        if app.working is not None:
            app.working.cancel()
            with suppress(asyncio.CancelledError):  # it was left before all had answered
                await app.working
        await app.close_runtime()
    if app.broken is not None:
        raise app.broken


def main(how: str, parallel: str, config: str, known_hosts: str, hosts: str, file: str) -> None:
    flags = {"ssh.config": config, "ssh.known_hosts": known_hosts, "ssh.parallel": parallel}
    environment = dict(os.environ)
    loaded = load_settings(environment=environment, flags=flags)
    paths = find_paths(environment, Path.home())
    terminal = look_at_terminal(loaded, environment, encoding="utf-8", is_tty=True)
    prepare_variables(terminal, os.environ)

    def build() -> Runtime:
        return build_runtime(loaded=loaded, paths=paths, clock=SystemClock(), environment=environment, face="screen")

    app = BusyApp(build, loaded=loaded, paths=paths, terminal=terminal)
    fan_out = ours if how == "ours" else untamed(config, known_hosts, int(hosts), int(parallel))
    tally = Tally(Path(file))
    app.fan_out = lambda runtime: fan_out(runtime, tally)
    asyncio.run(show(app))


if __name__ == "__main__":
    main(*sys.argv[1:])
