"""Checks of the settings are made at their intervals; what they find are measurements and alerts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadSetting, NotFound, VaultLocked
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.alerts import AlertState
from opsterm.monitoring.reach import Failure, HttpAsk, HttpReading, PingReading, TcpReading
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime import check_worker
from opsterm.runtime.doctor import Health
from opsterm.runtime.ports import Credentials
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import Silence, opened, until

TABLES = """
[monitoring]
default_thresholds = false
[[checks.http]]
name = "shop"
url = "https://shop.example/"
interval_s = 60
failures = 2
[[checks.tcp]]
name = "ssh"
target = "web-*"
interval_s = 30
"""
FINE = HttpReading(hops=("https://shop.example/",), status=200, total_s=0.05, first_byte_s=0.02)
DOWN = HttpReading(
    failure=Failure.UNREACHABLE, reason="It refused the connection. \x1b]0;x\x07 password=hunter2hunter2"
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds as often as can be: the clock of the tests stands still."""
    monkeypatch.setattr(check_worker, "ROUND_S", 0.002)


class PlayedProbe:
    """Answers what the test says, and counts what is asked and how much of it at once."""

    def __init__(self) -> None:
        self.web: Callable[[HttpAsk], HttpReading] = lambda ask: FINE
        self.made = Counter[str]()
        self.hangs: dict[str, asyncio.Event] = {}
        self.at_once = self.most_at_once = 0

    async def _asked(self, place: str) -> None:
        self.made[place] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if place in self.hangs:
                await self.hangs[place].wait()
        finally:
            self.at_once -= 1

    async def http(self, ask: HttpAsk) -> HttpReading:
        await self._asked(ask.url)
        return self.web(ask)

    async def tcp(self, host: str, port: int, *, timeout_s: float, banner: bool) -> TcpReading:
        del timeout_s, banner
        await self._asked(f"{host}:{port}")
        return TcpReading(address=host, connect_s=0.001)

    async def ping(self, host: str, *, count: int, timeout_s: float) -> PingReading:
        del timeout_s
        await self._asked(host)
        return PingReading(address=host, sent=count, round_trips_s=(0.001,) * count)

    async def open(self, credentials: Credentials) -> PlayedProbe:
        del credentials
        return self


@asynccontextmanager
async def checking(
    home: Path, clock: StoppedClock, probe: PlayedProbe, *, settings: str = TABLES, names: Sequence[str] = ("web-1",)
) -> AsyncIterator[Runtime]:
    """Open a runtime with targets of these names that makes checks."""
    how: dict[str, Any] = {"settings": settings, "clock": clock, "open_probe": Silence().open, "open_reach": probe.open}
    async with opened(home, **how) as runtime:
        for name in names:
            if runtime.inventory.target(name) is None:
                await runtime.inventory.add(Target(name=name, address=f"{name}.test"))
    async with opened(home, workers=True, **how) as runtime:
        await until(lambda: runtime.workers.run_here)
        yield runtime


async def pass_time(clock: StoppedClock, seconds: float, *, step_s: float = 5.0) -> None:
    """Let the clock go on, slowly enough for the worker to look at it every `step_s`."""
    for _ in range(round(seconds / step_s)):
        clock.advance(step_s)
        await asyncio.sleep(0.006)


def value(runtime: Runtime, target: str, metric: str, item: str) -> float | None:
    found = {s.key: s.value for s in runtime.monitoring.latest(target)}
    return found.get(SeriesKey(target, metric, item))


async def test_checks_are_made_at_their_interval_and_measured(home: Path, clock: StoppedClock) -> None:
    probe = PlayedProbe()
    async with checking(home, clock, probe) as runtime:
        await pass_time(clock, 600)
        await until(lambda: probe.made["https://shop.example/"] >= 9)
        assert probe.made["https://shop.example/"] <= 11
        assert 19 <= probe.made["web-1.test:22"] <= 21
        await until(lambda: value(runtime, "localhost", "check.up", "shop") == 1.0)
        assert value(runtime, "localhost", "check.latency_ms", "shop") == 50.0
        assert value(runtime, "web-1", "check.up", "ssh") == 1.0
        key = SeriesKey("localhost", "check.latency_ms", "shop")
        (window,) = await runtime.monitoring.window([key], start=clock.now() - 900, end=clock.now(), points=100)
        assert window.gap_s == 180.0, "a minute without a reading is no gap for what is read once a minute"
        states = {state.place.plan.name: state for state in await runtime.check_states()}
        assert (states["shop"].state, states["shop"].latency_ms) == ("passing", 50.0)
        assert (states["ssh"].state, states["ssh"].place.where) == ("passing", "web-1.test:22")


async def test_failures_raise_an_alert_with_the_reason_and_a_recovery_ends_it(home: Path, clock: StoppedClock) -> None:
    probe = PlayedProbe()
    probe.web = lambda ask: DOWN
    async with checking(home, clock, probe) as runtime:
        await pass_time(clock, 60)
        await until(lambda: value(runtime, "localhost", "check.up", "shop") == 0.0)
        assert runtime.alerts.feed() == []
        await pass_time(clock, 60)
        await until(runtime.alerts.feed)
        (alert,) = runtime.alerts.feed()
        assert (alert.key.target, alert.state) == ("localhost", AlertState.FIRING)
        assert alert.summary.startswith("check shop fails, 2 of 2 times: It refused the connection.")
        assert "hunter2hunter2" not in alert.summary
        assert "\x1b" not in alert.summary
        assert value(runtime, "localhost", "check.latency_ms", "shop") is None
        probe.web = lambda ask: FINE
        await pass_time(clock, 130)
        await until(lambda: not runtime.alerts.feed())
        assert (await runtime.alerts.get(alert.id)).summary == "check shop passes"


async def test_another_process_sees_why_and_doctor_says_what_stalls(home: Path, clock: StoppedClock) -> None:
    probe = PlayedProbe()
    probe.web = lambda ask: DOWN
    async with checking(home, clock, probe), opened(home, settings=TABLES, clock=clock) as other:
        other.follow()
        await pass_time(clock, 60)
        await other.check_states()
        await until(lambda: value(other, "web-1", "check.up", "ssh") == 1.0)
        await until(lambda: value(other, "localhost", "check.up", "shop") == 0.0)
        await pass_time(clock, 10)
        shop, ssh = await other.check_states()
        assert (shop.place.plan.name, shop.state, ssh.state) == ("shop", "failing", "passing")
        assert shop.reasons[0].startswith("It refused the connection.")
        line = next(check for check in await other.doctor() if check.name == "checks")
        assert (line.health, line.text) == (Health.GOOD, "1 failing, 1 passing")
        probe.hangs = {"web-1.test:22": asyncio.Event()}
        for _ in range(8):
            clock.advance(20)
            await asyncio.sleep(0.02)
        ill = next(check for check in await other.doctor() if check.name == "checks")
        assert ill.health is Health.BAD
        assert "ssh on web-1 is stalled: last made" in ill.text
    async with opened(home, settings=TABLES, clock=clock) as alone:
        assert {state.state for state in await alone.check_states()} == {"idle"}


async def test_a_check_that_cannot_be_made_says_so_and_raises_no_alert(home: Path, clock: StoppedClock) -> None:
    def locked(ask: HttpAsk) -> HttpReading:
        raise VaultLocked("The vault is locked.", next_step="Unlock it.")

    probe = PlayedProbe()
    probe.web = locked
    settings = TABLES.replace('target = "web-*"', 'target = "switch-*"')
    async with checking(home, clock, probe, settings=settings) as runtime:
        await runtime.inventory.add(Target(name="switch-1", protocol=Protocol.SNMP))
        await pass_time(clock, 200)
        shop, ssh = sorted(await runtime.check_states(), key=lambda state: state.place.plan.name)
        assert (shop.state, shop.reasons) == ("unable", ("The vault is locked. Unlock it.",))
        assert (ssh.state, "no TCP port" in ssh.reasons[0]) == ("unable", True)
        assert runtime.alerts.feed() == []
        assert not [task for task in runtime.supervisor.tasks() if task.last_error]


async def test_a_fault_of_ours_in_one_check_leaves_the_others(home: Path, clock: StoppedClock) -> None:
    def breaks(ask: HttpAsk) -> HttpReading:
        raise ZeroDivisionError

    probe = PlayedProbe()
    probe.web = breaks
    async with checking(home, clock, probe) as runtime:
        await pass_time(clock, 130)
        assert probe.made["web-1.test:22"] >= 3
        shop = next(state for state in await runtime.check_states() if state.place.plan.name == "shop")
        assert shop.reasons == ("A fault of opsterm: ZeroDivisionError.",)


async def test_who_is_checked_no_longer_has_no_alert_of_it(home: Path, clock: StoppedClock) -> None:
    settings = TABLES.replace('url = "https://shop.example/"', 'target = "web-*"')
    probe = PlayedProbe()
    probe.web = lambda ask: DOWN
    async with checking(home, clock, probe, settings=settings, names=("web-1", "web-2")) as runtime:
        await pass_time(clock, 150)
        await until(lambda: len(runtime.alerts.feed()) == 2)
        await runtime.inventory.remove(["web-1"])
        await pass_time(clock, 30)
        await until(lambda: [alert.key.target for alert in runtime.alerts.feed()] == ["web-2"])
        count = probe.made["http://web-1.test/"]
        await pass_time(clock, 180)
        assert probe.made["http://web-1.test/"] == count


async def test_five_hundred_checks_beside_servers_that_hang_make_no_queue(home: Path, clock: StoppedClock) -> None:
    """30 of 500 never answer by themselves: the others are made on time, and never more at once than may be."""
    tables = "".join(
        f'[[checks.ping]]\nname = "p{n}"\nhost = "{"slow" if n % 17 == 0 else "host"}-{n}"\n' for n in range(500)
    )
    probe = PlayedProbe()
    probe.hangs = {f"slow-{n}": asyncio.Event() for n in range(0, 500, 17)}
    settings = f"[monitoring]\ninterval_s = 3600\n[checks]\nparallel = 50\n{tables}"
    async with checking(home, clock, probe, settings=settings, names=()) as runtime:
        for _ in range(130):
            clock.advance(1)
            await asyncio.sleep(0.005)
        await until(lambda: all(probe.made[f"host-{n}"] >= 2 for n in range(500) if n % 17))
        assert max(probe.made[name] for name in probe.hangs) == 1, "none is begun a second time while it hangs"
        assert probe.most_at_once <= 100
        await until(lambda: sum(s.key.metric == "check.up" for s in runtime.monitoring.latest("localhost")) >= 470)
        await runtime.workers.lost_lease()
        assert probe.at_once == 0, "who loses the lease leaves nothing behind"


async def test_a_clock_that_jumps_changes_no_turn(home: Path, clock: StoppedClock) -> None:
    class Jumping(StoppedClock):
        wall = 0.0

        def now(self) -> float:
            return self.at + self.wall

    jumping, probe = Jumping(clock.at), PlayedProbe()
    async with checking(home, jumping, probe) as runtime:
        await pass_time(jumping, 120)
        for jump in (86_400.0, -86_400.0):
            before = probe.made["https://shop.example/"]
            jumping.wall = jump
            await pass_time(jumping, 300)
            assert 4 <= probe.made["https://shop.example/"] - before <= 6
        assert not [task for task in runtime.supervisor.tasks() if task.last_error]
        assert runtime.alerts.feed() == []


async def test_checks_are_made_at_once_by_name(home: Path, clock: StoppedClock) -> None:
    probe = PlayedProbe()
    probe.web = lambda ask: DOWN
    async with checking(home, clock, probe) as runtime:
        (result,) = await runtime.checks.run(["shop"])
        assert result.verdict.reasons[0].startswith("It refused")
        with pytest.raises(NotFound, match="no check nope"):
            await runtime.checks.run(["nope"])


async def test_a_url_with_a_targets_name_is_measured_there(home: Path, clock: StoppedClock) -> None:
    settings = TABLES.replace("https://shop.example/", "https://web-1.test:8443/x")
    async with checking(home, clock, PlayedProbe(), settings=settings) as runtime:
        assert {place.target for place in runtime.checks.places()} == {"web-1"}


@pytest.mark.parametrize("line", ['target = "tag:("', 'url = "ftp://x/"'])
async def test_what_is_no_place_is_named(home: Path, clock: StoppedClock, line: str) -> None:
    settings = TABLES.replace('url = "https://shop.example/"', line)
    if "tag" in line:
        with pytest.raises(BadSetting, match=r"checks\.http.* is no selector"):
            async with opened(home, settings=settings):
                pass
        return
    async with checking(home, clock, PlayedProbe(), settings=settings) as runtime:
        assert "not a URL" in next(s.reasons[0] for s in await runtime.check_states() if s.place.plan.name == "shop")
