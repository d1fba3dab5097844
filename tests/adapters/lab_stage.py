"""A stage over real hosts: a runtime that knows them, other eyes on them, and ways to break them for a while."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opsterm.changes.change import Change
from opsterm.core.clock import Clock
from opsterm.inventory.target import Target
from opsterm.runtime.runtime import Runtime
from tests.adapters.ssh_stage import Home
from tests.adapters.test_local_command import comes_true
from tests.adapters.test_ssh_lab import Lab, LabHost
from tests.adapters.test_ssh_lines import sockets
from tests.runtime.changing import approved
from tests.runtime.stage import opened, until_async

CONNECTIONS = "ss -Htn state established '( sport = :22 or sport = :2222 or sport = :2299 )' | wc -l"


async def seen(lab: Lab, host: LabHost, script: str) -> str:
    """Run something on a host by ssh(1): other eyes than those under test."""
    ssh = ["ssh", "-q", "-i", str(lab.key), "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
           "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=3", f"root@{host.address}", script]  # fmt: skip
    done = await asyncio.to_thread(subprocess.run, ssh, capture_output=True, text=True, check=False, timeout=25)
    return done.stdout.strip()


async def by_itself(lab: Lab, host: LabHost, script: str) -> None:
    """Have a host do something by itself, whatever becomes of the connection that asked for it."""
    await seen(lab, host, f"systemd-run --collect --quiet /bin/sh -c {quoted(script)}")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


CUT = (
    'sleep 0.5; nft add table inet cut; nft "add chain inet cut i {{ type filter hook input priority 0; }}"; '
    'nft "add chain inet cut o {{ type filter hook output priority 0; }}"; nft add rule inet cut i tcp dport 22 drop; '
    "nft add rule inet cut o tcp sport 22 drop; sleep {seconds}; nft delete table inet cut"
)
"""Drops every packet of SSH for a while; the host mends itself."""

FREEZE = "sleep 0.5; pkill -STOP -x sshd; sleep {seconds}; pkill -CONT -x sshd"
"""Stops the server and all its sessions for a while: the kernel goes on taking connections and bytes."""

KILL = "sleep 0.5; pkill -KILL -x sshd; sleep 0.2; systemctl restart ssh"


async def mended(lab: Lab, host: LabHost) -> None:
    """Wait until a host answers again."""
    await until_async(lambda: seen(lab, host, "echo up"))


async def silent(host: LabHost) -> None:
    """Wait until a host's SSH server says nothing any more."""
    async with asyncio.timeout(120):
        while await _greets(host):
            pass


async def _greets(host: LabHost) -> bool:
    try:
        async with asyncio.timeout(1.0):
            reader, writer = await asyncio.open_connection(host.address, 22)
            try:
                return bool(await reader.read(1))
            finally:
                writer.close()
    except (TimeoutError, OSError):
        return False


@asynccontextmanager
async def cockpit(home: Home, lab: Lab, *, settings: str = "", clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """Open a runtime that knows the hosts by their names; see in the end that nothing is left here or there."""
    before = {host: await seen(lab, host, CONNECTIONS) for host in lab.hosts}
    open_before, tasks_before = sockets(), len(asyncio.all_tasks())
    async with opened(home.path, settings=settings, clock=clock) as runtime:
        for host in (host for host in lab.hosts if runtime.inventory.target(host.name) is None):
            await runtime.inventory.add(Target(name=host.name, address=host.address, user="root"))
        yield runtime
    await comes_true(lambda: (sockets(), len(asyncio.all_tasks())) == (open_before, tasks_before))
    for host, count in before.items():
        await until_async(lambda host=host, count=count: _is(lab, host, count))  # type: ignore[misc]  # the loop's own


async def _is(lab: Lab, host: LabHost, count: str) -> bool:
    return await seen(lab, host, CONNECTIONS) == count


async def ran(runtime: Runtime, command: str, selector: str, **others: object) -> Change:
    """Approve and run a command, and return how it ended."""
    change = await approved(runtime, command, selector, **others)
    return await runtime.changes.run(change.id)
