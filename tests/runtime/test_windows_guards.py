"""A Windows host takes a change back by itself unless a fresh log-in confirms it: what is sent, in which order.

No PowerShell runs here; see `tests.adapters.wsman.keepers` for what stands in for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.guard import GuardState, GuardWish, guard_of
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import BadInput, Unguarded
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.simulation import ActKind
from tests.adapters.winrm_stage import Windows
from tests.adapters.wsman.host import Running
from tests.adapters.wsman.keepers import Keepers
from tests.adapters.wsman.soap import Asked, Fault
from tests.runtime.stage import until_async
from tests.runtime.test_windows_targets import reaching, there

__all__ = ["there"]  # a fixture

CHANGE = "Set-ItemProperty -Path HKLM:\\SOFTWARE\\Lab -Name Level -Value 2"
CUTS = "Set-NetFirewallProfile -Profile Domain -DefaultInboundAction Block"


@pytest.fixture
def keepers(there: Windows) -> Keepers:
    made = there.host.powershell = Keepers()
    made[CHANGE] = made[CUTS] = lambda _: 0
    return made


async def guarded(runtime: Runtime, command: str = CHANGE, **wish: object) -> Change:
    """Propose a change with a guard and approve it."""
    change = await runtime.changes.propose(
        Proposal(
            command=command, selector="win-1", shell="powershell", origin="command line",
            guard=GuardWish(**wish),  # type: ignore[arg-type]  # as the test says
        )
    )  # fmt: skip
    return await runtime.changes.approve(change.id, digest=change.digest)


@asynccontextmanager
async def waiting(runtime: Runtime) -> AsyncIterator[tuple[Change, asyncio.Task[Change]]]:
    """A change that is made, and waits for a person."""
    change = await guarded(runtime, seconds=600, by_hand=True)
    running = asyncio.create_task(runtime.changes.run(change.id))

    async def waits() -> bool:
        heard = (await runtime.guards.told(await runtime.changes.get(change.id))).get("win-1")
        return heard is not None and heard.state is GuardState.PENDING

    await until_async(waits)
    try:
        yield change, running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_fresh_log_in_confirms_it(home: Path, there: Windows, keepers: Keepers) -> None:
    async with reaching(home, there) as runtime:
        change = await guarded(runtime, seconds=600)
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        at = there.host.ran.index(CHANGE)
        assert "$step = 'arm'" in there.host.ran[at - 1], "what takes it back was there before anything was changed"
        assert keepers.steps == ["mark", "capture", "arm", "note", "status", "confirm", "unmark"]
        assert there.operations.asked.count("Create") == 2, "it was confirmed over a log-in of its own"
    assert there.operations.shells == {}


async def test_whoever_is_locked_out_finds_it_taken_back(home: Path, there: Windows, keepers: Keepers) -> None:
    refused = 0

    def turned_away(asked: Asked) -> None:
        nonlocal refused
        if asked.word == "Create" and refused < 2:
            refused += 1
            if refused == 2:
                for one in keepers.waiting.values():
                    one.fire()
            raise Fault(5, "Access is denied.")

    def cuts(_: Running) -> int:
        there.operations.intercept = turned_away
        return 0

    keepers[CUTS] = cuts
    async with reaching(home, there) as runtime:
        change = await guarded(runtime, CUTS)
        assert guard_of(change.order).seconds, "what can cut our way is guarded unasked"
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.ROLLED_BACK
        assert "Taken back by the target" in ended.outcomes[0].message
        assert refused == 2


async def test_a_person_gives_more_time_and_comes_too_late(home: Path, there: Windows, keepers: Keepers) -> None:
    async with reaching(home, there) as runtime, waiting(runtime) as (change, running):
        (given,) = await runtime.guards.act(change.id, KeeperStep.EXTEND, seconds=1200)
        assert (given.state, given.fault) == (GuardState.PENDING, "")
        assert 1100 < given.due_at - runtime.clock.now() <= 1201
        for one in keepers.waiting.values():
            one.due = 0.0
        (late,) = await runtime.guards.act(change.id, KeeperStep.CONFIRM)
        assert (late.state, late.fault) == (GuardState.REVERTED, "Too late: win-1 has taken it back.")
        assert (await running).state is ChangeState.ROLLED_BACK


@pytest.mark.parametrize(
    ("step", "state"), [(KeeperStep.CONFIRM, ChangeState.DONE), (KeeperStep.REVERT, ChangeState.ROLLED_BACK)]
)
async def test_a_person_decides(
    home: Path, there: Windows, keepers: Keepers, step: KeeperStep, state: ChangeState
) -> None:
    async with reaching(home, there) as runtime, waiting(runtime) as (change, running):
        await runtime.guards.act(change.id, step)
        assert (await running).state is state
        assert keepers.steps[-1] == "unmark"


async def test_a_boot_takes_it_back(home: Path, there: Windows, keepers: Keepers) -> None:
    async with reaching(home, there) as runtime, waiting(runtime) as (change, running):
        keepers.boot()
        assert (await running).state is ChangeState.ROLLED_BACK
        ended = await runtime.changes.get(change.id)
        assert (await runtime.guards.told(ended))["win-1"].state is GuardState.REVERTED


async def test_what_fails_is_taken_back_at_once(home: Path, there: Windows, keepers: Keepers) -> None:
    keepers[CHANGE] = lambda _: 3
    async with reaching(home, there) as runtime:
        change = await guarded(runtime, seconds=600)
        assert (await runtime.changes.run(change.id)).state is ChangeState.ROLLED_BACK
        assert keepers.steps[3:] == ["note", "revert", "unmark"]


async def test_what_cannot_be_armed_is_not_run(home: Path, there: Windows, keepers: Keepers) -> None:
    keepers.codes["arm"] = 3
    async with reaching(home, there) as runtime:
        change = await guarded(runtime, seconds=600)
        ended = await runtime.changes.run(change.id)
        assert ended.outcomes[0].state is OutcomeState.FAILED
        assert "would not have taken it back by itself" in ended.outcomes[0].message
        assert CHANGE not in there.host.ran


async def test_what_cuts_and_is_not_kept_needs_a_reason(home: Path, there: Windows, keepers: Keepers) -> None:
    async with reaching(home, there) as runtime:
        with pytest.raises(Unguarded, match="would not take all of it back"):
            await guarded(runtime, f"{CUTS}; Disable-NetAdapter -Name Ethernet -Confirm:$false")
        assert keepers.steps == []


async def test_what_belongs_to_one_account_is_not_guarded(home: Path, there: Windows, keepers: Keepers) -> None:
    async with reaching(home, there) as runtime:
        with pytest.raises(BadInput, match="the system account"):
            await guarded(runtime, CHANGE.replace("HKLM:", "HKCU:"), seconds=60)
        assert keepers.steps == []


async def test_another_opsterm_is_seen_to_work_there(home: Path, there: Windows, keepers: Keepers) -> None:
    keepers.marks.append((60, "ana on jump-2", "c7"))
    async with reaching(home, there) as runtime:
        change = await guarded(runtime, seconds=600)
        ended = await runtime.changes.run(change.id)
        assert "claimed by somebody who uses another opsterm" in ended.outcomes[0].message
        assert "c7 of ana on jump-2 runs here since 1 m" in ended.outcomes[0].message
        assert keepers.steps == ["mark"]


async def test_a_simulation_tells_the_steps_apart(home: Path, there: Windows, keepers: Keepers) -> None:
    async with reaching(home, there) as runtime:
        draft = await runtime.changes.draft(
            Proposal(command=CUTS, selector="win-1", shell="powershell", origin="command line")
        )
        found = await runtime.simulated(draft, failing=())
        kinds = [str(act.kind) for act in found.acts if act.kind is not ActKind.CONNECT]
        assert kinds == ["keep", "arm", "run", "note", "confirm"]
        assert keepers.steps == []
