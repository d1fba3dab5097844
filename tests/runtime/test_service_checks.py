"""Accepted services are checked at an interval; what fails with its dependency raises no alert of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadSetting, NotFound
from opsterm.inventory.service import HealthStatus
from opsterm.inventory.target import Target
from opsterm.monitoring.alerts import Alert
from opsterm.monitoring.reach import Failure, TcpReading
from opsterm.runtime import check_worker
from opsterm.runtime.runtime import Runtime
from tests.monitoring.hosts import printed
from tests.runtime.stage import PlayedConnector, Silence, opened, printing, until, until_async
from tests.runtime.test_checks import DOWN, FINE, PlayedProbe, pass_time
from tests.runtime.test_services import DB, WEB

SETTINGS = """
[monitoring]
default_thresholds = false
[checks]
services = "*-1"
services_interval_s = 30
services_failures = 2
"""
SITE, BASE = "http://192.0.2.5:80/", "192.0.2.7:5432"


class Network(PlayedProbe):
    """A web server and a database that work, or do not, as the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.down: set[str] = set()
        self.web = lambda ask: DOWN if ask.url in self.down else FINE

    async def tcp(self, host: str, port: int, *, timeout_s: float, banner: bool) -> TcpReading:
        found = await super().tcp(host, port, timeout_s=timeout_s, banner=banner)
        if f"{host}:{port}" in self.down:
            return TcpReading(failure=Failure.UNREACHABLE, reason=f"{host} port {port} refused the connection.")
        return found


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    monkeypatch.setattr(check_worker, "ROUND_S", 0.002)
    monkeypatch.setattr(check_worker, "CHOSEN_EVERY_S", 1.0)
    return Network()


@asynccontextmanager
async def checking(home: Path, clock: StoppedClock, network: Network) -> AsyncIterator[Runtime]:
    """Open a runtime that has accepted nginx@web-1, which needs postgres@db-1, and checks both."""
    connector = PlayedConnector({"web-1": printing(printed(WEB).encode()), "db-1": printing(printed(DB).encode())})
    how = {
        "settings": SETTINGS, "clock": clock, "open_connector": connector.open, "open_probe": Silence().open,
        "open_reach": network.open,
    }  # fmt: skip
    async with opened(home, **how) as runtime:
        await runtime.inventory.add(Target(name="web-1", address="192.0.2.5"))
        await runtime.inventory.add(Target(name="db-1", address="192.0.2.7"))
        await runtime.services.discover("web-1 or db-1")
        await runtime.services.accept(["nginx@web-1", "postgres@db-1"])
        await runtime.services.depend("nginx@web-1", "postgres@db-1")
    async with opened(home, workers=True, **how) as runtime:
        await until(lambda: runtime.workers.run_here)
        yield runtime


async def rounds(clock: StoppedClock, network: Network, count: int = 1) -> None:
    """Let time go on until both services were checked so many times more."""
    wanted = {place: network.made[place] + count for place in (SITE, BASE)}
    while any(network.made[place] < number for place, number in wanted.items()):
        await pass_time(clock, 5)


async def alerts(runtime: Runtime) -> list[Alert]:
    return sorted(runtime.alerts.feed(), key=lambda alert: alert.key.item)


async def test_what_is_accepted_is_checked_and_its_health_is_kept(
    home: Path, clock: StoppedClock, network: Network
) -> None:
    async with checking(home, clock, network) as runtime:
        await rounds(clock, network, 2)

        async def kept() -> bool:
            clock.advance(1)
            return all(one.health is HealthStatus.OK for one in await runtime.services.list())

        await until_async(kept)
        states = {state.place.plan.name: state.state for state in await runtime.check_states()}
        assert states == {"nginx@web-1": "passing", "postgres@db-1": "passing"}
        assert runtime.alerts.feed() == []
        assert set(network.made) == {SITE, BASE}
        (one,) = await runtime.checks.run(["postgres@db-1"])
        assert (one.place.where, one.verdict.reasons) == (BASE, ())
        with pytest.raises(NotFound, match="There is no check x"):
            await runtime.checks.run(["x"])


async def test_a_failure_is_one_alert_that_names_what_fails_with_it(
    home: Path, clock: StoppedClock, network: Network
) -> None:
    async with checking(home, clock, network) as runtime:
        await rounds(clock, network)
        network.down = {SITE, BASE}
        await rounds(clock, network, 5)
        (alert,) = await alerts(runtime)
        assert alert.key.item == "postgres@db-1"
        assert alert.summary.endswith("refused the connection. nginx@web-1 fails with it.")
        (held,) = [state for state in await runtime.check_states() if state.place.plan.name == "nginx@web-1"]
        assert held.state == "failing"

        async def told() -> bool:
            clock.advance(1)
            (nginx,) = await runtime.services.list(selector="web-1")
            sentence = f"It depends on {BASE} (postgres@db-1), which is down."
            return nginx.health is HealthStatus.FAILED and nginx.health_text.startswith(sentence)

        await until_async(told)
        network.down = {SITE}  # the database is back, the site is not: now that is news
        await rounds(clock, network, 5)
        (alert,) = await alerts(runtime)
        assert alert.key.item == "nginx@web-1"
        assert "hunter2" not in alert.summary
        network.down = set()
        await rounds(clock, network, 4)
        assert await alerts(runtime) == []


async def test_what_is_accepted_no_longer_is_checked_no_longer(
    home: Path, clock: StoppedClock, network: Network
) -> None:
    async with checking(home, clock, network) as runtime:
        network.down = {BASE}
        await rounds(clock, network, 4)
        assert [alert.key.item for alert in await alerts(runtime)] == ["postgres@db-1"]
        await runtime.services.ignore(["postgres@db-1"])

        async def over() -> bool:
            clock.advance(1)
            return not await alerts(runtime)

        await until_async(over)
        assert [place.plan.name for place in await runtime.checks.all_places()] == ["nginx@web-1"]


async def test_nothing_is_checked_that_was_not_chosen(home: Path, clock: StoppedClock, network: Network) -> None:
    async with opened(home, clock=clock, open_reach=network.open) as runtime:
        assert not runtime.checks.services.wanted
        assert await runtime.checks.all_places() == []
    with pytest.raises(BadSetting, match=r"checks\.services"):
        async with opened(home, settings='[checks]\nservices = "("\n'):
            pass
