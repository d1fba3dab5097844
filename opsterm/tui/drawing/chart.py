"""A whole chart as strips: legend, one or more panels, time axis, cursor and read-out.

One unit: one panel. Two units: one panel with an axis on either side. More: one panel above the other for each
unit, over one time axis.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from opsterm.monitoring.sample import SeriesWindow
from opsterm.tui.cells import cut, fit, shown
from opsterm.tui.drawing.axis import ValueAxis, clock_text, time_ticks
from opsterm.tui.drawing.legend import entries, legend_rows, letter_of, value_between
from opsterm.tui.drawing.panel import (
    AXIS,
    BLANK,
    CRITICAL,
    CURSOR,
    FILLER,
    TEXT,
    WARNING,
    CellRow,
    Curve,
    PanelSize,
    ThresholdLine,
    axis_of,
    curve,
    draw_panel,
)
from opsterm.tui.drawing.raster import Stretch

__all__ = ["ChartPalette", "Drawing", "ThresholdLine", "draw_chart", "lay_out"]

_RUN = re.compile(rb"([\x01-\xf9])(?:\1|\x00)*|(.)\2*", re.DOTALL)
_LOWEST_PANEL = 3
_NARROWEST_PLOT = 8
_NARROWEST_AXIS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPalette:
    """Complete styles (colour and background) for the parts of a chart.

    Attributes:
        text: values and times.
        axis: axes and their labels.
        warning: threshold lines of that severity.
        critical: likewise.
        cursor: the time at the cursor; must differ from `text` without colour too.
        series: curves by place, used again from the start when there are more curves; at least one.
    """

    text: Style
    axis: Style
    warning: Style
    critical: Style
    cursor: Style
    series: tuple[Style, ...]

    def style(self, role: int) -> Style:
        """Return the style of a cell's role."""
        if role == BLANK:
            return self.text
        named = {TEXT: self.text, AXIS: self.axis, WARNING: self.warning, CRITICAL: self.critical, CURSOR: self.cursor}
        return named.get(role) or self.series[(role - 1) % len(self.series)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart that is drawn, and what a cursor needs to know of it.

    Attributes:
        rows: cells, the top row first, each exactly as wide as asked for.
        plot_left: first column of the plot.
        plot_columns: width of the plot; 0 when there was no room for one.
        stretch: the time shown, None without a plot.
        per_cell: columns of the stretch in one cell: 1 or 2.
    """

    rows: list[CellRow]
    plot_left: int
    plot_columns: int
    stretch: Stretch | None
    per_cell: int

    def moment(self, column: int) -> float | None:
        """Return the time in the middle of a plot column (0 at the left), None outside the plot."""
        if self.stretch is None or not 0 <= column < self.plot_columns:
            return None
        return (self.stretch.first + (column + 0.5) * self.per_cell) * self.stretch.dot_s

    def column(self, at: float) -> int | None:
        """Return the plot column of a moment, None when it is not shown."""
        if self.stretch is None:
            return None
        column = self.stretch.column(at) // self.per_cell
        return column if 0 <= column < self.plot_columns else None


def draw_chart(
    windows: Sequence[SeriesWindow],
    *,
    columns: int,
    rows: int,
    now: float,
    palette: ChartPalette,
    thresholds: Sequence[ThresholdLine] = (),
    cursor: float | None = None,
    ascii: bool = False,  # noqa: A002 (the word every face uses for it)
) -> list[Strip]:
    """Return a chart as strips. Cost: about 3 ms for 10 series of 600 points in 100 by 30 cells.

    Args:
        windows: the series; their order gives letters and colours.
        columns: width in cells.
        rows: height in cells.
        now: epoch seconds, for the age of old values.
        palette: styles.
        thresholds: levels to draw.
        cursor: epoch seconds of the cursor, None for none.
        ascii: use ASCII characters only.
    """
    drawing = lay_out(windows, columns=columns, rows=rows, now=now, thresholds=thresholds, cursor=cursor, plain=ascii)
    return [strip_of(row, palette) for row in drawing.rows]


def strip_of(row: CellRow, palette: ChartPalette) -> Strip:
    """Return one row as a strip with as few segments as its colours allow."""
    text, style = row.text, palette.style
    segments = []
    for run in _RUN.finditer(row.roles):
        piece = text[run.start() : run.end()]
        segments.append(Segment(piece.replace(FILLER, "") if FILLER in piece else piece, style(run[0][0])))
    return Strip(segments, len(text))


def lay_out(
    windows: Sequence[SeriesWindow],
    *,
    columns: int,
    rows: int,
    now: float,
    thresholds: Sequence[ThresholdLine] = (),
    cursor: float | None = None,
    plain: bool = False,
) -> Drawing:
    """Return a chart as cells with roles; see `draw_chart`."""
    columns, rows = max(columns, 0), max(rows, 0)
    curves = [curve(place, window) for place, window in enumerate(windows)]
    by_unit: dict[str, list[Curve]] = {}
    for one in curves:
        by_unit.setdefault(one.window.unit, []).append(one)
    top = _legend(windows, by_unit, columns, rows, now, plain=plain)
    panels = _panels(by_unit, thresholds, rows - len(top) - 1, plain=plain)
    size = _size(panels, columns, letters=2 if len(curves) > 1 else 0)
    if not panels or size.plot < _NARROWEST_PLOT:
        blank = [_blank_row(columns) for _ in range(rows)]
        return Drawing(rows=(top + blank)[:rows], plot_left=0, plot_columns=0, stretch=None, per_cell=1)
    per_cell = 1 if plain else 2
    start, end = min(w.start for w in windows), max(w.end for w in windows)
    stretch = Stretch.ending(start, end, size.plot * per_cell)
    safe = [replace(line, label=shown(line.label, limit=60, plain=plain)) for line in thresholds]
    body: list[CellRow] = []
    for height, groups in panels:
        panel = PanelSize(rows=height, left=size.left, plot=size.plot, letters=size.letters, right=size.right)
        body += draw_panel(groups, safe, stretch, panel, total=len(curves), plain=plain)
    rows_drawn = [*top, *body, _blank_row(columns)]
    drawing = Drawing(rows=rows_drawn, plot_left=size.left, plot_columns=size.plot, stretch=stretch, per_cell=per_cell)
    column = None if cursor is None else drawing.column(cursor)
    if cursor is not None and column is not None:
        _draw_times(drawing, clock_text(cursor, 1.0), column, plain=plain)
        _draw_cursor(drawing, windows, column, len(top), len(body), plain=plain)
    else:
        _draw_times(drawing, "", 0, plain=plain)
    return drawing


_Panels = list[tuple[int, list[tuple[ValueAxis, list[Curve]]]]]


def _panels(by_unit: dict[str, list[Curve]], thresholds: Sequence[ThresholdLine], rows: int, *, plain: bool) -> _Panels:
    """Return (height, groups) for each panel that there is room for."""
    if not by_unit or rows < _LOWEST_PANEL:
        return []
    if len(by_unit) <= 2:
        return [(rows, [(axis_of(held, thresholds, unit, rows, plain=plain), held) for unit, held in by_unit.items()])]
    count = min(len(by_unit), rows // _LOWEST_PANEL)
    heights = [rows // count + (1 if place < rows % count else 0) for place in range(count)]
    return [
        (height, [(axis_of(held, thresholds, unit, height, plain=plain), held)])
        for height, (unit, held) in zip(heights, by_unit.items(), strict=False)
    ]


def _size(panels: _Panels, columns: int, letters: int) -> PanelSize:
    """Return the widths that all panels share; they change only when a label outgrows its axis."""
    widths = [_NARROWEST_AXIS, 0]
    for _, groups in panels:
        for side, (axis, _) in enumerate(groups):
            widest = max(cell_len(label) for _, label in axis.ticks)
            widths[side] = max(widths[side], _NARROWEST_AXIS, widest + 2)
    return PanelSize(rows=0, left=widths[0], right=widths[1], letters=letters, plot=columns - sum(widths) - letters)


def _legend(
    windows: Sequence[SeriesWindow],
    by_unit: dict[str, list[Curve]],
    columns: int,
    rows: int,
    now: float,
    *,
    plain: bool,
) -> list[CellRow]:
    ellipsis = "~" if plain else "…"
    most = max(1, rows // 5)
    made = []
    for parts in legend_rows(entries(windows, now, plain=plain), columns, most, ellipsis=ellipsis):
        row, x = _blank_row(columns), 0
        for text, place in parts:
            row.put(x, text, TEXT if place is None else place % 249 + 1)
            x += cell_len(text)
        made.append(row)
    shown_units = (rows - len(made) - 2) // _LOWEST_PANEL
    if len(by_unit) > 2 and shown_units < len(by_unit):
        left_out = ", ".join(unit or "counts" for unit in list(by_unit)[max(shown_units, 0) :])
        note = _blank_row(columns)
        note.put(0, cut(shown(f"Too low to draw as well: {left_out}", plain=plain), columns, ellipsis=ellipsis), TEXT)
        made.append(note)
    return made


def _blank_row(columns: int) -> CellRow:
    return CellRow(" " * columns, bytearray(columns))


def _draw_times(drawing: Drawing, at_cursor: str, column: int, *, plain: bool) -> None:
    """Write the time axis into the last row: round times, and the time at the cursor where there is one."""
    stretch, row, left, plot = drawing.stretch, drawing.rows[-1], drawing.plot_left, drawing.plot_columns
    if stretch is None:
        return
    cursor_x = max(0, min(column - len(at_cursor) // 2, plot - len(at_cursor)))
    cell_s = stretch.dot_s * drawing.per_cell
    start = stretch.first * stretch.dot_s
    for at, label in time_ticks(start, start + stretch.count * stretch.dot_s, cell_s):
        x = stretch.column(at) // drawing.per_cell
        text = f"{'|' if plain else '╵'}{shown(label, plain=plain)}"
        hides = at_cursor and x <= cursor_x + len(at_cursor) and cursor_x <= x + len(text)
        if 0 <= x <= plot - len(text) and not hides:
            row.put(left + x, text, AXIS)
    row.put(left + cursor_x, at_cursor, CURSOR)


def _draw_cursor(
    drawing: Drawing, windows: Sequence[SeriesWindow], column: int, top: int, height: int, *, plain: bool
) -> None:
    """Draw the upright line and the values beside it."""
    stretch, per_cell = drawing.stretch, drawing.per_cell
    if stretch is None:
        return
    start = (stretch.first + column * per_cell) * stretch.dot_s
    x, right_edge = drawing.plot_left + column, drawing.plot_left + drawing.plot_columns
    for row in drawing.rows[top : top + height]:
        if row.is_blank(x, 1):
            row.put(x, "|" if plain else "│", AXIS)
    lines = _read_out(windows, start, start + per_cell * stretch.dot_s, height, plain=plain)
    cells = min(max(cell_len(text) for text, _ in lines) + 2, drawing.plot_columns - 2)
    beside = x + 2 if x + 2 + cells <= right_edge else max(drawing.plot_left, x - 1 - cells)
    for row, (text, role) in zip(drawing.rows[top : top + height], lines, strict=False):
        row.put(beside, fit(f" {text} ", cells, ellipsis="~" if plain else "…"), role)


def _read_out(
    windows: Sequence[SeriesWindow], start: float, end: float, most: int, *, plain: bool
) -> list[tuple[str, int]]:
    lines = []
    for place, window in enumerate(windows):
        value = shown(value_between(window, start, end), limit=80, plain=plain)
        lines.append((f"{letter_of(place, len(windows))} {value}".strip(), place % 249 + 1))
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], (f"+{len(lines) - most + 1} more", TEXT)]
