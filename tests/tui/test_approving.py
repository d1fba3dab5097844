"""A change on the screen, from the proposal to its output: what approves, what never does, and what is seen."""

from __future__ import annotations

import pytest

from opsterm.changes.change import Change, ChangeState
from opsterm.runtime.proposal import Proposal
from opsterm.tui.screens.approval import ApprovalScreen
from tests.tui.cockpit import Sitting, Stage, sitting

LOW, HIGH = "uptime", "touch made-by-a-change"
GUARD_S = 0.5


async def propose(there: Sitting, command: str, *, on: str = "localhost") -> None:
    """Propose a command with the keys of the screen; the approval screen is open then."""
    await there.press("1", "slash", "ctrl+u")
    await there.type(on)
    await there.press("enter", "g", "p")
    await there.type(command)
    await there.press("enter")
    assert isinstance(there.app.screen, ApprovalScreen), there.text


def shown(there: Sitting) -> Change:
    assert isinstance(there.app.screen, ApprovalScreen), there.text
    return there.app.screen.change


async def change(there: Sitting, number: int = 1) -> Change:
    return await there.app.runtime.changes.get(number)


async def test_keys_typed_ahead_decide_nothing(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, LOW)
        await there.press("a", "enter", "d", "y", "x")
        assert (await change(there)).state is ChangeState.PROPOSED
        stage.clock.advance(0.39)
        await there.press("a")
        assert (await change(there)).state is ChangeState.PROPOSED
        stage.clock.advance(0.02)
        await there.press("a")
        await there.until("1 done")


async def test_a_low_risk_takes_one_key_runs_and_shows_the_output(stage: Stage) -> None:
    async with sitting(stage, (100, 30)) as there:
        await propose(there, "echo seen by the operator")
        stage.clock.advance(GUARD_S)
        assert "a approve" in there.text
        await there.press("a")
        await there.until("seen by the operator")
        await there.until("1 done")
        assert "approve" not in there.lines[-2]
        kept = await change(there)
        assert (kept.state, kept.decided_by) == (ChangeState.DONE, "ana")
        await there.press("escape", "6")
        assert "done" in there.text


async def test_enter_alone_never_approves(stage: Stage) -> None:
    async with sitting(stage) as there:
        for number, command in enumerate((LOW, HIGH), 1):
            await propose(there, command)
            stage.clock.advance(GUARD_S)
            await there.press("enter")
            assert "Deny this change?" in there.text, "the default is deny, and it asks"
            await there.press("enter")
            assert (await change(there, number)).state is ChangeState.PROPOSED
            await there.press("escape")


async def test_a_high_risk_takes_the_number_of_targets(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await propose(there, "reboot", on="db-main-[1-3]")
        furnished.clock.advance(GUARD_S)
        assert "3 enter approve" in there.text
        await there.press("a")
        assert "one key alone is not enough" in there.text
        await there.press("4", "enter")
        assert "That is not the number of targets." in there.text
        assert (await change(there)).state is ChangeState.PROPOSED
        await there.press("3", "backspace", "3")
        assert "approve: 3_" in there.text
        await there.press("enter")
        assert (await change(there)).approved_digest != ""
        await there.until(lambda: "3 unreachable" in there.text)


async def test_denying_and_editing(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, HIGH)
        stage.clock.advance(GUARD_S)
        await there.press("e")
        assert HIGH in there.text
        await there.type("-2")
        await there.press("enter")
        await there.until("Approve change c2")
        assert f"{HIGH}-2" in there.text
        old = await change(there)
        assert (old.state, old.decision_note) == (ChangeState.DENIED, "replaced by c2")
        await there.press("d")
        assert (await change(there, 2)).state is ChangeState.PROPOSED, "the edited one is guarded anew"
        stage.clock.advance(GUARD_S)
        await there.press("d")
        assert (await change(there, 2)).state is ChangeState.DENIED
        assert not (stage.paths.home / "made-by-a-change").exists()


async def test_the_safer_form_is_shown_and_one_key_takes_it_as_a_change_of_its_own(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, "rm /srv/old.log")
        stage.clock.advance(GUARD_S)
        await there.press("pagedown", "pagedown")
        assert "- rm /srv/old.log" in there.text, there.text
        assert "+ mkdir -m 700 -- /srv/.removed-" in there.text
        assert "m takes it instead" in there.text
        await there.press("m")
        await there.until("Approve change c2")
        old, new = await change(there), await change(there, 2)
        assert "mv -- /srv/old.log" in new.order.command
        assert (old.state, old.decision_note) == (ChangeState.DENIED, "replaced by c2")
        assert new.state is ChangeState.PROPOSED
        stage.clock.advance(GUARD_S)
        await there.press("m")
        assert "No safer form of this command is known." in there.text


async def test_esc_decides_later_and_another_face_may_decide(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, HIGH)
        await there.press("escape")
        await there.until("1 approval waits [6]")
        await there.press("6", "enter")
        await there.until("Approve change c1")
        await there.app.runtime.changes.deny(1, note="from the command line")
        await there.until("denied")
        stage.clock.advance(GUARD_S)
        await there.press("1", "enter", "a")
        assert (await change(there)).state is ChangeState.DENIED


async def test_a_running_change_is_stopped_after_asking(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, "sleep 600")
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("X stop")
        await there.press("X", "n")
        assert (await change(there)).state is ChangeState.RUNNING
        await there.press("X", "y")
        await there.until("Change c1 · cancelled")
        assert (await change(there)).state is ChangeState.CANCELLED


async def test_leaving_asks_while_a_change_runs(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, "sleep 600")
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("X stop")
        await there.press("escape", "q")
        await there.until("Leave anyway?")
        await there.press("n")
        assert there.app.is_running
        await there.press("q", "y")
        await there.until(lambda: not there.app.is_running)


async def test_an_expired_change_is_not_approved_and_it_is_said(stage: Stage) -> None:
    async with sitting(stage, (100, 30)) as there:
        await propose(there, LOW)
        stage.clock.advance(3600)
        await there.press("a")
        await there.until("expired")
        assert (await change(there)).state is not ChangeState.DONE


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_a_long_command_is_all_there_to_read(stage: Stage, size: tuple[int, int]) -> None:
    """What is approved is read in full: what does not fit can be scrolled to."""
    command = "echo " + " ".join(f"word-{number:03d}" for number in range(60))
    async with sitting(stage, size) as there:
        made = await there.app.runtime.changes.propose(
            Proposal(command=command, selector="localhost", origin="command line")
        )
        await there.press("6")
        await there.until(made.name)
        await there.press("enter")
        seen = set()
        for _ in range(12):
            seen |= {word for word in command.split() if word in there.text}
            await there.press("pagedown")
        assert seen == set(command.split())
        assert "esc later" in there.text


async def test_a_change_that_ended_shows_how_wherever_it_was_scrolled(stage: Stage) -> None:
    """Approve where a long command fills the screen: the end of the change brings its result into sight."""
    words = " ".join(f"word-{number:03d}" for number in range(250))
    async with sitting(stage) as there:
        await propose(there, f"true {words}; false; touch {stage.paths.home}/made; exit 3")
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("result    1 failed")


async def look(there: Sitting, command: str, *, on: str) -> None:
    """Look at the first and the last line of a filtered inventory with the keys of the screen."""
    await there.press("1", "slash", "ctrl+u")
    await there.type(on)
    await there.press("enter", "g", "space", "G", "space", "x")
    await there.type(command)
    await there.press("enter")


async def test_what_only_reads_runs_without_being_asked_about(stage: Stage) -> None:
    async with sitting(stage, (100, 30)) as there:
        await look(there, "echo seen at once", on="localhost")
        await there.until("1 done")
        await there.until("seen at once")
        assert (await change(there)).decided_by == "opsterm policy"
        await there.press("escape")
        await look(there, HIGH, on="localhost")
        await there.until("Approve change c2")
        assert (await change(there, 2)).state is ChangeState.PROPOSED


async def test_the_odd_ones_become_the_filter_with_one_key(furnished: Stage) -> None:
    async with sitting(furnished, (100, 30)) as there:
        await look(there, "echo here", on="db-main-[1-3] or localhost")
        await there.until("f filters the inventory to the odd ones: localhost")
        assert "3 unreachable" in there.text
        await there.until("localhost (1 target) · exit 0 · compared with the most")
        await there.until("+ here")
        await there.press("f")
        assert not isinstance(there.app.screen, ApprovalScreen)
        assert "1 of" in there.text
        assert "/ localhost" in there.text


async def test_facts_and_output_can_both_be_read_to_their_ends(stage: Stage) -> None:
    """On the smallest screen, too: tab says which of them the keys scroll."""
    words = " ".join(f"word-{number:03d}" for number in range(40))
    async with sitting(stage) as there:
        await propose(there, f"seq 1 50; printf '%0200d-the-end\\n' 7 # {words}")
        stage.clock.advance(GUARD_S)
        for _ in range(6):
            await there.press("pagedown")
        await there.press("a")
        await there.until("1 done")
        await there.until(lambda: "tab facts" in there.text)
        await there.until("0" * 60)
        await there.press(*["right"] * 30)
        assert "7-the-end" in there.text, there.text
        await there.press(*["left"] * 30, *["pageup"] * 15)
        await there.until(lambda: any(line.strip("┃ ") == "1" for line in there.lines))
        await there.press("tab", *["pagedown"] * 6)
        assert "digest" in there.text
        assert "approved" in there.text
        assert "tab output" in there.text
        await there.press(*["up"] * 60)
        assert "what " in there.text


async def test_output_is_shown_to_its_end_however_long_it_is(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, "touch big; seq 1000000 1400000")
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until(lambda: (shown(there).ended_at or 0) > 0)
        kept = (await change(there)).outcomes[0].kept_bytes
        assert kept > 1_000_000
        await there.press("escape", "6", "enter")
        last = str(1_000_000 + kept // 8 - 1)  # eight bytes a line
        await there.until(lambda: any(line.strip("┃ ▇█") == last for line in there.lines))


async def test_keys_of_lists_do_nothing_while_nothing_has_the_focus(stage: Stage) -> None:
    async with sitting(stage, (100, 30)) as there:
        await propose(there, "echo seen by the operator")
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("1 done")
        there.app.screen.set_focus(None)
        await there.press("G", "g", "j", "k", "v")
        assert "1 done" in there.text
