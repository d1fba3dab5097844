"""Guarded changes on two real hosts: a wave stays when both are well, and else both let it go by themselves."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.guard import GuardWish
from opsterm.changes.rollout import RolloutWish
from opsterm.changes.verification import Verification, parse_check
from opsterm.inventory.target import Target
from tests.adapters.test_ssh_lab import Lab, lab
from tests.runtime.changing import approved, outcomes
from tests.runtime.stage import opened, until_async
from tests.runtime.test_round_trips_lab import Beside, folder

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
__all__ = ["folder", "lab"]  # fixtures

POINTS = "/var/lib/opsterm"
TRIED = "/etc/nginx/conf.d/tried.conf"
COMMAND = f"echo '# tried' > {TRIED} && systemctl reload nginx"
CLEAN = (
    f"umount {POINTS}; rm -rf {POINTS}/rp {TRIED}; echo well > /run/well; systemctl reset-failed; "
    "systemctl start ssh nginx; systemctl reload nginx"
)
SHOW = "sha256sum /etc/nginx/conf.d/* /etc/nginx/nginx.conf; systemctl is-active nginx; ls /etc/systemd/system"
WELL = ("unit:nginx active", "reach:80", "reach:http://{target}/ 200", "command:ls /run/well")


class Two:
    """Two real hosts and what stands on them."""

    def __init__(self, lab: Lab, home: Path, folder: Path) -> None:
        if len(lab.hosts) < 2:
            pytest.skip("OPSTERM_LAB HAS ONE HOST: NO WAVE WAS TRIED")
        self.hosts = lab.hosts[:2]
        self.beside = [Beside(host, folder) for host in self.hosts]
        self._home = home

    async def sh(self, text: str) -> list[str]:
        return list(await asyncio.gather(*(one.sh(text) for one in self.beside)))

    async def show(self) -> list[str]:
        """Return what stands there; a guard that was let go takes its own units away a moment later."""
        await until_async(self._has_no_guard)
        return await self.sh(SHOW)

    async def _has_no_guard(self) -> bool:
        return not any(await self.sh("ls /etc/systemd/system | grep opsterm"))

    async def made(self, strategy: str, *checks: str) -> Change:
        look = Verification(checks=tuple(map(parse_check, checks)), tries=2)
        async with opened(self._home) as runtime:
            for host in self.hosts:
                await runtime.inventory.add(Target(name=host.name, address=host.address, user="root"))
            change = await approved(
                runtime, COMMAND, ",".join(host.name for host in self.hosts), guard=GuardWish(seconds=60),
                verification=look, rollout=RolloutWish(strategy=strategy),
            )  # fmt: skip
            await runtime.changes.run(change.id)
            return await runtime.changes.get(change.id)


@pytest.fixture
async def two(lab: Lab, home: Path, folder: Path) -> Two:
    found = Two(lab, home, folder)
    await found.sh(CLEAN)
    return found


async def test_a_wave_that_is_well_stays_on_both(two: Two) -> None:
    change = await two.made("parallel", *WELL)
    assert change.state is ChangeState.DONE, [outcome.message for outcome in change.outcomes]
    assert "reach:http://{target}/ 200: answers with 200" in change.outcomes[1].message
    assert await two.sh(f"cat {TRIED}; ls /etc/systemd/system | grep opsterm") == ["# tried\n"] * 2
    await two.sh(CLEAN)


@pytest.mark.parametrize("strategy", ["parallel", "sequential"])
async def test_a_wave_of_which_one_is_not_well_goes_back(two: Two, strategy: str) -> None:
    await two.beside[1].sh("rm /run/well")
    before = await two.show()
    change = await two.made(strategy, *WELL)
    after = await two.show()
    first, second = outcomes(change).values()
    assert "command:ls /run/well: " in second.message
    assert after[1] == before[1]
    if strategy == "parallel":
        assert f"{two.hosts[1].name}, which is changed together with it, is not well" in first.message
        assert (after, change.state) == (before, ChangeState.ROLLED_BACK)
    else:
        assert first.state is OutcomeState.DONE
        assert after[0] != before[0]
    await two.sh(CLEAN)


async def test_one_that_is_not_seen_from_here_goes_back(two: Two) -> None:
    before = await two.show()
    change = await two.made("sequential", "unit:nginx active", "reach:81")
    first, second = outcomes(change).values()
    assert "reach:81: " in first.message
    assert second.message.startswith("Not started: ")
    assert await two.show() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT ROOT: no host was given a small disk")
async def test_one_that_cannot_be_armed_stops_it_before_the_other_is_changed(two: Two) -> None:
    await two.beside[1].sh(f"mkdir -p {POINTS} && mount -t tmpfs -o size=1m tmpfs {POINTS}")
    before = await two.show()
    change = await two.made("sequential", *WELL)
    first, second = outcomes(change).values()
    assert first.message == f"Not started: {two.hosts[1].name} could not be armed, and nothing was changed anywhere."
    assert "have to be" in second.message, "it says what is missing"
    assert await two.show() == before
    assert await two.sh(f"cat {POINTS}/rp/*/guard/result") == ["reverted\n", ""], "its guard is gone"
    await two.sh(CLEAN)
