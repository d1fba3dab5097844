"""Changes on real hosts are taken back until nothing can be told from before.

What needs a program that a plain host lacks is left to OPSTERM_TRIPS=all, or OPSTERM_TRIPS=ufw for one program: it is
slow, and the program is installed on the first host and stays there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.inventory.target import Target
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.adapters.test_ssh_lab import Lab, LabHost, lab
from tests.runtime.changing import approved
from tests.runtime.further_trips import ON_EVERY_HOST, STOPPED, UNCLAIMED, FurtherCase, further_cases, install
from tests.runtime.round_trips import AS_BEFORE, CLEAN, FIRST, ROUND_TRIPS
from tests.runtime.stage import opened

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
__all__ = ["lab"]  # a fixture


FAILED = "it failed"


class Beside:
    """A real host, looked at by ssh beside opsterm."""

    def __init__(self, host: LabHost, folder: Path) -> None:
        self._words = ["ssh", "-F", str(folder / "beside"), f"root@{host.address}", "sh"]

    async def sh(self, text: str) -> str:
        """Return what a text prints there."""
        pipe = asyncio.subprocess.PIPE
        ssh = await asyncio.create_subprocess_exec(*self._words, stdin=pipe, stdout=pipe, stderr=pipe)
        told, _ = await ssh.communicate(text.encode())
        return told.decode("utf-8", "replace")


@pytest.fixture
def folder(lab: Lab, home: Path) -> Path:
    """The account's .ssh, and settings for ssh beside opsterm."""
    made = home / ".ssh"
    made.mkdir(mode=0o700, exist_ok=True)
    (made / "known_hosts").write_text("".join(f"{one.address} {one.host_key}\n" for one in lab.hosts))
    (made / "config").write_text(f"IdentityFile {lab.key}\n")
    (made / "beside").write_text(f"IdentityFile {lab.key}\nUserKnownHostsFile {made / 'known_hosts'}\nBatchMode yes\n")
    return made


async def there_and_back(runtime: Runtime, name: str, beside: Beside, trip: tuple[str, str, str]) -> str:
    """Change a host and take that back; return what is wrong, "" when nothing can be told from before."""
    prepare, command, show = trip
    await beside.sh(f"{CLEAN}; {prepare or ':'}")
    before = await beside.sh(show)
    change = await approved(runtime, command, name)
    if (await runtime.changes.run(change.id)).state is not ChangeState.DONE:
        said = (await runtime.changes.output(change.id, name)).decode()
        return f"{FAILED}: {(await runtime.changes.get(change.id)).outcomes[0].message} {said}"
    if await beside.sh(show) == before:
        return "it did nothing"
    back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
    await runtime.changes.approve(back.id, digest=back.digest)
    if (await runtime.changes.run(back.id)).state is not ChangeState.DONE:
        return f"not taken back: {(await runtime.changes.output(back.id, name)).decode()}"
    after = await beside.sh(show)
    return (
        "\n".join(["another state:", *unified_diff(before.splitlines(), after.splitlines(), n=0)])
        if after != before
        else ""
    )


async def test_operations_on_real_hosts_are_taken_back_to_the_byte(lab: Lab, home: Path, folder: Path) -> None:
    async with opened(home) as runtime:

        async def all_on(host: LabHost, trips: Sequence[tuple[str, str, str]]) -> dict[str, str]:
            await runtime.inventory.add(Target(name=host.name, address=host.address, user="root"))
            beside = Beside(host, folder)
            await beside.sh(FIRST)
            said: dict[str, str] = {}
            for trip in trips:
                said[trip[1]] = await there_and_back(runtime, host.name, beside, trip)
                if said[trip[1]].startswith(FAILED):
                    # A host in a host lets go of a control group (status 219) or of the account files a moment later.
                    said[trip[1]] = await there_and_back(runtime, host.name, beside, trip)
            await beside.sh(f"{CLEAN}; {AS_BEFORE}")
            return said

        many = len(lab.hosts)
        parts = [all_on(host, ROUND_TRIPS[at::many]) for at, host in enumerate(lab.hosts)]
        said = {command: wrong for part in await asyncio.gather(*parts) for command, wrong in part.items()}
    assert [f"{command}: {wrong}" for command, wrong in said.items() if wrong] == []
    assert len(said) >= 60


WANTED = os.environ.get("OPSTERM_TRIPS", "")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("case", further_cases(), ids=str)
async def test_further_operations(lab: Lab, home: Path, folder: Path, case: FurtherCase) -> None:
    program = case.program
    if program not in ON_EVERY_HOST and WANTED not in ("all", program):
        pytest.skip(f"NOT TRIED ON A REAL HOST: OPSTERM_TRIPS=all, OR ={program}, TRIES {program.upper()}")
    async with opened(home) as runtime:
        host = lab.hosts[0]
        beside = Beside(host, folder)
        there = f"command -v {program}"
        if not await beside.sh(f"{there} || {{ {install(program)}; {there}; }}"):
            pytest.skip(f"NOT TRIED: THE HOST HAS NO {program.upper()}, AND COULD NOT INSTALL IT")
        await runtime.inventory.add(Target(name=host.name, address=host.address, user="root"))
        await beside.sh(f"{UNCLAIMED}; {FIRST}")
        said = {trip[1]: await there_and_back(runtime, host.name, beside, trip) for trip in case.trips}
        await beside.sh(f"{UNCLAIMED}; {STOPPED}; {CLEAN}; {AS_BEFORE}")
    assert [f"{command}: {wrong}" for command, wrong in said.items() if wrong] == []
