"""The home screen, as an operator moves about in it."""

from __future__ import annotations

import asyncio
import gc

import pytest

from opsterm.core.quiet_gc import THRESHOLDS
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.runtime.commands import COMMANDS, PLACES
from opsterm.runtime.runtime import Runtime
from opsterm.tui.panes.pane import Pane
from opsterm.tui.screens.home import HomeScreen
from tests.tui.cockpit import Sitting, Stage, an_alert, sitting

LAYOUTS = [(80, 24), (100, 30), (140, 40), (200, 60), (60, 16)]


@pytest.mark.parametrize("size", LAYOUTS)
async def test_a_number_goes_to_its_pane_in_every_layout(furnished: Stage, size: tuple[int, int]) -> None:
    async with sitting(furnished, size) as there:
        home = there.app.home
        for number, place in enumerate(PLACES, 1):
            await there.press(str(number))
            assert home.current == place
            assert home.pane(place).has_focus_within, there.text
            assert f"{number} {home.pane(place).title}" in there.text
            await there.press("escape")  # out of the chat's line, where a number is text
        await there.press("1", "shift+tab")
        assert home.current == "approvals"
        await there.press("tab")
        assert home.current == "inventory"


@pytest.mark.parametrize("size", LAYOUTS)
async def test_zoom_gives_one_pane_the_screen_and_back(furnished: Stage, size: tuple[int, int]) -> None:
    async with sitting(furnished, size) as there:
        before = [pane.region for pane in there.app.home.query(Pane)]
        await there.press("z")
        shown = [pane.place for pane in there.app.home.query(Pane) if pane.region.area]
        assert shown == ["inventory"]
        await there.press("z")
        assert [pane.region for pane in there.app.home.query(Pane)] == before


async def test_two_columns_keep_the_right_pane_when_the_focus_goes_left(furnished: Stage) -> None:
    async with sitting(furnished, (100, 30)) as there:
        await there.press("3", "1")
        assert there.focus == "inventory-table"
        assert "3 Alerts" in there.text


async def test_letters_are_text_while_one_types(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("4")
        await there.type("q z 1 ? : why")
        assert there.app.screen is there.app.home
        assert "q z 1 ? : why" in there.text


async def test_esc_leaves_the_chat_line_keeps_its_text_and_enter_goes_back(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("4")
        await there.type("half a quest")
        await there.press("escape")
        assert there.focus == "chat-transcript"
        assert "half a quest" in there.text
        await there.press("enter")
        assert there.focus == "chat-line"
        await there.press("escape", "1")
        assert there.app.home.current == "inventory", "keys are keys again"
        await there.press("4")
        await there.type("ion")
        assert "half a question" in there.text


async def test_below_the_least_size_one_sentence_and_the_keys_live(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("3")
        await there.resize(59, 15)
        assert [line.strip() for line in there.lines if line.strip()] == [
            "opsterm needs 60×16, this is 59×15. `opsterm alerts` works", "anywhere.",
        ]  # fmt: skip
        await there.press("2")
        await there.resize(80, 24)
        assert there.app.home.pane("chart").has_focus_within
        await there.resize(40, 10)
        await there.press("q")
        await there.until(lambda: not there.app.is_running)


async def test_a_smaller_screen_keeps_the_focused_pane(furnished: Stage) -> None:
    async with sitting(furnished, (140, 40)) as there:
        for number, place in ((3, "alerts"), (6, "approvals"), (2, "chart"), (1, "inventory")):
            await there.resize(140, 40)
            await there.press(str(number))
            for size in ((100, 30), (80, 24), (60, 16), (30, 5), (80, 24)):
                await there.resize(*size)
            assert there.app.home.pane(place).has_focus_within, place


async def test_the_focus_never_moves_by_itself(furnished: Stage) -> None:
    async with sitting(furnished, (140, 40)) as there:
        await there.press("1", "j", "j")
        before = there.app.focused
        row = there.app.home.query_one("#inventory-table").cursor_key  # type: ignore[attr-defined]  # a RowTable
        await there.app.runtime.alerts.acknowledge(1)
        await there.app.runtime.store.alerts.save(an_alert("web-01", "load.per_core"), lambda kept: [])
        await there.until("noted ana")
        assert there.app.focused is before
        assert there.app.home.query_one("#inventory-table").cursor_key == row  # type: ignore[attr-defined]  # a RowTable


async def test_ctrl_c_ends_nothing_and_says_how_to_quit(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("ctrl+c")
        assert "q quits." in there.text
        await there.press("4", "ctrl+c")
        assert "esc leaves the line, then q quits." in there.text
        await there.press("escape", "question_mark", "ctrl+c")
        assert "esc closes this" in there.text
        assert there.app.is_running


async def test_esc_never_quits(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press(*["escape"] * 5)
        assert there.app.is_running
        assert isinstance(there.app.screen, HomeScreen)


@pytest.mark.parametrize("place", PLACES)
async def test_every_key_of_the_table_works_in_every_pane(furnished: Stage, place: str) -> None:
    """No key breaks the screen, and esc leads back home from wherever it led to."""
    async with sitting(furnished) as there:
        for command in COMMANDS:
            if command.pane == "everywhere" and place in ("chart", "alerts", "approvals"):
                continue  # tried where a list, a line and a shell have the focus
            if command.id in ("quit", "open_shell", "open_terminal", "check_target", "unlock_vault"):
                continue
            for key in command.keys:
                if there.app.home.current != place or place in ("chat", "terminal"):
                    await there.press(str(PLACES.index(place) + 1))
                if place in ("chat", "terminal"):
                    await there.press("escape")
                await there.press(key)
                for _ in range(4):
                    if there.app.screen is not there.app.home:
                        await there.press("escape")
                await there.press("escape")
                assert there.app.screen is there.app.home, (key, there.text)
                assert there.app.is_running


async def test_the_palette_does_what_it_says(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("colon")
        await there.type("theme")
        await there.press("enter")
        assert "Theme" in there.lines[1]
        await there.type("day")
        await there.press("escape", "escape", "colon")
        await there.type("goes to the alerts")
        await there.press("enter")
        assert there.app.home.current == "alerts"


async def test_the_status_line_names_the_environment_of_what_is_chosen(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("g")
        assert "PROD" in there.lines[0], there.text
        await there.press("j", "j", "j", "j", "j")
        assert "localhost" in next(line for line in there.lines if ">" in line)
        assert "PROD" not in there.lines[0]
        await there.press("G")
        assert "LAB" in there.lines[0]


async def test_what_is_typed_while_the_screen_opens_is_not_lost(stage: Stage) -> None:
    app = await asyncio.to_thread(stage.app)
    async with app.run_test(size=(80, 24)) as pilot:
        there = Sitting(app, pilot)
        for key in ("4", "h", "i", "escape", "at"):
            there._send(key)
        await there.until("What was sent")
        await there.press("escape")
        assert "hi" in there.text
    await app.close_runtime()
    assert app.broken is None


async def test_keys_that_come_in_a_bunch_are_taken_one_after_the_other(furnished: Stage) -> None:
    """As over a slow line: what is typed for the line that the first key opens does nothing to what is below."""
    async with sitting(furnished) as there:
        for key in ("4", *"Drop q z?"):
            there._send("space" if key == " " else key)
        await there.until("Drop q z?")
        assert there.app.screen is there.app.home
        assert there.app.runtime.inventory.target("db-main-1") is not None


async def test_a_remote_target_is_charted_like_this_host(furnished: Stage) -> None:
    async def measure(runtime: Runtime) -> None:
        now = runtime.clock.now()
        load, memory = SeriesKey("web-01", "load.1m"), SeriesKey("web-01", "memory.used_percent")
        await runtime.store.samples.write([Sample(load, now - 10, 0.5), Sample(memory, now - 10, 87.0)])

    await furnished.fill(measure)
    async with sitting(furnished, (140, 40)) as there:
        await there.press("slash", *"name=web-01", "enter", "c")
        await there.until(lambda: "web-01 · memory.used_percent" in there.text)
        assert "87 %" in there.text
        await there.press("1", "slash", *["backspace"] * 11, *"name=web-02", "enter", "c")
        await there.until(lambda: "Nothing of it was measured yet" in there.text)


@pytest.mark.usefixtures("real_collector")
async def test_the_collector_is_quiet_while_the_screen_stands(stage: Stage) -> None:
    before = gc.get_threshold()
    async with sitting(stage):
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
