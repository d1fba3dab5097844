"""The lists of the home screen: filter, folds, groups and marks of the inventory; what is done with an alert."""

from __future__ import annotations

import statistics
import time

import pytest

from opsterm.inventory.target import Target
from opsterm.monitoring.alerts import AlertState
from opsterm.runtime.runtime import Runtime
from opsterm.tui.panes.inventory import InventoryPane
from tests.tui.cockpit import NOW, Sitting, Stage, sitting

MANY = 5000


def pane(there: Sitting) -> InventoryPane:
    return there.app.home.query_one(InventoryPane)


def row_of(there: Sitting, text: str) -> str:
    return next(line for line in there.lines[2:] if text in line)


# ------------------------------------------------------------------------------------------ inventory


async def test_runs_that_look_alike_are_one_line_until_opened(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        assert "web-[01-02,04-06,08-12]  10" in there.text
        assert "web-05" not in there.text
        await there.press("slash")
        await there.type("group:web")
        await there.press("enter", "g", "j", "enter")
        assert "web-05" in there.text
        await there.press("enter")
        assert "web-05" not in there.text


async def test_the_filter_follows_what_is_typed_and_esc_takes_it_away(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("slash")
        await there.type("env:lab and status=offline")
        assert "1 of 29 / env:lab and status:offline" in there.text
        assert "win-04" in there.text
        await there.press("enter")
        assert there.focus == "inventory-table"
        await there.press("escape")
        assert "29 targets" in there.lines[1]


@pytest.mark.parametrize(
    ("selector", "column", "words"),
    [("tag:", 4, "value is missing"), ("env:prod and", 12, "term is missing"), ("nofield:x", 0, "no field nofield")],
)
async def test_a_fault_in_the_selector_is_pointed_at(furnished: Stage, selector: str, column: int, words: str) -> None:
    async with sitting(furnished) as there:
        await there.press("slash")
        await there.type("web-*")
        rows = there.app.home.query_one(InventoryPane).table.cursor_key
        await there.press(*["backspace"] * 5)
        await there.type(selector)
        line, pointer = there.lines[2], there.lines[3]
        assert pointer.index("^") - line.index(selector) == column, there.text
        assert words in there.text
        await there.press("enter")
        assert there.focus == "inventory-filter", "a selector that is not understood is not taken"
        assert rows is not None


async def test_what_is_done_is_done_to_the_marked_ones(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("slash")
        await there.type("web-01 or web-03 or db-main-2")
        await there.press("enter", "g", "j", "space", "j", "space")
        assert "2 marked" in there.lines[1]
        assert pane(there).chosen() == ["db-main-2", "web-01"]
        await there.press("y")
        assert "Copied: db-main-2 web-01" in there.text
        await there.press("p")
        assert "Propose for db-main-2,web-01" in there.text
        await there.press("escape", "escape", "escape")
        assert pane(there).chosen() != ["db-main-2", "web-01"]


@pytest.mark.parametrize("wanted", ["by tag", "by env", "by site", "by os", "by status"])
async def test_the_list_is_divided_by_any_of_six(furnished: Stage, wanted: str) -> None:
    async with sitting(furnished) as there:
        for _ in range(6):
            await there.press("b")
            if wanted in there.lines[1]:
                break
        assert wanted in there.lines[1]
        assert "db-main" in there.text


async def test_a_target_is_added_edited_and_removed(stage: Stage) -> None:
    async with sitting(stage) as there:
        await there.press("plus")
        await there.type("cam-01")
        await there.press("tab")
        await there.type("192.0.2.7")
        await there.press("tab", "tab")
        await there.type("camera gate")
        await there.press("enter")
        await there.until("cam-01")
        target = there.app.runtime.inventory.target("cam-01")
        assert target is not None
        assert (target.address, target.groups) == ("192.0.2.7", ("camera", "gate"))
        await there.press("slash")
        await there.type("cam-01")
        await there.press("enter", "g", "j", "e")
        await there.type("0")
        await there.press("enter")
        await there.until(
            lambda: (t := there.app.runtime.inventory.target("cam-01")) is not None and t.address == "192.0.2.70"
        )
        await there.press("D", "n", "D", "y")
        await there.until(lambda: there.app.runtime.inventory.target("cam-01") is None)


async def test_a_field_that_cannot_be_is_said_and_nothing_is_lost(stage: Stage) -> None:
    async with sitting(stage) as there:
        await there.press("plus")
        await there.type("two words")
        await there.press("enter")
        assert "cannot be a name" in there.text
        assert "two words" in there.text


# --------------------------------------------------------------------------------------------- alerts


async def test_an_alert_is_acknowledged_silenced_and_reopened(furnished: Stage) -> None:
    async with sitting(furnished, (100, 30)) as there:
        await there.press("3", "z", "n")
        await there.until("noted ana")
        await there.press("S")
        assert "For how long?" in there.text
        await there.press(*["backspace"] * 2)
        await there.type("soon")
        await there.press("enter")
        assert "For how long?" in there.text, "what is no time is not taken"
        await there.press(*["backspace"] * 4)
        await there.type("4h")
        await there.press("enter")
        silenced = next(a for a in there.app.runtime.alerts.feed() if a.state is AlertState.SILENCED)
        assert silenced.silenced_until == NOW + 4 * 3600
        await there.until("silent 4 h")
        await there.press("o")
        await there.until("fires again")


async def test_the_feed_says_what_to_do_next_and_why(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await there.press("3")
        assert "next  Find what grew" in there.text
        assert "×4" in row_of(there, "db-main-1")
        await there.press("enter")
        await there.until("CRITICAL  db-main-1")
        for words in ("CRITICAL  db-main-1", "series    fs.used_percent[/]", "since     4 m ago", "next"):
            assert words in there.text


# ------------------------------------------------------------------------------------------ thousands


async def many(runtime: Runtime) -> None:
    names = [f"h{n % 50:02d}-{n // 50:03d}.example.net" for n in range(MANY)]
    made = [
        Target(name=name, groups=(f"g{n % 40:02d}",), tags=("odd" if n % 2 else "even",), environment="prod")
        for n, name in enumerate(names)
    ]
    await runtime.store.targets.save(made, [])
    await runtime.inventory.reload()
    await runtime.inventory.note_seen({name: "" if n % 7 else "No route to host." for n, name in enumerate(names)})


@pytest.mark.speed
async def test_five_thousand_targets_stay_fluent(stage: Stage) -> None:
    """Times are medians over several runs; the bounds are some three times what a slow machine needs."""
    await stage.fill(many)
    async with sitting(stage, (140, 40)) as there:
        assert f"{MANY + 1} targets" in there.text
        shown = pane(there)

        def median_ms(work: object) -> float:
            times = []
            for _ in range(5):
                began = time.perf_counter()
                work()  # type: ignore[operator]  # a function
                times.append((time.perf_counter() - began) * 1000)
            return statistics.median(times)

        assert median_ms(there.app.runtime.inventory.rows) < 50
        assert median_ms(shown.show) < 120
        assert median_ms(shown.table.action_page_down) < 5
        await there.press("slash")
        began = time.perf_counter()
        await there.type("tag:odd and status=offline")
        assert (time.perf_counter() - began) / 26 < 0.2, "seconds for each letter of a selector"
        assert "357 of 5001" in there.text or "of 5001" in there.lines[1]


async def test_a_storm_of_changes_is_shown_in_few_goes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with sitting(stage) as there:
        goes = 0
        show = InventoryPane.show

        def counted(self: InventoryPane) -> None:
            nonlocal goes
            goes += 1
            show(self)

        monkeypatch.setattr(InventoryPane, "show", counted)
        for number in range(40):
            await there.app.runtime.inventory.add(Target(name=f"new-{number:02d}"))
        await there.until("41 targets")
        assert goes <= 20, "40 changes, one go for each 0.2 s"
