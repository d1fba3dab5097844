"""A change on a Windows host is kept before and taken back after, over the line that carries it: a scripted keeper.

No PowerShell runs here: what stands in for the host tells what the keeper would, so that the order of the steps, the
bytes that arrive and what follows from each answer are seen.
"""

from __future__ import annotations

from pathlib import Path

from opsterm.changes.change import ChangeState, OutcomeState
from opsterm.changes.events import ChangeCaptured
from opsterm.runtime.rollbacks import RollbackWish
from tests.adapters.winrm_stage import Windows
from tests.adapters.wsman.host import Running
from tests.adapters.wsman.keepers import Keepers
from tests.runtime.test_windows_targets import ran, reaching, there

__all__ = ["there"]  # a fixture


CHANGE = "Set-ItemProperty -Path HKLM:\\SOFTWARE\\Lab -Name Level -Value 2"


def _sets(running: Running) -> int:
    running.say("set\r\n")
    return 0


async def test_what_it_touches_is_kept_before_and_put_back_after(home: Path, there: Windows) -> None:
    keepers = there.host.powershell = Keepers()
    keepers[CHANGE] = _sets
    async with reaching(home, there) as runtime:
        change, said = await ran(runtime, CHANGE, "powershell")
        assert (change.state, said) == (ChangeState.DONE, b"set\r\n"), change.outcomes
        assert keepers.steps == ["mark", "capture", "note", "unmark"]
        assert len(keepers.texts[0]) > 8_191, "longer than a line of cmd: it came on standard input, whole"
        told = [fact.event for fact in await runtime.store.journal.search(kinds=[ChangeCaptured.kind])]
        assert [one.things for one in told if isinstance(one, ChangeCaptured)] == [
            ("registry HKLM:\\SOFTWARE\\Lab\\Level",)
        ]
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        assert (await runtime.changes.run(back.id)).state is ChangeState.DONE
        assert keepers.steps[-1] == "restore"
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK


async def test_what_cannot_be_kept_is_not_run(home: Path, there: Windows) -> None:
    keepers = there.host.powershell = Keepers(codes={"capture": 3})
    async with reaching(home, there) as runtime:
        change, _ = await ran(runtime, CHANGE, "powershell")
        assert change.outcomes[0].state is OutcomeState.FAILED
        assert "there is no room" in change.outcomes[0].message
        assert CHANGE not in there.host.ran
        assert keepers.steps == ["mark", "capture", "unmark"]


async def test_what_is_not_proven_to_be_back_is_a_rollback_that_failed(home: Path, there: Windows) -> None:
    keepers = there.host.powershell = Keepers(codes={"restore": 5})
    keepers[CHANGE] = lambda _: 0
    async with reaching(home, there) as runtime:
        change, _ = await ran(runtime, CHANGE, "powershell")
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        assert (await runtime.changes.run(back.id)).state is ChangeState.FAILED
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLBACK_FAILED
