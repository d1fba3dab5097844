"""A connection test against real OpenSSH: phases pass, each fault is found in its own, and nothing stays open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.inventory.target import Target
from opsterm.runtime.connection_test import ConnectionReport
from opsterm.runtime.ports_connection_test import Phase
from opsterm.runtime.runtime import Runtime
from tests.adapters.ssh_stage import OTHER_HOST_KEY, Home
from tests.adapters.test_ssh_lab import Lab, lab
from tests.runtime.stage import opened, until

pytestmark = pytest.mark.lab
__all__ = ["lab"]


async def ran(runtime: Runtime, target: Target) -> ConnectionReport:
    return await runtime.connection_test.run(target, lambda _, __: None)


def connections(address: str) -> int:
    """Return how many TCP connections of this machine to an SSH server are not closed."""
    wanted = "".join(f"{int(part):02X}" for part in reversed(address.split("."))) + ":0016"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[2] == wanted and row[3] in ("01", "02", "08"))


async def test_each_fault_of_a_real_host_is_found_in_its_own_phase(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    home, host = Home(tmp_path), lab.hosts[0]
    home.write_key("id_ed25519", OTHER_HOST_KEY)
    inner = f"Host inner\n HostName 127.0.0.1\n HostKeyAlias {host.address}\n ProxyJump {host.name}\n User root\n"
    outer = f"Host {host.name}\n HostName {host.address}\n User root\n"
    home.write("config", f"{inner}{outer}Host *\n IdentityFile {lab.key}\n")
    before = connections(host.address)
    async with opened(home.path) as runtime:
        good = Target(name="real", address=host.address, user="root")
        unknown = (await ran(runtime, good)).phases[-1]
        assert unknown.phase is Phase.HOST_KEY
        await runtime.terminals.trust(good, unknown.fingerprint)
        passed = await ran(runtime, good)
        assert passed.error is None
        assert passed.phases[-1].detail.startswith("root on ")
        assert (await ran(runtime, Target(name="inner", address="127.0.0.1"))).error is None
        for wrong, phase in (
            (Target(name="closed", address=host.address, port=81), Phase.TCP),
            (Target(name="who", address=host.address, user="nobody"), Phase.LOG_IN),
            (Target(name="web", address=host.address, port=80), Phase.GREETING),
        ):
            assert (await ran(runtime, wrong)).phases[-1].phase is phase
        home.known_hosts.write_text(f"{host.address} {OTHER_HOST_KEY.export_public_key().decode()}")
        changed = (await ran(runtime, good)).phases[-1]
        assert (changed.phase, changed.fingerprint) == (Phase.HOST_KEY, "")
        assert "ssh-keygen -R" in changed.next_step
        web = await ran(runtime, Target(name="page", address=host.address, protocol="http"))  # type: ignore[arg-type]  # as text
        assert web.error is None
        await asyncio.sleep(0)
        await until(lambda: connections(host.address) <= before)
