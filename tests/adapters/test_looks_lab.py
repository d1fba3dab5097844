"""Looking at real Debian hosts: as root, and as a user without rights; see test_ssh_lab for what it needs."""

from __future__ import annotations

import asyncio
import os

import pytest

from opsterm.core.errors import TimedOut
from opsterm.monitoring.host_profile import CAPABILITIES, Sudo, host_profile
from opsterm.monitoring.looks import Look
from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.remote_host import host_reading, readings
from opsterm.runtime.remote_look import look_at
from tests.adapters.ssh_stage import Home, Kept, run
from tests.adapters.test_ssh_lab import Lab, home, lab

pytestmark = pytest.mark.lab
__all__ = ["home", "lab"]  # fixtures

PASSWORD = "lab-op"
NOT_EVERYWHERE = frozenset({"swap", "pressure", "check", "camera"})
"""What a kernel may be without, and what does not come from a look at a host."""


@pytest.mark.parametrize("user", ["root", "op"])
async def test_a_real_host_is_measured(lab: Lab, home: Home, user: str) -> None:
    one = lab.hosts[0]
    async with home.connector(Kept({("opsterm:ssh", f"op@{one.name}"): PASSWORD})) as connector:
        before = host_reading(await look_at(connector, one.target(user), Look.READING, limit_s=10))
        await asyncio.sleep(1)
        told = (await run(connector, one.target(user), "cat /proc/uptime; df -P / | tail -n 1; systemctl --failed -q"))[
            0
        ]
        now = host_reading(await look_at(connector, one.target(user), Look.READING, limit_s=10))
    found = {(metric, item): value for metric, item, value in readings(before, now)}
    assert before.complete
    assert now.complete
    wanted = {name for name in CATALOGUE if name.partition(".")[0] not in NOT_EVERYWHERE} - {"cpu.iowait_percent"}
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
        found = host_profile(await look_at(connector, one.target(user), Look.PROFILE, limit_s=20))
    assert found is not None
    assert found.complete
    assert (found.os_id, found.os_version, found.services, found.packages) == ("debian", "12", "systemd", ("apt-get",))
    assert (found.host_name, found.user, found.sh) == (one.name, user, "dash")
    assert found.virtual.startswith("container")
    assert found.sudo is (Sudo.ROOT if user == "root" else Sudo.ASKS)
    assert len(found.capabilities) < len(CAPABILITIES)
    assert bool(found.capabilities) == (user == "root")


async def test_a_look_that_takes_too_long_leaves_nothing_running(
    lab: Lab, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lab.hosts[1]
    monkeypatch.setattr(Look, "script", "sleep 61.25")
    async with home.connector() as connector:
        with pytest.raises(TimedOut, match="did not answer within"):
            await look_at(connector, one.target(), Look.READING, limit_s=0.5)

        async with asyncio.timeout(10):
            while (await run(connector, one.target(), "pgrep -fx 'sleep 61.25' || true"))[0]:  # noqa: ASYNC110 (no event)
                await asyncio.sleep(0.05)
