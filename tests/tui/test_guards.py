"""A change that its target takes back unless it is confirmed: asked for, counted down and decided on the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.guard import Guard, guard_of
from opsterm.policy.level import RiskLevel
from tests.tui.cockpit import Sitting, Stage, sitting
from tests.tui.test_approving import GUARD_S, change, propose

LOCKS_OUT, NEVER_BACK = "systemctl stop ssh", "poweroff"


@dataclass(frozen=True)
class Conf:
    """A file that changes change."""

    read: Callable[[], str]
    write: str


@pytest.fixture
def conf(tmp_path: Path) -> Conf:
    made = tmp_path / "conf"
    made.write_text("before\n")
    return Conf(read=made.read_text, write=f"echo after > {made}")


async def guarded(there: Sitting, stage: Stage, deadline: str) -> None:
    """Ask with g for the guard of what is proposed; the change that takes its place is on the screen then."""
    stage.clock.advance(GUARD_S)
    await there.press("g")
    assert "5m by hand" in there.text
    await there.press("ctrl+u")
    await there.type(deadline)
    await there.press("enter")
    await there.until("Approve change c2")
    stage.clock.advance(GUARD_S)


async def test_g_asks_for_the_guard_and_takes_it_away(stage: Stage, conf: Conf) -> None:
    async with sitting(stage) as there:
        await propose(there, conf.write)
        stage.clock.advance(GUARD_S)
        await there.press("g", "ctrl+u")
        await there.type("2s")
        await there.press("enter")
        await there.until("A target waits 5 s to 1 h")
        await there.press("ctrl+u")
        await there.type("90s")
        await there.press("enter")
        await there.until("Approve change c2")
        new, old = await change(there, 2), await change(there)
        assert (guard_of(new.order), old.state) == (Guard(seconds=90), ChangeState.DENIED)
        assert old.decision_note == "replaced by c2"
        assert "unless a fresh log-in confirms it within 90 s" in " ".join(there.text.replace("┃", "").split())
        stage.clock.advance(GUARD_S)
        await there.press("g")
        await there.until("Approve change c3")
        assert guard_of((await change(there, 3)).order) == Guard()


async def test_what_locks_out_is_guarded_and_a_reason_takes_that_away(stage: Stage) -> None:
    async with sitting(stage, (100, 30)) as there:
        await propose(there, LOCKS_OUT)
        assert "g no guard" in there.text
        assert "the target takes it back by itself" in there.text
        stage.clock.advance(GUARD_S)
        await there.press("g")
        assert "Why does it run without?" in there.text
        await there.press("enter")
        assert "An empty line says nothing" in there.text
        await there.type("the console is open")
        await there.press("enter")
        await there.until("Approve change c2")
        assert "NOT GUARDED" in there.text
        new = await change(there, 2)
        assert (new.risk.level, guard_of(new.order).unguarded) == (RiskLevel.CRITICAL, "the console is open")


async def test_what_cannot_be_taken_back_is_proposed_with_a_reason(stage: Stage) -> None:
    async with sitting(stage, (100, 30)) as there:
        await there.press("1", "slash", "ctrl+u")
        await there.type("localhost")
        await there.press("enter", "g", "p")
        await there.type(NEVER_BACK)
        await there.press("enter")
        await there.until("Why does it run without a guard?")
        assert await there.app.runtime.changes.list() == []
        await there.type("it is replaced")
        await there.press("enter")
        await there.until("Approve change c1")
        assert guard_of((await change(there)).order).unguarded == "it is replaced"


async def test_what_waits_is_counted_down_and_kept_with_a_key(stage: Stage, conf: Conf) -> None:
    async with sitting(stage, (100, 30)) as there:
        await propose(there, conf.write)
        await guarded(there, stage, "10m by hand")
        await there.press("a")
        await there.until("unless it is confirmed: opsterm confirm c2")
        assert "The fresh log-in worked after" in " ".join(there.text.replace("┃", "").split())
        assert "c confirm · + more time · u take back · X stop" in there.text
        await there.press("c")
        await there.until("1 done")
        assert ((await change(there, 2)).state, conf.read()) == (ChangeState.DONE, "after\n")


async def test_how_the_checks_went_stands_beside_the_countdown(stage: Stage, conf: Conf) -> None:
    async with sitting(stage, (100, 30)) as there:
        await propose(there, conf.write)
        await guarded(there, stage, "10m by hand")
        await there.press("V", "ctrl+u")
        await there.type("command:true")
        await there.press("enter")
        await there.until("Approve change c3")
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("unless it is confirmed: opsterm confirm c3")
        said = "The checks hold: command:true: holds."
        await there.until(lambda: said in " ".join(there.text.replace("┃", "").split()))
        await there.press("c")
        await there.until("1 done")


async def test_what_waits_gets_more_time_and_is_taken_back_with_a_key(stage: Stage, conf: Conf) -> None:
    async with sitting(stage, (100, 30)) as there:
        await propose(there, conf.write)
        await guarded(there, stage, "10m by hand")
        await there.press("a")
        await there.until("unless it is confirmed: opsterm confirm c2")
        await there.press("plus", "ctrl+u")
        await there.type("50m")
        await there.press("enter")
        await there.until(lambda: "in 2999 s" in there.text or "in 3000 s" in there.text)
        await there.press("u")
        await there.until("rolled back")
        assert ((await change(there, 2)).state, conf.read()) == (ChangeState.ROLLED_BACK, "before\n")
