"""The dialogs above the home screen, by their keys: lists to choose from, and lines to type in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.css.query import NoMatches
from textual.widgets import Static
from textual.worker import WorkerFailed

from opsterm.core.settings_reading import load_settings
from opsterm.policy.order import RunAs
from opsterm.tui.screens.approval import ApprovalScreen
from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.screens.dialog import Dialog
from opsterm.tui.standing import while_it_stands
from opsterm.tui.widgets.row_table import RowTable
from tests.tui.cockpit import STILL, Sitting, Stage, sitting


async def open_by_name(there: Sitting, name: str) -> None:
    """Open a dialog through the palette."""
    await there.press("colon")
    await there.type(name)
    await there.press("enter")


def cursor(there: Sitting) -> str:
    return there.app.screen.query_one(RowTable).cursor_key or ""


class Leaf(Static):
    """A part that says when it is gone."""

    def __init__(self) -> None:
        super().__init__("", id="there")
        self.gone = asyncio.Event()

    def on_unmount(self) -> None:
        self.gone.set()


class Asking(Dialog[None]):
    """Asks for one of its parts when it is told to."""

    def __init__(self, part: str) -> None:
        super().__init__("Asking")
        self.leaf = Leaf()
        self.part = part
        self.now = self.leaf.gone

    def compose(self) -> ComposeResult:
        with self.box():
            yield self.leaf

    async def look(self) -> None:
        await self.now.wait()
        self.query_one(self.part)


@pytest.mark.parametrize("closing", ["the dialog", "the program"])
async def test_work_of_a_closing_dialog_may_miss_its_parts(closing: str) -> None:
    app: App[None] = App()
    dialog = Asking("#there")
    async with app.run_test():
        await app.push_screen(dialog)
        dialog.begin(dialog.look, group="look")
        if closing == "the dialog":
            dialog.dismiss()
            await app.workers.wait_for_complete()
    assert dialog.leaf.gone.is_set()


class Shown(Asking):
    """Shows something of its part whenever it is told to."""

    @while_it_stands
    def show(self) -> None:
        self.query_one(self.part)


async def test_what_a_closing_dialog_shows_later_may_miss_its_parts() -> None:
    app: App[None] = App()
    dialog = Shown("#elsewhere")
    async with app.run_test():
        await app.push_screen(dialog)
        with pytest.raises(NoMatches):
            dialog.show()
        await dialog.dismiss()
        dialog.show()
        dialog.now.set()


async def test_work_of_a_standing_dialog_may_not_miss_a_part() -> None:
    async def miss_it() -> None:
        app: App[None] = App()
        dialog = Asking("#elsewhere")
        async with app.run_test():
            await app.push_screen(dialog)
            dialog.begin(dialog.look, group="look")
            dialog.now.set()
            await app.workers.wait_for_complete()

    with pytest.raises(WorkerFailed):
        await miss_it()


LISTS = ["theme", "settings", "import targets"]


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_in_a_dialog_moves_with_the_keys_of_lists(stage: Stage, name: str) -> None:
    async with sitting(stage) as there:
        await open_by_name(there, name)
        first = cursor(there)
        await there.press("j")
        second = cursor(there)
        assert first != second
        await there.press("k")
        assert cursor(there) == first
        await there.press("G")
        assert cursor(there) not in (first, second)
        await there.press("g", "pagedown", "pageup")
        assert cursor(there) == first


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_a_key_takes_the_line_under_the_cursor(stage: Stage, key: str) -> None:
    async with sitting(stage) as there:
        await open_by_name(there, "theme")
        await there.press("G", "k")
        wanted = cursor(there)
        await there.press(key)
        assert there.app.screen is there.app.home
        assert there.app.theme == wanted


async def test_space_marks_where_several_may_be_chosen(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("2", "enter")
        await there.until("space marks")
        table = there.app.screen.query_one(RowTable)
        before = table.marked
        await there.press("g", "space")
        assert isinstance(there.app.screen, ChoiceScreen)
        assert len(before ^ table.marked) == 1
        await there.press("enter")
        assert len(there.app.screen_stack) == 2, "the opening screen and home"


async def test_the_line_of_a_list_is_gone_to_and_left_by_key(stage: Stage) -> None:
    async with sitting(stage) as there:
        await open_by_name(there, "theme")
        await there.press("slash")
        assert there.focus == "choice-filter"
        first = cursor(there)
        await there.press("down")
        assert cursor(there) != first
        await there.press("up", "pagedown", "pageup")
        assert cursor(there) == first
        await there.type("day")
        assert cursor(there) == "day"
        await there.press("tab")
        assert there.focus == "choice-table"
        await there.press("shift+tab", "enter")
        assert there.app.theme == "day"


PASSPHRASE = "a long passphrase"


async def make_vault(there: Sitting) -> None:
    await open_by_name(there, "unlock vault")
    await there.type(PASSPHRASE)
    await there.press("enter")


async def test_a_wrong_passphrase_stays_in_the_prompt(stage: Stage) -> None:
    async with sitting(stage) as there:
        await make_vault(there)
        await there.type("a long passfrase")
        await there.press("enter")
        assert "not the passphrase that was typed before" in " ".join(there.text.split())
        await there.type(PASSPHRASE)
        await there.press("enter")
        await there.until("The vault is open for this session.")
    async with sitting(stage) as there:
        await open_by_name(there, "unlock vault")
        for wrong in ("p wrong", "q again"):
            await there.type(wrong)
            await there.press("enter")
            await there.until("does not open the vault")
            assert there.focus == "prompt-line"
        await there.type(PASSPHRASE)
        await there.press("enter")
        await there.until("The vault is open for this session.")
        assert await there.app.runtime.changes.list() == []


async def test_esc_keeps_a_command_for_the_next_time(stage: Stage) -> None:
    async with sitting(stage) as there:
        await there.press("p")
        await there.type("systemctl restart ngi")
        await there.press("escape", "p")
        await there.type("nx")
        assert "systemctl restart nginx" in there.text
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, ApprovalScreen))
        await there.press("escape", "p")
        assert "systemctl restart nginx" not in there.text


async def test_a_command_can_be_proposed_as_root_by_sudo(stage: Stage) -> None:
    async with sitting(stage) as there:
        await there.press("p")
        await there.type("systemctl restart nginx")
        assert "[ ] ctrl+r as root by sudo" in there.text
        await there.press("ctrl+r", "ctrl+t", "ctrl+l", "ctrl+t")
        for said in ("[x] ctrl+r as root by sudo", "[x] ctrl+l log-in shell", "[ ] ctrl+t on a terminal"):
            assert said in there.text
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, ApprovalScreen))
        assert "sh as a log-in shell · as root by sudo, logged in as yourself" in there.text
        assert "It runs as root by sudo." in there.text
        assert (await there.app.runtime.changes.list())[0].order.run_as == RunAs(become="root", login=True)


async def test_esc_keeps_the_fields_of_a_target_and_a_refused_target_stays(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("plus")
        await there.type("web-01")
        await there.press("tab")
        await there.type("192.0.2.77")
        await there.press("enter")
        await there.settle()
        assert "192.0.2.77" in there.text, "there is a web-01 already"
        assert there.app.screen is not there.app.home
        await there.press("escape", "plus")
        assert "192.0.2.77" in there.text
        await there.type("-new")
        await there.press("enter")
        await there.until(lambda: there.app.screen is there.app.home)
        await there.press("plus")
        assert "192.0.2.77" not in there.text


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file where the stage's settings name it."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "config.toml"
    file.write_text('[screen]\ntheme = "night"\n')
    return file


def text_of(file: Path) -> str:
    return file.read_text()


async def test_a_setting_is_typed_over_stays_when_refused_and_is_shown_when_taken(
    stage: Stage, settings_file: Path
) -> None:
    async with sitting(stage) as there:
        await open_by_name(there, "settings")
        await there.until("monitoring.interval_s")
        await there.press("slash")
        await there.type("monitoring.interval_s")
        await there.press("enter")
        await there.type("often")
        await there.press("enter")
        await there.settle()
        assert "often" in there.text
        assert "monitoring.interval_s" in there.text
        await there.press("ctrl+u")
        await there.type("45")
        await there.press("enter")
        await there.until("monitoring.interval_s is 45 from the next start on.")
        assert "interval_s = 45" in text_of(settings_file)
        await open_by_name(there, "settings")
        await there.press("slash")
        await there.type("monitoring.interval_s")
        assert "45" in there.text


async def test_a_theme_that_is_chosen_wins_over_the_one_in_the_file(tmp_path: Path, settings_file: Path) -> None:
    stage = Stage(tmp_path, settings=text_of(settings_file))
    async with sitting(stage) as there:
        await open_by_name(there, "theme")
        await there.press("slash")
        await there.type("day")
        await there.press("enter")
        await there.until("The theme is day, also next time.")
    assert load_settings(file_text=text_of(settings_file)).settings.screen.theme == "day"


async def test_one_target_is_one_target(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("slash")
        await there.type("web-01")
        await there.press("enter", "G", "D")
        assert "(1 target)" in there.text


async def test_the_palette_shows_what_is_named_so_before_what_is_described_so(stage: Stage) -> None:
    async with sitting(stage) as there:
        for words in ("approv", "terminal", "quit", "settings"):
            await there.press("colon")
            await there.type(words)
            titles = [row.key.lower() for row in there.app.screen.query_one(RowTable)._list.rows]
            named = [words in title for title in titles]
            assert named == sorted(named, reverse=True)
            assert cursor(there).lower() == titles[0]
            await there.press("escape")


async def test_a_message_goes_when_something_new_is_done_and_an_error_stays(stage: Stage) -> None:
    async with sitting(stage) as there:
        await there.press("ctrl+c")
        assert "q quits." in there.text
        await there.press("question_mark", "escape")
        assert "q quits." not in there.text
        there.app.say("It broke.", severity="error")
        await there.press("question_mark", "escape")
        assert "It broke." in there.text


CHECKED = f"""{STILL}
[[checks.tcp]]
name = "closed"
host = "127.0.0.1"
port = 1
interval_s = 1
"""


async def test_checks_are_listed_with_how_they_stand_and_enter_draws_one(tmp_path: Path) -> None:
    async with sitting(Stage(tmp_path, settings=CHECKED)) as there:
        await open_by_name(there, "checks")
        await there.until("closed on localhost")
        assert "127.0.0.1:1" in there.text
        await there.press("enter")
        await there.until("check.latency_ms[closed]")
        assert there.app.screen is there.app.home


async def test_without_checks_the_list_says_where_they_are_written(stage: Stage) -> None:
    async with sitting(stage) as there:
        await open_by_name(there, "checks")
        await there.until("[[checks.http]]")
