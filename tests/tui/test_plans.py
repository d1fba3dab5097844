"""A plan on the screen: its steps at a glance before it is approved, which one is at work, and how it ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

from opsterm.changes.change import ChangeState
from opsterm.changes.verification import OnFailure, verification_of
from tests.tui.cockpit import Sitting, Stage, sitting
from tests.tui.test_approving import GUARD_S, change, propose

PLAN = """
on = "localhost"
verify = ["command:true"]
[[step]]
title = "make a file"
command = "echo one > {place}/made"
verify = ["command:true"]
[[step]]
title = "wait for a sign"
command = "while ! test -e {place}/sign; do sleep 0.05; done"
"""


async def opened_plan(there: Sitting, place: Path) -> None:
    file = place / "plan.toml"
    await asyncio.to_thread(file.write_text, PLAN.format(place=place))
    runtime = there.app.runtime
    await runtime.changes.propose(await runtime.plans.proposal(str(file), origin="command line"))
    await there.settle()
    await there.press("6", "enter")
    await there.until("Approve change c1")


async def test_steps_are_seen_before_and_while_they_run(stage: Stage, tmp_path: Path) -> None:
    async with sitting(stage) as there:
        await opened_plan(there, tmp_path)
        assert any(line.strip(" │┃║").startswith("what      1 make a file;") for line in there.lines), there.text
        assert "2 wait for a sign;" in there.text
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("localhost: step 2 of 2, wait for a sign")
        await asyncio.to_thread((tmp_path / "sign").touch)
        await there.until("1 done")
        await there.until("Verified: command:true: holds.")
        assert (await change(there)).state is ChangeState.DONE


async def test_s_shows_what_would_be_done(stage: Stage, tmp_path: Path) -> None:
    async with sitting(stage) as there:
        await opened_plan(there, tmp_path)
        await there.press("s")
        await there.until("Nothing was sent.")
        await there.until("echo one >")
        await there.press("escape")
        assert (await change(there)).state is ChangeState.PROPOSED
        assert not await asyncio.to_thread((tmp_path / "made").exists)


async def test_what_is_looked_at_afterwards_is_asked_for_with_a_key(stage: Stage, tmp_path: Path) -> None:
    async with sitting(stage) as there:
        await propose(there, f"touch {tmp_path}/made")
        stage.clock.advance(GUARD_S)
        await there.press("V")
        assert "rollback" in there.text
        await there.press("ctrl+u")
        await there.type("unit:a b c")
        await there.press("enter")
        await there.until("is no check")
        await there.press("ctrl+u")
        await there.type("command:true; rollback")
        await there.press("enter")
        await there.until("Approve change c2")
        asked = verification_of((await change(there, 2)).order)
        assert (list(map(str, asked.checks)), asked.on_failure) == (["command:true"], OnFailure.ROLLBACK)
        assert (await change(there)).state is ChangeState.DENIED
