"""The chart on the screen: draws only what changed, and nothing when nothing did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from opsterm.monitoring.sample import SeriesWindow
from opsterm.tui.cells import cut, fit, shown
from opsterm.tui.drawing.chart import ChartPalette, Drawing, ThresholdLine, lay_out, strip_of

__all__ = ["Chart", "ThresholdLine"]

SERIES_STYLES = 10
"""Curves with a colour of their own; the eleventh looks like the first and is told apart by its letter."""


class Chart(Widget, can_focus=True):
    """Several series over one window of time.

    The chart redraws when it is given windows, when its cursor moves and when its size or colours change. A row that
    comes out the same is not sent again.

    Attributes:
        ascii: draw with ASCII characters only; set it before the chart is shown, or call `redraw` after.
        empty_text: what stands in the chart while it has no series.
    """

    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--warning",
        "chart--critical",
        "chart--cursor",
        *(f"chart--series-{number}" for number in range(1, SERIES_STYLES + 1)),
    }

    DEFAULT_CSS = """
    Chart {
        height: 1fr;
        & > .chart--axis { color: $foreground 70%; }
        & > .chart--warning { color: $warning; }
        & > .chart--critical { color: $error; }
        & > .chart--cursor { text-style: reverse; }
        & > .chart--series-1 { color: $primary; }
        & > .chart--series-2 { color: $warning; }
        & > .chart--series-3 { color: $success; }
        & > .chart--series-4 { color: $accent; }
        & > .chart--series-5 { color: $secondary; }
        & > .chart--series-6 { color: $error; }
        & > .chart--series-7 { color: $foreground; }
        & > .chart--series-8 { color: $foreground 70%; }
        & > .chart--series-9 { color: $primary; }
        & > .chart--series-10 { color: $accent; }
    }
    """

    class CursorMoved(Message):
        """The cursor stands somewhere else.

        Attributes:
            chart: where it happened.
            at: epoch seconds, None when the cursor is gone.
        """

        def __init__(self, chart: Chart, at: float | None) -> None:
            super().__init__()
            self.chart = chart
            self.at = at

        @property
        def control(self) -> Chart:
            """The chart."""
            return self.chart

    def __init__(self, *, ascii: bool = False, empty_text: str = "", id: str | None = None) -> None:  # noqa: A002 (Textual's word, and ours)
        super().__init__(id=id)
        self.ascii = ascii
        self.empty_text = empty_text
        self._windows: Sequence[SeriesWindow] = ()
        self._thresholds: Sequence[ThresholdLine] = ()
        self._now = 0.0
        self._cursor: float | None = None
        self._strips: list[Strip] = []
        self._drawing: Drawing | None = None
        self._palette: ChartPalette | None = None

    def set_windows(
        self, windows: Sequence[SeriesWindow], *, now: float, thresholds: Sequence[ThresholdLine] = ()
    ) -> None:
        """Show these series.

        Args:
            windows: over the same window of time; their order gives letters and colours.
            now: epoch seconds.
            thresholds: levels to draw across.
        """
        self._windows, self._thresholds, self._now = windows, thresholds, now
        if self._cursor is not None and windows and self._cursor < min(window.start for window in windows):
            self._move_to(None)
        self.redraw()

    @property
    def cursor(self) -> float | None:
        """Where the cursor stands, epoch seconds; it stays at its moment while the window moves on."""
        return self._cursor

    def action_cursor_left(self, cells: int = 1) -> None:
        """Move the cursor to earlier; the first time it appears at the newest moment."""
        self._step(-cells)

    def action_cursor_right(self, cells: int = 1) -> None:
        """Move the cursor to later; behind the newest moment it disappears."""
        self._step(cells)

    def action_cursor_hide(self) -> None:
        """Take the cursor away."""
        self._move_to(None)
        self.redraw()

    def _step(self, cells: int) -> None:
        drawing = self._drawing
        if drawing is None or not drawing.plot_columns:
            return
        column = None if self._cursor is None else drawing.column(self._cursor)
        if column is None:
            self._move_to(drawing.moment(drawing.plot_columns - 1))
        else:
            self._move_to(drawing.moment(max(0, column + cells)))
        self.redraw()

    def _move_to(self, at: float | None) -> None:
        if at != self._cursor:
            self._cursor = at
            self.post_message(self.CursorMoved(self, at))

    def redraw(self) -> None:
        """Draw again and send the rows that changed."""
        columns, rows = self.size
        if not self.is_attached or not columns or not rows:
            return
        if self._palette is None:
            self._palette = self._read_palette()
        palette = self._palette
        if self._windows:
            self._drawing = lay_out(
                self._windows,
                columns=columns,
                rows=rows,
                now=self._now,
                thresholds=self._thresholds,
                cursor=self._cursor,
                plain=self.ascii,
            )
            strips = [strip_of(row, palette) for row in self._drawing.rows]
        else:
            self._drawing = None
            strips = [Strip.blank(columns, palette.text) for _ in range(rows)]
            text = cut(shown(self.empty_text, plain=self.ascii), columns, ellipsis="~" if self.ascii else "…")
            middle = fit(" " * ((columns - cell_len(text)) // 2) + text, columns)
            strips[rows // 2] = Strip([Segment(middle, palette.axis)], columns)
        self._send(strips, columns)

    def _send(self, strips: list[Strip], columns: int) -> None:
        known = self._strips
        same_size = len(known) == len(strips) and (not known or known[0].cell_length == columns)
        if not same_size:
            self._strips = strips
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(known, strips, strict=True)) if old != new]
        for y in changed:
            known[y] = strips[y]  # an unchanged strip stays the same object and keeps its rendered text
        if changed:
            self.refresh(*(Region(0, y, columns, 1) for y in changed))

    def _read_palette(self) -> ChartPalette:
        part = self.get_component_rich_style
        return ChartPalette(
            text=self.rich_style,
            axis=part("chart--axis"),
            warning=part("chart--warning"),
            critical=part("chart--critical"),
            cursor=part("chart--cursor"),
            series=tuple(part(f"chart--series-{number}") for number in range(1, SERIES_STYLES + 1)),
        )

    def render_line(self, y: int) -> Strip:
        """Return one row of what was drawn last."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def notify_style_update(self) -> None:
        """Take over new colours."""
        super().notify_style_update()
        self._palette = None
        self.redraw()

    def on_resize(self) -> None:
        """Draw in the new size."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse was pressed."""
        offset = event.get_content_offset(self)
        if offset is not None and self._drawing is not None:
            self._move_to(self._drawing.moment(offset.x - self._drawing.plot_left))
            self.redraw()
