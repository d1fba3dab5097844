"""Checks of a real web server, SSH server and host at an interval; see test_ssh_lab for what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.inventory.target import Target
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.runtime import Runtime
from tests.adapters.ssh_stage import Home, run
from tests.adapters.test_ssh_lab import Lab, home, lab
from tests.runtime.stage import opened, until

pytestmark = pytest.mark.lab
__all__ = ["home", "lab"]  # fixtures

SETTINGS = """
[monitoring]
default_thresholds = false
[[checks.http]]
name = "web"
target = "{name}"
interval_s = 1
failures = 2
contains = "nginx"
[[checks.tcp]]
name = "ssh"
target = "{name}"
port = 22
banner = "SSH-2.0"
interval_s = 1
[[checks.ping]]
name = "ping"
target = "{name}"
interval_s = 1
count = 1
"""


def up(runtime: Runtime, target: str, check: str) -> float | None:
    found = {sample.key: sample.value for sample in runtime.monitoring.latest(target)}
    return found.get(SeriesKey(target, "check.up", check))


async def test_a_web_server_that_is_stopped_is_an_alert_until_it_runs_again(
    lab: Lab, home: Home, tmp_path: Path
) -> None:
    one = lab.hosts[0]
    settings = SETTINGS.format(name=one.name)
    async with opened(tmp_path, settings=settings) as runtime:
        await runtime.inventory.add(Target(name=one.name, address=one.address))
    async with home.connector() as connector, opened(tmp_path, settings=settings, workers=True) as runtime:
        for check in ("web", "ssh", "ping"):
            await until(lambda check=check: up(runtime, one.name, check) == 1.0)  # type: ignore[misc]  # the loop's own name
        await run(connector, one.target(), "systemctl stop nginx")
        try:
            await until(runtime.alerts.feed)
            (alert,) = runtime.alerts.feed()
            assert (alert.key.target, alert.key.item) == (one.name, "web")
            assert "port 80 refused the connection." in alert.summary
        finally:
            await run(connector, one.target(), "systemctl start nginx")
        await until(lambda: not runtime.alerts.feed())
        assert up(runtime, one.name, "ssh") == 1.0
