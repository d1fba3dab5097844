"""SNMP targets that the operator chose are measured like every other host: metrics, alerts, status."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pysnmp.proto import rfc1902

from opsterm.core.clock import StoppedClock
from opsterm.core.secret import Secret
from opsterm.inventory.target import Protocol, Status, Target
from opsterm.monitoring.mib import NAMES, Oid, instance_of
from opsterm.runtime import remote_monitoring
from opsterm.runtime.ports_snmp import SnmpLogin
from opsterm.runtime.runtime import Runtime
from tests.adapters.snmp_agent import Agent, honest, system_group
from tests.runtime.stage import Silence, opened, until
from tests.runtime.test_remote_monitoring import pass_time, row, values

SETTINGS = """
[monitoring]
interval_s = 3600
remote = "sw-*"
remote_interval_s = 10
[[monitoring.threshold]]
metric = "net.received_bytes_per_s"
warn = 100
n = 1
m = 1
[storage]
keyring = "memory"
[snmp]
timeout_s = TIMEOUT
retries = 0
"""
COLUMN = NAMES["ifHCInOctets"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds as often as can be: the clock of the tests stands still."""
    monkeypatch.setattr(remote_monitoring, "ROUND_S", 0.005)


class Switch:
    """An agent whose objects the test sets; it may fall silent.

    Attributes:
        objects: what it answers with.
        is_silent: whether it answers at all.
        up_s: for how long it has run.
    """

    def __init__(self) -> None:
        self.is_silent = False
        self.up_s = 1234
        self.agent = Agent(system_group(), sends=self._sends)
        self.objects: dict[Oid, Any] = self.agent._objects
        for row_number in (1, 2):
            self.put("ifType", row_number, 24 if row_number == 1 else 6)
            self.put("ifAdminStatus", row_number, 1)

    def _sends(self, answer: bytes, asked: Sequence[Oid]) -> Sequence[bytes]:
        return [] if self.is_silent else honest(answer, asked)

    def put(self, name: str, row_number: int, value: int) -> None:
        """Set an object of an interface."""
        kind = rfc1902.Counter64 if NAMES[name] == COLUMN else rfc1902.Integer32
        self.objects[(*NAMES[name], row_number)] = kind(value)
        self.agent._order = sorted(self.objects)

    async def run(self, clock: StoppedClock, seconds: int) -> None:
        """Let time pass here and there."""
        for _ in range(seconds):
            self.up_s += 1
            self.objects[instance_of(NAMES["sysUpTime"])] = rfc1902.TimeTicks(self.up_s * 100)
            await pass_time(clock, 1)


@asynccontextmanager
async def measuring(
    home: Path, clock: StoppedClock, switch: Switch, *, timeout_s: float = 30.0
) -> AsyncIterator[Runtime]:  # fmt: skip
    """Open a runtime that measures the switch, and a target beside it that has no log-in.

    A busy machine is given time to answer: the clock of the tests stands still, and nothing would be asked again.
    """
    how: dict[str, Any] = {
        "settings": SETTINGS.replace("TIMEOUT", str(timeout_s)),
        "clock": clock,
        "open_probe": Silence().open,
    }
    with switch.agent as agent:
        async with opened(home, **how) as runtime:
            for name in ("sw-1", "sw-2"):
                await runtime.inventory.add(
                    Target(name=name, address="127.0.0.1", port=agent.port, protocol=Protocol.SNMP)
                )
            await runtime.snmp.keep_login("sw-1", SnmpLogin(community=Secret("public")))
            runtime.follow()
            runtime.workers.compete()
            await until(lambda: runtime.workers.run_here)
            yield runtime


async def test_rates_thresholds_and_status_are_those_of_every_target(home: Path, clock: StoppedClock) -> None:
    switch = Switch()
    async with measuring(home, clock, switch) as runtime:
        await switch.run(clock, 10)
        await until(lambda: ("net.link_down", "eth0") in values(runtime, "sw-1"))
        await until(lambda: row(runtime, "sw-1").status is Status.ONLINE)
        switch.put("ifHCInOctets", 2, 2**40 + 2 + 10_000)
        await switch.run(clock, 10)
        await until(lambda: ("net.received_bytes_per_s", "eth0") in values(runtime, "sw-1"))
        assert 100 < values(runtime, "sw-1")["net.received_bytes_per_s", "eth0"] <= 1500
        await until(runtime.alerts.feed)
        assert "received on eth0" in runtime.alerts.feed()[0].summary
        await until(lambda: row(runtime, "sw-1").status is Status.WARNING)
        await until(lambda: row(runtime, "sw-2").status is Status.OFFLINE)
        assert row(runtime, "sw-2").note == "Not measured: No SNMP log-in of sw-2 is kept."


async def test_a_link_that_falls_down_between_two_measurements_is_an_alert_until_it_is_up(
    home: Path, clock: StoppedClock
) -> None:
    switch = Switch()
    async with measuring(home, clock, switch) as runtime:
        await switch.run(clock, 10)
        await until(lambda: values(runtime, "sw-1").get(("net.link_down", "eth0")) == 0)
        switch.put("ifOperStatus", 2, 2)
        await switch.run(clock, 10)
        await until(lambda: [alert.summary for alert in runtime.alerts.feed()] == ["link eth0 is down"])
        switch.put("ifOperStatus", 2, 1)
        await switch.run(clock, 10)
        await until(lambda: not runtime.alerts.feed())


async def test_an_agent_that_falls_silent_is_offline_until_it_answers_again(home: Path, clock: StoppedClock) -> None:
    switch = Switch()
    async with measuring(home, clock, switch, timeout_s=0.5) as runtime:
        await switch.run(clock, 10)
        await until(lambda: row(runtime, "sw-1").status is Status.ONLINE)
        switch.is_silent = True
        await switch.run(clock, 10)
        await until(lambda: row(runtime, "sw-1").status is Status.OFFLINE)
        assert "does not answer SNMP" in row(runtime, "sw-1").note
        switch.is_silent = False
        await switch.run(clock, 40)
        await until(lambda: row(runtime, "sw-1").status is Status.ONLINE)
