"""What was run before is suggested where a command is typed; an error on the screen is answered with what helps."""

from __future__ import annotations

from textual.widgets import Input

from opsterm.changes.change import ChangeState
from opsterm.knowledge.command_use import CommandUse
from opsterm.runtime.runtime import Runtime
from opsterm.tui.screens.approval import ApprovalScreen
from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.widgets.suggestions import SuggestionList
from tests.runtime.test_fixes import CARDS
from tests.tui.cockpit import NOW, Sitting, Stage, sitting
from tests.tui.test_shells import Lines, play, shell_on

RAN = ("systemctl status nginx", "systemctl restart nginx", "rm -rf /var/lib/shop", "df -h", "\x1b]52;c;QQ==\x07df")


async def with_history(runtime: Runtime) -> None:
    """Let this operator have run some commands, each three times."""
    uses = [
        CommandUse(actor=runtime.operator.name, command=command, at=NOW - 9000 + 10 * number, ended_well=True)
        for number, command in enumerate(RAN * 3)
    ]
    await runtime.store.command_uses.keep(uses)


async def with_cards(runtime: Runtime) -> None:
    await runtime.knowledge.add(CARDS)


def line(there: Sitting) -> Input:
    return there.app.screen.query_one(Input)


async def test_tab_takes_what_is_suggested_and_nothing_runs_by_itself(stage: Stage) -> None:
    await stage.fill(with_history)
    async with sitting(stage, (100, 30)) as there:
        await there.press("1", "g", "j", "p")
        await there.type("sys")
        await there.until("you ran this 3 times")
        assert "tab takes it" in there.text
        listed = there.app.screen.query_one(SuggestionList)
        first = listed.chosen
        assert first in RAN
        await there.press("down", "tab")
        assert line(there).value in RAN
        assert line(there).value != first
        assert not await there.app.runtime.changes.list([])
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, ApprovalScreen))
        (made,) = await there.app.runtime.changes.list([])
        assert (made.order.command in RAN, made.state) == (True, ChangeState.PROPOSED)


async def test_what_is_risky_is_listed_with_its_grade_and_never_stands_behind_the_cursor(stage: Stage) -> None:
    await stage.fill(with_history)
    async with sitting(stage, (100, 30)) as there:
        await there.press("1", "g", "j", "p")
        await there.type("rm")
        await there.until("CRITICAL")
        await there.settle()
        await there.press("right")
        assert line(there).value == "rm"
        await there.press("ctrl+u")
        await there.type("df")
        await there.until(lambda: there.app.screen.query_one(SuggestionList).chosen == "df -h")
        await there.until(lambda: line(there)._suggestion == "df -h")
        await there.press("right")
        assert line(there).value == "df -h"


async def test_the_chat_ends_a_command_that_is_begun_in_it(stage: Stage) -> None:
    await stage.fill(with_history)
    async with sitting(stage, (100, 30)) as there:
        await there.press("4")
        await there.type("run `df")
        chat = there.app.home.query_one("#chat-line", Input)
        await there.until(lambda: chat._suggestion == "run `df -h")
        await there.press("right")
        assert chat.value == "run `df -h"


async def test_an_error_gets_looks_that_run_at_once_and_steps_that_are_proposed(stage: Stage) -> None:
    await stage.fill(with_cards)
    async with sitting(stage, (100, 30)) as there:
        await there.press("1", "g", "j")
        await there.app.home.run_action("troubleshoot")
        await there.type("gizmo: stuck at 9")
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, ChoiceScreen))
        assert "1. look: The gizmo of the tests is stuck" in there.text
        assert "not tried" in there.text
        await there.press("down", "enter")
        await there.until("What do the words in capitals stand for?")
        assert line(there).value == "NAME="
        await there.press("enter")
        await there.until("Say what NAME is")
        await there.type("made-by-a-change")
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, ApprovalScreen))
        (made,) = await there.app.runtime.changes.list([])
        assert (made.order.command, made.state) == ("touch made-by-a-change", ChangeState.PROPOSED)
        (trial,) = await there.app.runtime.fixes.trials()
        assert (trial.card, trial.step, trial.change) == ("gizmo-stuck", 2, made.id)


async def test_what_a_shell_shows_is_explained_by_a_key_once_it_was_left(furnished: Stage) -> None:
    await furnished.fill(with_cards)
    async with sitting(furnished, (100, 30)) as there:
        lines = Lines()
        play(there, lines)
        await shell_on(there, "web-01")
        lines.lines["web-01"].prints(b"all is well\r\nerror: gizmo: stuck at 9, permission denied\r\n$ ")
        await there.settle()
        await there.press("ctrl+right_square_bracket", "w")
        await there.until("Trouble on web-01")
        assert "look: The gizmo of the tests is stuck" in there.text
