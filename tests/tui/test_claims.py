"""Who is changing which target, on the screen: a claim of one's own, and what is asked beside somebody else's."""

from __future__ import annotations

from opsterm.changes.change import ChangeState
from opsterm.runtime.runtime import Runtime
from opsterm.tui.screens.approval import ApprovalScreen
from opsterm.tui.screens.choice import ChoiceScreen
from tests.tui.cockpit import Sitting, Stage, sitting
from tests.tui.test_approving import GUARD_S, change, propose


async def as_ben(stage: Stage, *, release: bool = False) -> None:
    """Let somebody else claim this host, or give that up."""

    async def work(runtime: Runtime) -> None:
        if release:
            await runtime.claims.release("localhost")
        else:
            await runtime.claims.take("localhost", for_s=3600, reason="new kernel")

    stage.who = "ben"
    await stage.fill(work)
    stage.who = "ana"


async def approve(there: Sitting, stage: Stage) -> None:
    """Propose a change of this host and approve it."""
    await propose(there, "touch made-by-a-change")
    assert "new kernel" in there.text, "it is said before anybody decides"
    stage.clock.advance(GUARD_S + 1)
    await there.press("a")
    await there.until("Claimed by others: c1")
    assert isinstance(there.app.screen, ChoiceScreen)
    assert "ben" in there.text
    assert (await change(there)).state is ChangeState.APPROVED


async def test_somebody_says_why_and_it_runs_beside_the_claim(stage: Stage) -> None:
    await as_ben(stage)
    async with sitting(stage, (100, 30)) as there:
        await approve(there, stage)
        await there.press("down", "enter")
        await there.until("Why all the same?")
        await there.press("enter")
        assert "Say why." in there.text
        await there.type("ben knows")
        await there.press("enter")
        await there.until("1 done")


async def test_it_waits_and_runs_when_the_claim_is_gone(stage: Stage) -> None:
    await as_ben(stage)
    async with sitting(stage, (100, 30)) as there:
        await approve(there, stage)
        await there.press("enter")
        await there.until("It runs when this is over")
        await as_ben(stage, release=True)
        await there.until("1 done")


async def test_who_leaves_the_question_can_run_it_later(stage: Stage) -> None:
    await as_ben(stage)
    async with sitting(stage, (100, 30)) as there:
        await approve(there, stage)
        await there.press("escape")
        assert isinstance(there.app.screen, ApprovalScreen)
        assert "does not run: others have claimed" in there.text
        assert (await change(there)).state is ChangeState.APPROVED
        await as_ben(stage, release=True)
        await there.press("x")
        await there.until("1 done")


async def test_a_target_is_claimed_by_a_key_and_given_up_by_the_same(stage: Stage) -> None:
    async with sitting(stage, (140, 40)) as there:
        await there.press("1", "g", "j", "C")
        await there.until("For how long, and why?")
        await there.press("ctrl+u")
        await there.type("2h new kernel")
        await there.press("enter")
        await there.until("claimed by ana")
        await there.press("escape", "enter")
        await there.until("Claimed by ana 0 s ago, for 2 h more: new kernel.")
        await there.press("C")
        await there.until("Give that up?")
        await there.press("y")
        await there.press("escape")
        await there.until("claimed no more")
