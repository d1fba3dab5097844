"""The whole screen for tests: the real runtime and storage in a folder of its own, at a time that stands still."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from opsterm.composition import build_runtime
from opsterm.core.clock import StoppedClock
from opsterm.core.paths import Paths
from opsterm.core.settings import Loaded
from opsterm.core.settings_reading import load_settings
from opsterm.inventory.target import LOCALHOST, Protocol, Target
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.runtime.ports import HostProbe, Operator
from opsterm.runtime.runtime import Runtime
from opsterm.tui.app import OpstermApp
from opsterm.tui.start import Terminal
from tests.tui.screen import screen_text

CHECKOUT = Path(__file__).parents[2]
NOW = 1_787_300_040.0
STILL = "[monitoring]\ninterval_s = 30\n"
"""Settings under which nothing is measured a second time while a test lasts."""


class SteadyProbe:
    """Measures the same every time."""

    def measure(self, target: str, at: float) -> Sequence[Sample]:
        values = {
            ("cpu.used_percent", ""): 41.0, ("cpu.iowait_percent", ""): 2.0, ("load.1m", ""): 1.25,
            ("memory.used_percent", ""): 63.0, ("fs.used_percent", "/"): 71.0, ("fs.used_percent", "/var"): 44.0,
            ("net.received_bytes_per_s", "eth0"): 125_000.0, ("process.count", ""): 211.0,
            ("host.uptime_s", ""): 864_000.0,
        }  # fmt: skip
        return [Sample(SeriesKey(target, metric, item), at, value) for (metric, item), value in values.items()]

    def describe(self) -> Mapping[str, str]:
        return {"os": "debian 12"}


def a_terminal(*, ascii: bool = False, term: str = "xterm-256color", no_color: bool = False) -> Terminal:  # noqa: A002 (the word every face uses for it)
    """Return what would be found out about a terminal."""
    colours = 16 if term == "linux" else 1 << 24
    return Terminal(term=term, ascii=ascii, no_color=no_color, slow=False, colours=colours, mouse=False)


class Stage:
    """A folder with settings and data, and the runtimes and apps that work in it.

    Attributes:
        clock: the time of everything here.
        paths: where things are.
        who: the account that sits there.
    """

    def __init__(
        self, folder: Path, *, settings: str = STILL, probe: HostProbe | None = None, who: str = "ana"
    ) -> None:  # fmt: skip
        self.who = who
        self.clock = StoppedClock(NOW)
        self.paths = Paths(
            config=folder / "config", data=folder / "data", state=folder / "state", shipped=CHECKOUT, home=folder
        )
        for path in (self.paths.config, self.paths.data, self.paths.state):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._settings = settings
        self._probe = probe or SteadyProbe()

    @property
    def loaded(self) -> Loaded:
        """The settings."""
        return load_settings(file_text=self._settings)

    def runtime(self, face: str = "screen") -> Runtime:
        """Return the real runtime; only who sits there, what this host is and what it measures are made up."""
        runtime = build_runtime(
            loaded=self.loaded, paths=self.paths, clock=self.clock,
            environment={
                "HOME": str(self.paths.home), "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin",
                "KEEPER_BASE": str(self.paths.home / "points"),
            },
            face=face,
        )  # fmt: skip

        async def probe() -> HostProbe:
            return self._probe

        operator = Operator(name=self.who, uid=1000, host="jump-01", origin="", home=self.paths.home)
        runtime._edges = dataclasses.replace(
            runtime._edges, open_probe=probe, operator=operator, this_os=lambda: "debian 12"
        )
        return runtime

    def app(self, terminal: Terminal | None = None) -> OpstermApp:
        """Return the app over a runtime of this stage; make it before the loop runs, as the door does."""
        return OpstermApp(self.runtime, loaded=self.loaded, paths=self.paths, terminal=terminal or a_terminal())

    async def fill(self, work: Callable[[Runtime], Awaitable[None]]) -> None:
        """Do something with a runtime that has no screen."""
        async with await asyncio.to_thread(self.runtime, "command") as runtime:
            await runtime.open(workers=False)
            await work(runtime)


class Sitting:
    """One sitting at the screen: what an operator presses and sees.

    Attributes:
        app: the app.
        pilot: the framework's hand on it.
    """

    def __init__(self, app: OpstermApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """The screen now."""
        return screen_text(self.app)

    @property
    def text(self) -> str:
        """The screen now, as one text."""
        return "\n".join(self.lines)

    @property
    def focus(self) -> str:
        """Id of the widget that has the focus, "" for none."""
        return (self.app.focused.id or "") if self.app.focused else ""

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, and wait until nothing is left to do at once."""
        for key in keys:
            self._send(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Type a text."""
        for char in text:
            self._send(char)
        await self.settle()

    def _send(self, key: str) -> None:
        """Press one key as the driver would; the framework's own way waits a tenth of a second after each."""
        char = key if len(key) == 1 else _CHARACTERS.get(key)
        name = _character_to_key(key) if len(key) == 1 else key
        event = events.Key(name, char)
        event.set_sender(self.app)
        driver = self.app._driver
        assert driver is not None
        driver.send_message(event)

    async def settle(self) -> None:
        """Wait until the app has nothing left to do at once."""
        if not await self.pilot._wait_for_screen():  # the keys are with the app now
            return
        while not self.app._typed_ahead.idle:  # noqa: ASYNC110 (the app has no event for it)
            await asyncio.sleep(0.001)
        for turn in itertools.count(1):
            if not await self.pilot._wait_for_screen():
                return
            short = [worker for worker in self.app.workers if worker.group in _SHORT]
            if turn > _TURNS and not short:
                return
            if short:
                with suppress(WorkerCancelled):  # a newer one of its group has replaced it
                    await self.app.workers.wait_for_complete(short)
            self.app.screen._on_timer_update()  # lays out and paints what its timer would in a moment

    async def until(self, wanted: str | Callable[[], bool], *, within_s: float = 120.0) -> None:
        """Wait until a text stands on the screen or a condition holds; the screen is in the failure."""

        def holds() -> bool:
            return wanted in self.text if isinstance(wanted, str) else wanted()

        for _ in range(round(within_s / 0.01)):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{wanted} did not come:\n{self.text}")

    async def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        await self.pilot.resize_terminal(columns, rows)
        await self.settle()


_CHARACTERS = {
    "question_mark": "?", "colon": ":", "at": "@", "slash": "/", "plus": "+", "minus": "-", "space": " ", "enter": "\r",
    "tab": "\t", "escape": "\x1b",
}  # fmt: skip
_TURNS = 3
"""What is begun by what was begun by a key is waited for as well."""
_SHORT = (
    "status", "output", "change", "why", "copy", "choose", "check", "ask", "page", "evidence", "progress", "facts",
)  # fmt: skip


@asynccontextmanager
async def sitting(
    stage: Stage, size: tuple[int, int] = (80, 24), terminal: Terminal | None = None
) -> AsyncIterator[Sitting]:
    """Open the screen, filled; close everything at the end and raise what broke it."""
    app = await asyncio.to_thread(stage.app, terminal)  # it reads the themes, which the door does before the loop runs
    try:
        async with app.run_test(size=size) as pilot:
            there = Sitting(app, pilot)
            await there.until(lambda: app.has_begun or app.broken is not None or app.failure is not None)
            await there.settle()
            yield there
    finally:
        await app.close_runtime()
    for error in (app.failure, app.broken):
        if error is not None:
            raise error


# ------------------------------------------------------------------------------------------------- a fleet


def a_fleet() -> Sequence[Target]:
    """Return some thirty targets as a small shop has them."""
    made = [
        Target(name=f"web-{n:02d}", address=f"192.0.2.{n}", os="debian 12", groups=("web",), tags=("nginx",),
               environment="prod", site="fra", source="csv")
        for n in range(1, 13)
    ]  # fmt: skip
    made += [
        Target(name=f"db-main-{n}", os="debian 12", groups=("db",), tags=("postgres",), environment="prod",
               user="postgres", source="csv")
        for n in range(1, 4)
    ]  # fmt: skip
    made += [Target(name=f"sw-{n}", protocol=Protocol.SNMP, groups=("switch",), site="fra") for n in range(1, 5)]
    made += [
        Target(name=f"win-{n:02d}", protocol=Protocol.WINRM, os="win10", groups=("windows",), tags=("win10",),
               environment="lab")
        for n in range(1, 10)
    ]  # fmt: skip
    return made


def an_alert(target: str, metric: str, item: str = "", **fields: object) -> Alert:
    """Return a firing alert."""
    values: dict[str, object] = {
        "fingerprint": f"{target} {metric} {item}", "key": SeriesKey(target, metric, item),
        "rule": f"{metric} above 90 %",
        "severity": Severity.WARNING, "state": AlertState.FIRING,
        "summary": "load per core 2.3 above 2 in 45 of 60 readings",
        "advice": "See which processes use the processor: top -b -n 1 | head -20", "value": 91.0, "unit": "%",
        "level": 90.0, "since": NOW - 125, "last_seen": NOW - 5, "count": 5,
    }  # fmt: skip
    return Alert(**{**values, **fields})  # type: ignore[arg-type]  # a table of defaults has no types


async def furnish(runtime: Runtime) -> None:
    """Put in the fleet, what is known of it, three alerts, an hour of measurements."""
    inventory, store = runtime.inventory, runtime.store
    await store.targets.save(a_fleet(), [])
    await inventory.reload()
    reasons = {f"web-{n:02d}": "" for n in range(1, 13)} | {f"db-main-{n}": "" for n in range(1, 4)}
    await inventory.note_seen(reasons | {"win-04": "No route to host.", **{f"sw-{n}": "" for n in range(1, 5)}})
    for alert in (
        an_alert(
            "db-main-1", "fs.used_percent", "/", severity=Severity.CRITICAL, value=97.0,
            summary="file system / 97 % above 95 % in 3 of 5 readings", since=NOW - 4 * 60, count=4,
            advice="Find what grew: du -xh --max-depth=2 / | sort -h | tail -20",
        ),
        an_alert("web-03", "load.per_core", value=2.3, unit="", level=2.0),
        an_alert("web-07", "memory.used_percent", state=AlertState.ACKNOWLEDGED, by="ben", note="on it",
                 summary="memory used 93 % above 90 % in 4 of 5 readings", since=NOW - 3700, count=812),
    ):  # fmt: skip
        await store.alerts.save(alert, lambda kept: [])
    await runtime.alerts.open()
    await store.samples.write(list(_an_hour()), fence=None)


def _an_hour() -> Sequence[Sample]:
    made = []
    for n in range(720):
        at = NOW - 3600 + n * 5
        made.append(Sample(SeriesKey(LOCALHOST, "cpu.used_percent"), at, 40 + 30 * math.sin(n / 40) + (n % 7)))
        made.append(Sample(SeriesKey(LOCALHOST, "memory.used_percent"), at, 60 + n / 60))
        made.append(Sample(SeriesKey(LOCALHOST, "cpu.iowait_percent"), at, 2.0 + (n % 3)))
    return made
