"""Looking at real Debian hosts: as root, and as a user without rights; see test_ssh_lab for what it needs."""

from __future__ import annotations

import asyncio
import os

import pytest

from opsterm.core.clock import SystemClock
from opsterm.core.errors import TimedOut
from opsterm.monitoring.discovery import services_found
from opsterm.monitoring.host_people import AskedAt
from opsterm.monitoring.host_profile import CAPABILITIES, Sudo, host_profile
from opsterm.monitoring.looks import Look
from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.remote_host import host_reading, readings
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Connector
from opsterm.runtime.remote_look import look_at
from tests.adapters.ssh_stage import Home, Kept, run
from tests.adapters.test_ssh_lab import Lab, home, lab

pytestmark = pytest.mark.lab
__all__ = ["home", "lab"]  # fixtures

PASSWORD = "lab-op"
NOT_EVERYWHERE = frozenset({"swap", "pressure", "check", "camera", "snmp", "job"})
"""What a kernel may be without, and what does not come from a look at a host."""


async def look(connector: Connector, target: OrderTarget, what: Look) -> str:
    """Look at a host and return what it printed."""
    return (await look_at(connector, target, what, limit_s=60, clock=SystemClock())).text


@pytest.mark.parametrize("user", ["root", "op"])
async def test_a_real_host_is_measured(lab: Lab, home: Home, user: str) -> None:
    one = lab.hosts[0]
    async with home.connector(Kept({("opsterm:ssh", f"op@{one.name}"): PASSWORD})) as connector:
        before = host_reading(await look(connector, one.target(user), Look.READING))
        await asyncio.sleep(1)
        told = (await run(connector, one.target(user), "cat /proc/uptime; df -P / | tail -n 1; systemctl --failed -q"))[
            0
        ]
        now = host_reading(await look(connector, one.target(user), Look.READING))
    found = {(metric, item): value for metric, item, value in readings(before, now)}
    assert before.complete
    assert now.complete
    wanted = {name for name in CATALOGUE if name.partition(".")[0] not in NOT_EVERYWHERE} - {
        "cpu.iowait_percent",
        "drift.differs",
        "net.link_down",
        "snmp.trap",
    }
    assert wanted <= {metric for metric, _ in found}
    uptime, disk, *failed = told.decode().splitlines()
    assert found["host.uptime_s", ""] == pytest.approx(float(uptime.split()[0]), abs=5)
    assert found["fs.used_percent", "/"] == pytest.approx(float(disk.split()[-2].rstrip("%")), abs=1.5)
    assert found["systemd.failed_units", ""] == len(failed)
    assert found["load.1m", ""] == pytest.approx(os.getloadavg()[0], abs=2), "the lab's hosts share this kernel"


@pytest.mark.parametrize("user", ["root", "op"])
async def test_a_real_host_is_profiled(lab: Lab, home: Home, user: str) -> None:
    one = lab.hosts[0]
    async with home.connector(Kept({("opsterm:ssh", f"op@{one.name}"): PASSWORD})) as connector:
        found = host_profile(await look(connector, one.target(user), Look.PROFILE))
    assert found is not None
    assert found.complete
    assert (found.os_id, found.os_version, found.services, found.packages) == ("debian", "12", "systemd", ("apt-get",))
    assert (found.host_name, found.user, found.sh) == (one.name, user, "dash")
    assert found.virtual.startswith("container")
    assert found.sudo is (Sudo.ROOT if user == "root" else Sudo.ASKS)
    assert len(found.capabilities) < len(CAPABILITIES)
    assert bool(found.capabilities) == (user == "root")


@pytest.mark.parametrize("user", ["root", "op"])
async def test_services_ports_packages_and_clock_of_a_real_host(lab: Lab, home: Home, user: str) -> None:
    one = lab.hosts[0]
    async with home.connector(Kept({("opsterm:ssh", f"op@{one.name}"): PASSWORD})) as connector:
        looked = await look_at(connector, one.target(user), Look.PROFILE, limit_s=60, clock=SystemClock())
        count = (await run(connector, one.target(user), "dpkg-query -W | wc -l"))[0]
    found = host_profile(looked.text, asked=AskedAt(sent=looked.sent, heard=looked.heard))
    assert found is not None
    assert {"nginx", "ssh", "cron"} <= {unit.name for unit in found.units or () if unit.state == "running"}
    owners = {listener.port: listener.unit for listener in found.listeners or ()}
    assert {22, 80} <= owners.keys()
    assert owners[80] == ("nginx" if user == "root" else "")
    assert found.package_state.installed == int(count)
    assert found.package_state.security is not None
    assert found.package_state.index_age_s is not None
    assert found.clock.skew_s == pytest.approx(0.0, abs=found.clock.error_s), "the lab's hosts share this clock"
    assert one.address in found.addresses
    assert {"nginx", "ssh"} <= {service.name for service in services_found(one.name, found, now=0.0)}


async def test_a_look_changes_no_file_even_as_root(lab: Lab, home: Home) -> None:
    """But logs of the log-in itself, and what the session keeps in /run while it lasts."""
    one = lab.hosts[0]
    async with home.connector() as connector:
        await run(connector, one.target(), "touch /root/before-the-look; sleep 1.1")
        await look(connector, one.target(), Look.PROFILE)
        listed = "find / -xdev -newer /root/before-the-look ! -path '/proc/*' ! -path '/sys/*' ! -path '/run*' "
        changed, _ = await run(connector, one.target(), f"{listed} ! -path '/var/log/*'; rm /root/before-the-look")
    assert changed.decode().split() == []


async def test_a_look_that_takes_too_long_leaves_nothing_running(
    lab: Lab, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lab.hosts[1]
    monkeypatch.setattr(Look, "script", "sleep 61.25")
    async with home.connector() as connector:
        with pytest.raises(TimedOut, match="did not answer within"):
            await look_at(connector, one.target(), Look.READING, limit_s=0.5, clock=SystemClock())

        async with asyncio.timeout(30):
            while (await run(connector, one.target(), "pgrep -fx 'sleep 61.25' || true"))[0]:  # noqa: ASYNC110 (no event)
                await asyncio.sleep(0.05)
