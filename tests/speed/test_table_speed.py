"""The table and the output view: what a tick, a key and a flood cost, against Textual's own widgets."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import DataTable

from opsterm.core.quiet_gc import quiet_gc
from opsterm.tui.widgets.log_view import OutputView
from opsterm.tui.widgets.row_table import RowTable, TableCell, TableColumn, TableRow

pytestmark = [pytest.mark.speed, pytest.mark.blocking]

ROWS = 5000
COLUMNS = ("name", "state", "cpu", "load", "address", "seen")


def cells(number: int, cpu: int) -> tuple[str, ...]:
    return (f"host-{number:04d}", "OK", f"{cpu} %", "0.42", f"198.51.100.{number % 250}", "3 s")


def row(number: int, cpu: int) -> TableRow:
    name, state, *rest = cells(number, cpu)
    return TableRow(f"h{number}", (name, TableCell(state, "good"), *rest))


class Ours(App[None]):
    def compose(self) -> ComposeResult:
        self.table = RowTable([TableColumn(title=name, max_width=20) for name in COLUMNS])
        yield self.table

    def on_mount(self) -> None:
        self.rows = [row(n, 1) for n in range(ROWS)]
        self.table.set_rows(self.rows)


class Theirs(App[None]):
    def compose(self) -> ComposeResult:
        self.table: DataTable[str] = DataTable(cursor_type="row")
        yield self.table

    def on_mount(self) -> None:
        for name in COLUMNS:
            self.table.add_column(name, key=name)
        for number in range(ROWS):
            self.table.add_row(*cells(number, 1), key=f"h{number}")


def paint(app: App[Any]) -> None:
    """Render what waits, as the screen would at its next idle moment."""
    screen = app.screen
    for widget in screen.walk_children(Widget):
        for region in widget._repaint_regions:
            screen._compositor._dirty_regions.add(region.translate(widget.region.offset))
        widget._repaint_regions.clear()
    update = screen._compositor.render_update()
    if update is not None:
        update.render_segments(app.console)  # type: ignore[union-attr]  # an update is never a plain renderable


def milliseconds(work: Callable[[int], None], turns: int) -> float:
    took = []
    for turn in range(turns):
        begun = time.perf_counter()
        work(turn)
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)


async def test_a_tick_and_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    figures: dict[str, float] = {}
    ours = Ours()
    async with ours.run_test(size=(120, 40)) as pilot:
        await pilot.pause()

        def tick(turn: int) -> None:
            rows = [row(n, turn + 2) if n % 500 == 3 else one for n, one in enumerate(ours.rows)]
            begun = time.perf_counter()
            ours.table.set_rows(rows)
            figures["set_rows"] = (time.perf_counter() - begun) * 1000

        def tick_and_paint(turn: int) -> None:
            tick(turn + 50)
            paint(ours)

        def key(_turn: int) -> None:
            ours.table.action_cursor_down()

        def key_and_paint(turn: int) -> None:
            key(turn)
            paint(ours)

        def page(_turn: int) -> None:
            ours.table.action_page_down()
            paint(ours)

        milliseconds(tick, 20)
        figures["tick"] = milliseconds(tick_and_paint, 20)
        ours.table.action_first()
        figures["key, our code"] = milliseconds(key, 20)
        figures["key"] = milliseconds(key_and_paint, 10)
        figures["page"] = milliseconds(page, 20)

    theirs = Theirs()
    async with theirs.run_test(size=(120, 40)) as pilot:
        await pilot.pause()

        def their_tick(turn: int) -> None:
            for n in range(3, ROWS, 500):
                theirs.table.update_cell(f"h{n}", "cpu", f"{turn + 2} %")
            paint(theirs)

        def their_key(_turn: int) -> None:
            theirs.table.action_cursor_down()
            paint(theirs)

        def their_page(_turn: int) -> None:
            theirs.table.action_page_down()
            paint(theirs)

        figures["DataTable tick"] = milliseconds(their_tick, 20)
        figures["DataTable key"] = milliseconds(their_key, 20)
        figures["DataTable page"] = milliseconds(their_page, 20)
    with capsys.disabled():
        print("\n" + ", ".join(f"{name} {took:.2f} ms" for name, took in figures.items()))
    assert figures["set_rows"] < 15
    assert figures["key, our code"] < 1
    assert figures["tick"] < figures["DataTable tick"]
    assert figures["key"] < figures["DataTable key"]


class Flood(App[None]):
    def compose(self) -> ComposeResult:
        self.view = OutputView()
        yield self.view


async def test_a_flood_of_output_leaves_the_loop_free(capsys: pytest.CaptureFixture[str]) -> None:
    chunk = b"0123456789 abcdefghijklmnopqrstuvwxyz\n" * 1_725  # 64 KiB, as a channel brings it
    app, late = Flood(), []
    async with app.run_test(size=(120, 40)) as pilot:
        restore = quiet_gc()
        begun = time.perf_counter()
        for turn in range(16_000):
            app.view.append(chunk)
            if turn % 16 == 0:
                before = time.perf_counter()
                await asyncio.sleep(0)
                late.append((time.perf_counter() - before) * 1000)
        app.view.append(b"y" * 1_000_000 + b"\nthe end\n")
        while not app.view.lines or app.view.lines[-1] != "the end":
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            late.append((time.perf_counter() - before) * 1000 - 1)
        await pilot.pause()
        took = time.perf_counter() - begun
        restore()
    late.sort()
    with capsys.disabled():
        print(
            f"\n1 GB of output: {took:.1f} s, loop lag p99 {late[int(len(late) * 0.99)]:.1f} ms, max {late[-1]:.1f} ms"
        )
    assert late[int(len(late) * 0.99)] < 50
