"""A plan on a real host: it runs, takes itself back, and what a killed process had begun is taken back."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.plan_steps import UNITS
from opsterm.inventory.target import Target
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.adapters.test_ssh_lab import Lab, lab
from tests.runtime.stage import CHECKOUT, opened, until_async
from tests.runtime.test_plans import done, taken_back, told, write
from tests.runtime.test_round_trips_lab import Beside, folder

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
__all__ = ["folder", "lab"]  # fixtures

SITE = """
on_failure = "{on_failure}"
verify = ["port:80"]

[[step]]
title = "write a site"
command = "echo 'server {{ listen 8081; }}' > /etc/nginx/conf.d/plan.conf"
before = ["config:nginx"]
verify = ["config:nginx"]

[[step]]
title = "let nginx read it"
command = "systemctl reload nginx"
verify = ["unit:nginx", "port:{port}"]
tries = 2

[[step]]
title = "write it again"
command = "echo 'server {{ listen 8082; }}' > /etc/nginx/conf.d/plan.conf{last}"
verify = ["config:nginx"]
"""
SHOW = "cat /etc/nginx/conf.d/plan.conf; find /etc/nginx -type f | xargs sha256sum; ss -Hltn | awk '{print $4}' | sort"


def plan(home: Path, **words: str) -> str:
    """Write the plan to a file and return its path."""
    file = home / "site.toml"
    write(file, SITE.format(**{"on_failure": "keep", "port": "8081", "last": "", **words}))
    return str(file)


async def proposed(runtime: Runtime, home: Path, lab: Lab, **words: str) -> tuple[int, str]:
    """Propose the plan on the first host; return its number and digest."""
    host = lab.hosts[0]
    if runtime.inventory.target(host.name) is None:
        await runtime.inventory.add(Target(name=host.name, address=host.address, user="root"))
    file = plan(home, **words)
    wish = await runtime.plans.proposal(file, on=host.name, origin="command line")
    change = await runtime.changes.propose(wish)
    return change.id, change.digest


async def test_a_plan_on_a_real_host_there_and_back(lab: Lab, home: Path, folder: Path) -> None:
    beside = Beside(lab.hosts[0], folder)
    before = await beside.sh(SHOW)
    async with opened(home) as runtime:
        number, _ = await proposed(runtime, home, lab)
        ended = await done(runtime, await runtime.changes.get(number))
        assert ended.state is ChangeState.DONE, ended.outcomes[0].message
        assert "8082" in await beside.sh(SHOW)
        back = await taken_back(runtime, ended)
        assert back.state is ChangeState.DONE, back.outcomes[0].message
        assert (await told(runtime, ended))[-3:] == ["3 back", "1 back", f"{UNITS} back"]
    async with asyncio.timeout(20):
        await until_async(lambda: _is(beside, before))


async def _is(beside: Beside, wanted: str) -> bool:
    return await beside.sh(SHOW) == wanted


async def test_a_plan_that_does_not_verify_takes_itself_back(lab: Lab, home: Path, folder: Path) -> None:
    beside = Beside(lab.hosts[0], folder)
    before = await beside.sh(SHOW)
    async with opened(home) as runtime:
        number, _ = await proposed(runtime, home, lab, on_failure="rollback", port="9999")
        ended = await done(runtime, await runtime.changes.get(number))
        assert ended.state is ChangeState.ROLLED_BACK, ended.outcomes[0].message
        assert "port:9999: nothing listens on it" in ended.outcomes[0].message
    async with asyncio.timeout(20):
        await until_async(lambda: _is(beside, before))


async def test_what_a_killed_process_had_begun_is_taken_back(lab: Lab, home: Path, folder: Path) -> None:
    beside = Beside(lab.hosts[0], folder)
    before = await beside.sh(SHOW)
    async with opened(home) as runtime:
        number, digest = await proposed(runtime, home, lab, last="; sleep 60")
        await runtime.changes.approve(number, digest=digest)
    environment = {"OPSTERM_HOME": str(home / "opsterm"), "HOME": str(home), "PATH": "/usr/bin:/bin"}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "opsterm", "run", f"c{number}", env=environment, cwd=CHECKOUT,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with opened(home) as runtime:
        change = await runtime.changes.get(number)

        async def third_began() -> bool:
            return "3 started" in await told(runtime, change) and "8082" in await beside.sh(SHOW)

        await until_async(third_began, within_s=60)
        child.kill()
        await child.wait()
        await runtime.changes.settle()
        assert (await runtime.changes.get(number)).state is ChangeState.INTERRUPTED
        careful = await taken_back(runtime, change)
        assert careful.state is ChangeState.FAILED, "whether its end was seen is not known: it is not put back unasked"
        back = await runtime.rollbacks.propose(RollbackWish(change=number, insist=True, origin="command line"))
        ended = await done(runtime, back)
        assert ended.state is ChangeState.DONE, ended.outcomes[0].message
        assert (await runtime.changes.get(number)).state is ChangeState.ROLLED_BACK
    async with asyncio.timeout(20):
        await until_async(lambda: _is(beside, before))
