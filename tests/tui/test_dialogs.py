"""The dialogs above the home screen, by their keys: lists to choose from, and lines to type in."""

from __future__ import annotations

import pytest

from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.widgets.row_table import RowTable
from tests.tui.cockpit import Sitting, Stage, sitting


async def open_by_name(there: Sitting, name: str) -> None:
    """Open a dialog through the palette."""
    await there.press("colon")
    await there.type(name)
    await there.press("enter")


def cursor(there: Sitting) -> str:
    return there.app.screen.query_one(RowTable).cursor_key or ""


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
        assert there.app.screen is there.app.home


async def test_the_line_of_a_list_is_gone_to_and_left_by_key(stage: Stage) -> None:
    async with sitting(stage) as there:
        await open_by_name(there, "theme")
        await there.press("slash")
        assert there.focus == "choice-filter"
        await there.type("day")
        assert cursor(there) == "day"
        await there.press("tab")
        assert there.focus == "choice-table"
        await there.press("shift+tab", "enter")
        assert there.app.theme == "day"
