"""A jump host whose disk is full changes nothing on a target that it could not tell of afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import OpstermError
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import approved
from tests.runtime.stage import opened
from tests.storage.test_disk import LATER, SmallDisk, disk

__all__ = ["disk"]  # a fixture


async def refused(runtime: Runtime, change: Change) -> str:
    """Run what cannot be run; return what is said of it."""
    try:
        ended = await runtime.changes.run(change.id)
    except OpstermError as error:
        return str(error)
    assert ended.outcomes[0].state is OutcomeState.FAILED
    return ended.outcomes[0].message


async def test_nothing_is_run_while_the_disk_of_the_jump_host_is_full(
    disk: SmallDisk, tmp_path: Path, clock: StoppedClock
) -> None:  # fmt: skip
    place = tmp_path / "conf"
    place.write_text("before\n")
    (tmp_path / "points").mkdir()
    (disk.at / "points").symlink_to(tmp_path / "points")  # what is kept on the target has a disk of its own
    async with opened(disk.at, clock=clock) as runtime:
        change = await approved(runtime, f"echo after > {place}")
        await asyncio.to_thread(disk.fill)
        assert "full" in await refused(runtime, change)
        assert place.read_text() == "before\n"
        await asyncio.to_thread(disk.empty)
        clock.advance(LATER)
        again = await approved(runtime, f"echo after > {place}")
        assert (await runtime.changes.run(again.id)).state is ChangeState.DONE
        assert place.read_text() == "after\n"
