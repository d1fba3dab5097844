"""The approval screen shows what a change would do before it is approved, and asks more where it can cut us off."""

from __future__ import annotations

from pathlib import Path

from opsterm.changes.change import ChangeState
from tests.tui.cockpit import Stage, sitting
from tests.tui.test_approving import GUARD_S, change, propose


async def test_what_would_be_deleted_stands_on_the_screen(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "old-file").write_text("12345")
    async with sitting(stage, (140, 40)) as there:
        await propose(there, f"rm -rf {tmp_path}/old-file")
        await there.until("It would delete 1 file, 5 B in all.")
        assert "Move it aside on the same file system" in there.text
        assert (tmp_path / "old-file").exists()


async def test_a_change_that_can_cut_our_way_takes_the_name_of_the_target(stage: Stage) -> None:
    async with sitting(stage, (140, 40)) as there:
        await propose(there, "ip link set dummy-of-tests down")
        assert "it can cut our way in, and nothing undoes it: type localhost to approve" in there.text
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.type("another")
        await there.press("enter")
        assert "That is not its name." in there.text
        assert (await change(there)).state is ChangeState.PROPOSED
