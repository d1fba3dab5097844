"""Small apps around one widget each, for tests that need a real terminal: `python -m tests.tui.small_apps NAME`."""

from __future__ import annotations

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from opsterm.core.quiet_gc import quiet_gc
from opsterm.monitoring.alerts import Severity
from opsterm.monitoring.sample import Point, SeriesKey, SeriesWindow
from opsterm.tui.drawing.chart import ThresholdLine
from opsterm.tui.widgets.chart import Chart
from opsterm.tui.widgets.log_view import OutputView
from opsterm.tui.widgets.row_table import RowTable, TableCell, TableColumn, TableRow

HOSTILE = (
    "\x1b[2J\x1b[31mred",
    "\x1b]52;c;aGFoYQ==\x07clipboard",
    "\x1b]0;title\x1b\\after",
    "first\nsecond\rthird\tfourth",
    "\x9b31mC1\x9d",
    "safe\u202egnp.exe\u2066",
    "ze\u200bro\u2060width\ufeff",
    "日本語のホスト名前がとても長い",
    "👍🏽👍🏽 🇩🇪🇩🇪",
    "e\u0301" * 40,
    "long" * 250_000,
    "\ud800 lone",
    "",
)
"""Texts that a hostile or unlucky target may send."""

FORBIDDEN = ("\x1b]52", "\x1b]0;title", "\x1b[31m", "\x9b", "\x9d", "\u202e", "\u2066", "\u200b", "\u2060", "\ufeff")
"""What must never reach the terminal because of them."""


def series(
    place: int, *, unit: str = "%", now: float = 1_787_300_000.0, name: str = "cpu.used_percent"
) -> SeriesWindow:
    """Return an hour of 600 readings."""
    points = [
        Point(at, value, value, value, 1)
        for number in range(600)
        for at, value in [(now - 3600 + number * 6, float((number * (place + 3) * 7) % 100))]
    ]
    return SeriesWindow(
        key=SeriesKey("web-01", name, str(place)),
        unit=unit,
        start=now - 3600,
        end=now,
        step_s=6,
        gap_s=20,
        points=points,
    )


class TableOnly(App[None]):
    """A table of 5,000 rows; `h` shows hostile ones."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "down"),
        Binding("h", "hostile"),
        Binding("q", "quit"),
    ]

    def compose(self) -> ComposeResult:
        columns = [
            TableColumn(title="name", min_width=8, max_width=30, priority=9, grows=True),
            TableColumn(title="state", min_width=6, max_width=8, priority=8),
            TableColumn(title="cpu", min_width=5, max_width=8, priority=5, right=True),
            TableColumn(title="address", min_width=9, max_width=40),
        ]
        self.table = RowTable(columns)
        yield Static("ready")
        yield self.table

    def on_mount(self) -> None:
        self.restore = quiet_gc()
        state = TableCell("▲ WARN", "warning")
        self.table.set_rows(
            [TableRow(f"h{n}", (f"host-{n:04d}", state, f"{n % 100} %", f"198.51.100.{n % 250}")) for n in range(5000)]
        )

    def on_unmount(self) -> None:
        self.restore()

    def action_down(self) -> None:
        self.table.action_cursor_down()

    def action_hostile(self) -> None:
        self.table.set_rows([TableRow(text[:40] + str(n), (text,) * 4) for n, text in enumerate(HOSTILE)])
        self.query_one(Static).update("hostile rows")


class ChartOnly(App[None]):
    """A chart of hostile series; `left` moves the cursor, `s` sets the same windows again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "left"),
        Binding("s", "again"),
        Binding("q", "quit"),
    ]

    def compose(self) -> ComposeResult:
        self.chart = Chart()
        yield Static("ready")
        yield self.chart

    def on_mount(self) -> None:
        self.windows = [series(n, name=text[:60]) for n, text in enumerate(HOSTILE)]
        self.lines = [
            ThresholdLine(value=80, label=text[:100], severity=Severity.WARNING, unit="%") for text in HOSTILE
        ]
        self.action_again()

    def action_again(self) -> None:
        self.chart.set_windows(self.windows, now=1_787_300_000.0, thresholds=self.lines)

    def action_left(self) -> None:
        self.chart.action_cursor_left()
        self.query_one(Static).update("cursor")


class OutputOnly(App[None]):
    """A view of hostile output."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit")]

    def compose(self) -> ComposeResult:
        self.view = OutputView()
        yield self.view

    def on_mount(self) -> None:
        for text in HOSTILE:
            self.view.append(text.encode("utf-8", "surrogatepass") + b"\n")
        self.view.append(bytes(range(256)) + b"\n")
        self.view.note("end of output")


APPS = {"table": TableOnly, "chart": ChartOnly, "output": OutputOnly}

if __name__ == "__main__":
    APPS[sys.argv[1]]().run()
