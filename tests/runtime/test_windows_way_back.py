"""A change on a Windows host is kept before and taken back after, over the line that carries it: a scripted keeper.

No PowerShell runs here: what stands in for the host tells what the keeper would, so that the order of the steps, the
bytes that arrive and what follows from each answer are seen.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState, OutcomeState
from opsterm.changes.events import ChangeCaptured
from opsterm.changes.guard import GuardWish
from opsterm.core.errors import BadInput
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.rollbacks import RollbackWish
from tests.adapters.winrm_stage import Windows
from tests.adapters.wsman.host import Running, Script
from tests.runtime.test_windows_targets import ran, reaching, there

__all__ = ["there"]  # a fixture


class Keepers(dict[str, Script]):
    """Scripts of the host: whatever keeps is answered, step by step, with an exit code each."""

    def __init__(self, **codes: int) -> None:
        super().__init__()
        self.codes = {"capture": 0, "note": 0, "restore": 0, **codes}
        self.steps: list[str] = []
        self.texts: list[str] = []

    def __contains__(self, script: object) -> bool:
        return "function Invoke-Keeper" in str(script) or super().__contains__(script)

    def __getitem__(self, script: str) -> Script:
        if "function Invoke-Keeper" not in script:
            return super().__getitem__(script)
        step = next(name for name in self.codes if f"$step = '{name}'" in script)
        self.steps.append(step)
        self.texts.append(script)

        def answer(running: Running) -> int:
            told = "kept\t1\t4\tAB" if self.codes[step] == 0 else "failed\t1\tthere is no room"
            running.say(f"{told}\r\n")
            return self.codes[step]

        return answer


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
        assert keepers.steps == ["capture", "note"]
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
    keepers = there.host.powershell = Keepers(capture=3)
    async with reaching(home, there) as runtime:
        change, _ = await ran(runtime, CHANGE, "powershell")
        assert change.outcomes[0].state is OutcomeState.FAILED
        assert "there is no room" in change.outcomes[0].message
        assert CHANGE not in there.host.ran
        assert keepers.steps == ["capture"]


async def test_what_is_not_proven_to_be_back_is_a_rollback_that_failed(home: Path, there: Windows) -> None:
    keepers = there.host.powershell = Keepers(restore=5)
    keepers[CHANGE] = lambda _: 0
    async with reaching(home, there) as runtime:
        change, _ = await ran(runtime, CHANGE, "powershell")
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        assert (await runtime.changes.run(back.id)).state is ChangeState.FAILED
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLBACK_FAILED


async def test_a_windows_host_is_not_said_to_take_it_back_by_itself(home: Path, there: Windows) -> None:
    async with reaching(home, there) as runtime:
        with pytest.raises(BadInput, match="could not take this back"):
            await runtime.changes.propose(
                Proposal(
                    command=CHANGE,
                    selector="win-1",
                    shell="powershell",
                    origin="command line",
                    guard=GuardWish(seconds=60),
                )
            )
