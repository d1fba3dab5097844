"""Changes that cut us off a real host are taken back by that host, within their deadline and two seconds.

Each way of locking oneself out, with each fate of whoever sits here. Needs OPSTERM_LAB as of `test_ssh_lab`; freezing
needs OPSTERM_HOSTLAB, a command that takes "freeze N" and "thaw N" for the host labN; OPSTERM_LOCKOUTS repeats each
trial so often, and OPSTERM_FIGURES names a file to which a line of JSON is added for each.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.guard import GuardWish
from opsterm.inventory.target import Target
from opsterm.runtime.guard_reconciliation import GuardReconciliation
from opsterm.runtime.runtime import Runtime
from tests.adapters.test_ssh_lab import Lab, LabHost, device_to, lab
from tests.runtime.changing import approved
from tests.runtime.stage import child, opened, until_async
from tests.runtime.test_round_trips_lab import Beside, folder

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
__all__ = ["folder", "lab"]  # fixtures

DEADLINE_S = 10
LATE_S = 2.0
AFTER_BOOT_S = 30.0
AWAY_S = 6.0
"""Seconds for which a host is frozen or cut off, in the middle of its deadline."""

REPEATS = int(os.environ.get("OPSTERM_LOCKOUTS", "1"))
POINTS = "/var/lib/opsterm"

MOVED = "echo Port 2222 > /etc/ssh/sshd_config.d/moved.conf && systemctl restart ssh"
LOCKOUTS = {
    "sshd port moved": MOVED,
    "sshd config broken": "echo 'AllowUsers nobody' > /etc/ssh/sshd_config.d/shut.conf && systemctl reload ssh",
    "keys removed": "rm /root/.ssh/authorized_keys",
    "packet filter drops": "nft add table inet shut && nft add chain inet shut in "
    "'{ type filter hook input priority 0; policy drop; }'",
    "address removed": "ip addr flush dev host0",
    "interface down": "ip link set host0 down",
    "PAM broken": "echo 'account required pam_deny.so' >> /etc/pam.d/sshd",
    "disk filled": f"{MOVED}; head -c 100M /dev/zero > {POINTS}/filler",
    "rebooted while pending": f"{MOVED} && systemd-run --on-active=2 systemctl reboot",
}
FATES = ("operator silent", "client killed", "line cut", "host frozen")

SHOW = (
    "cd /etc/ssh/sshd_config.d && grep . *; nft -s list ruleset; ip route; "
    "ip -o addr show scope global | sed 's/ *valid_lft.*//'; "
    "stat -c '%n %A %U:%G %s %Y' /root/.ssh/* /etc/pam.d/sshd; sha256sum /root/.ssh/authorized_keys /etc/pam.d/sshd; "
    f"ls {POINTS} | grep -v rp; "
    "ls /etc/systemd/system | grep opsterm-guard; systemctl is-active ssh"
)
REVERTED = (
    f"cd {POINTS}/rp && for f in */guard/result; do "
    "echo $(cat $f) $(stat -c %.Y $f) $(stat -c %.Y ${f%result}armed); done | tail -n 1; ps -o etimes= -p 1"
)
BEGIN = f"rm -rf {POINTS}/rp; systemctl reset-failed; systemctl restart ssh"
SMALL = f"mountpoint -q {POINTS} || {{ mkdir -p {POINTS} && mount -t tmpfs -o size=96m tmpfs {POINTS}; }}"
"""A disk of its own for the recovery points, so that filling it fills no other."""


@dataclass(frozen=True)
class Trial:
    """One lockout on one host."""

    name: str
    fate: str
    host: LabHost
    home: Path

    async def away(self) -> float:
        """Freeze or cut off the host for a while, as the fate says; return for how many seconds."""
        began = time.monotonic()
        if self.fate == "host frozen":
            number = self.host.name.removeprefix("lab")
            command = shlex.split(os.environ["OPSTERM_HOSTLAB"])
            do, undo = [[*command, word, number] for word in ("freeze", "thaw")]
        elif self.fate == "line cut":
            device = await asyncio.to_thread(device_to, self.host)
            do, undo = [["ip", "link", "set", device, word] for word in ("down", "up")]
        else:
            return 0.0
        await asyncio.to_thread(subprocess.run, do, check=True)
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(subprocess.run, undo, check=True)
        return time.monotonic() - began

    async def made(self, runtime: Runtime, number: int) -> bool:
        """Return whether the host has said that its guard is armed: from there on the change is made."""
        return bool(await runtime.guards.told(await runtime.changes.get(number)))

    async def run(self, runtime: Runtime) -> tuple[int, float]:
        """Run the change as its fate wants it; return its number, and for how long the host was away."""
        guard = GuardWish(seconds=DEADLINE_S, by_hand=self.fate == "operator silent")
        change = await approved(runtime, LOCKOUTS[self.name], self.host.name, guard=guard)
        if self.fate == "client killed":
            async with child(self.home) as other:
                await other.ask("begin", number=change.id)
                await until_async(lambda: self.made(runtime, change.id))
                await asyncio.sleep(1)  # into the command, or past it: each moment has to end well
                await other.kill()
            return change.id, 0.0
        running = asyncio.create_task(runtime.changes.run(change.id))
        await until_async(lambda: self.made(runtime, change.id))
        away_s = await self.away()
        await running
        return change.id, away_s


async def reconciled(runtime: Runtime, number: int) -> ChangeState:
    """Do what the process with the lease does after a crash, until there is nothing more to ask."""
    works = GuardReconciliation(runtime.guards, runtime.clock)

    async def settled() -> bool:
        await runtime.changes.settle()
        await works.look()
        return not await runtime.guards.open_changes()

    await until_async(settled, within_s=90)
    return (await runtime.changes.get(number)).state


def note(trial: Trial, **figures: object) -> None:
    """Add a line of figures for whoever wants them."""
    if path := os.environ.get("OPSTERM_FIGURES"):
        with Path(path).open("a") as file:
            file.write(
                json.dumps({"lockout": trial.name, "fate": trial.fate, "host": trial.host.name, **figures}) + "\n"
            )


@pytest.mark.parametrize("turn", range(REPEATS))
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("name", LOCKOUTS)
async def test_a_host_lets_us_in_again_by_itself(
    name: str, fate: str, turn: int, lab: Lab, home: Path, folder: Path, worker_id: str
) -> None:
    del turn
    if fate == "host frozen" and "OPSTERM_HOSTLAB" not in os.environ:
        pytest.skip("OPSTERM_HOSTLAB IS NOT SET: NO HOST WAS FROZEN")
    if fate == "line cut" and os.geteuid() != 0:
        pytest.skip("NOT ROOT: no host can be cut off the network")
    host = lab.hosts[int(worker_id.removeprefix("gw") or 0) % len(lab.hosts) if worker_id != "master" else 0]
    trial, beside = Trial(name, fate, host, home), Beside(host, folder)
    await beside.sh(f"umount {POINTS}; {BEGIN}{f'; {SMALL}' if name == 'disk filled' else ''}")
    before = await beside.sh(SHOW)
    assert before, "the host is not to be reached before the trial"
    async with opened(home) as runtime:
        await runtime.inventory.add(Target(name=host.name, address=host.address, user="root"))
        number, away_s = await trial.run(runtime)
        state = await reconciled(runtime, number)
        message = (await runtime.changes.get(number)).outcomes[0].message
        after = await beside.sh(SHOW)
        last, up_s = (await beside.sh(REVERTED)).strip().rsplit("\n", 1)
        said, at, armed = last.split()
        took_s, booted = float(at) - float(armed), time.time() - float(up_s)
        note(trial, took_s=round(took_s, 2), state=state, said=said, same=after == before,
             boot_s=float(at) - booted, away_s=away_s, load=os.getloadavg()[0])  # fmt: skip
        assert after == before, message
        assert (said, state) == ("reverted", ChangeState.ROLLED_BACK), message
        if name == "rebooted while pending":
            assert float(at) - booted < AFTER_BOOT_S
        else:
            assert took_s < DEADLINE_S + LATE_S + (away_s if fate == "host frozen" else 0)
