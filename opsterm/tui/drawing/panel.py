"""One panel of a chart: curves, axes, threshold lines and cursor put together as cells with roles.

A cell holds one character; the cell behind a wide character holds FILLER and vanishes when the row is written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from opsterm.monitoring.alerts import Severity
from opsterm.monitoring.sample import Point, SeriesWindow
from opsterm.tui.cells import fit, shown
from opsterm.tui.drawing.axis import ValueAxis, value_axis
from opsterm.tui.drawing.legend import letter_of
from opsterm.tui.drawing.raster import Picture, Scale, Stretch, ascii_layer, braille_layer, lay_over, trace

FILLER = "\x00"
LARGEST = 1e18
"""Values beyond this cannot be meant; they are left out."""

BLANK, TEXT, AXIS, WARNING, CRITICAL, CURSOR = 0, 250, 251, 252, 253, 254
"""Roles of cells; 1 to 249 are the curves by place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdLine:
    """A level to draw across the chart.

    Attributes:
        value: the level, in `unit`.
        label: what stands at the line, as in "▲ warning 80 %".
        severity: how bad it is to be beyond it.
        unit: which axis it belongs to; equal to the unit of a series.
    """

    value: float
    label: str
    severity: Severity
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A series that is drawn.

    Attributes:
        place: 0 and up in the whole chart: gives letter and colour.
        window: its points, all finite.
        low: smallest value; 0 without points.
        high: largest value.
    """

    place: int
    window: SeriesWindow
    low: float
    high: float


def curve(place: int, window: SeriesWindow) -> Curve:
    """Return a series ready to draw: points that are no number left out, its range known."""
    points: Sequence[Point] = window.points
    if points:
        _, lows, means, highs, _ = zip(*points, strict=True)
        low, high = min(lows), max(highs)
        # A sum is finite only if all are, and min and max do not see every NaN.
        if not (math.isfinite(sum(lows) + sum(means) + sum(highs)) and low > -LARGEST and high < LARGEST):
            points = [p for p in points if all(-LARGEST < v < LARGEST for v in p[1:4])]
            low = min((p.low for p in points), default=0.0)
            high = max((p.high for p in points), default=0.0)
        if points is not window.points:
            window = SeriesWindow(
                key=window.key,
                unit=window.unit,
                start=window.start,
                end=window.end,
                step_s=window.step_s,
                gap_s=window.gap_s,
                points=points,
            )
        return Curve(place=place, window=window, low=low, high=high)
    return Curve(place=place, window=window, low=0.0, high=0.0)


@dataclass(slots=True)
class CellRow:
    """One row of cells that is being put together.

    Attributes:
        text: one character for each cell.
        roles: one byte for each cell.
    """

    text: str
    roles: bytearray

    def put(self, column: int, text: str, role: int) -> None:
        """Write over the cells from `column` on; what does not fit is left out."""
        cells = _cells(text)[: max(0, len(self.text) - column)]
        self.text = self.text[:column] + cells + self.text[column + len(cells) :]
        self.roles[column : column + len(cells)] = bytes((role,)) * len(cells)

    def is_blank(self, column: int, count: int) -> bool:
        """Return whether nothing is drawn in `count` cells from `column` on, and all of them exist."""
        return column >= 0 and column + count <= len(self.text) and not self.text[column : column + count].strip()


def _cells(text: str) -> str:
    if text.isascii() or cell_len(text) == len(text):
        return text
    return "".join(char + FILLER if cell_len(char) == 2 else char for char in text if cell_len(char))


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSize:
    """Where things are in a panel, in cells.

    Attributes:
        rows: height of the plot.
        left: width of the left axis, its line included.
        plot: width of the plot.
        letters: width of the column of letters, 0 or 2.
        right: width of the right axis, its line included; 0 without one.
    """

    rows: int
    left: int
    plot: int
    letters: int
    right: int


def axis_of(
    curves: Sequence[Curve], thresholds: Sequence[ThresholdLine], unit: str, rows: int, *, plain: bool
) -> ValueAxis:
    """Return the axis for the curves of one unit; thresholds within reach of the values are made to fit in."""
    held = [c for c in curves if c.window.points]
    low, high = min((c.low for c in held), default=0.0), max((c.high for c in held), default=0.0)
    near = [t.value for t in thresholds if t.unit == unit and high < t.value <= 2 * high < LARGEST]
    return value_axis(low, max([high, *near]), shown(unit, limit=12, plain=plain), max(2, (rows + 2) // 3))


def draw_panel(
    groups: Sequence[tuple[ValueAxis, Sequence[Curve]]],
    thresholds: Sequence[ThresholdLine],
    stretch: Stretch,
    size: PanelSize,
    *,
    total: int,
    plain: bool,
) -> list[CellRow]:
    """Return the rows of one panel, without the time axis and the cursor.

    Args:
        groups: one or two units, left axis first: the axis and its curves.
        thresholds: levels; those outside an axis are left out.
        stretch: the columns of dots: `size.plot` for ASCII, twice as many for braille.
        size: the layout.
        total: curves in the whole chart.
        plain: draw with ASCII only.
    """
    dots = size.rows * (1 if plain else 4)
    scales = [Scale(bottom=axis.bottom, top=axis.top, dots=max(dots, 2)) for axis, _ in groups]
    drawn = [(scale, one) for scale, (_, curves) in zip(scales, groups, strict=True) for one in curves]
    picture = _picture(drawn, stretch, size, total=total, plain=plain)
    places = bytes([0, *[one.place % 249 + 1 for _, one in drawn]])
    rows = [
        CellRow(text, bytearray(owners.translate(places.ljust(256, b"\0"))))
        for text, owners in zip(picture.texts, picture.owners, strict=True)
    ]
    by_unit = {curves[0].window.unit: scale for scale, (_, curves) in zip(scales, groups, strict=True) if curves}
    for line in thresholds:
        scale = by_unit.get(line.unit)
        if scale is not None and scale.bottom <= line.value <= scale.top:
            _draw_threshold(rows, line, scale, plain=plain)
    letters = _letter_column(drawn, size, stretch, total) if size.letters else None
    return [
        _with_axes(rows[row], groups, scales, row, size, letters[row] if letters else None, plain=plain)
        for row in range(size.rows)
    ]


def _picture(
    drawn: Sequence[tuple[Scale, Curve]], stretch: Stretch, size: PanelSize, *, total: int, plain: bool
) -> Picture:
    layer = ascii_layer if plain else braille_layer
    layers = [
        layer(trace(one.window.points, stretch, one.window.gap_s, scale), size.rows) for scale, one in drawn[:255]
    ]
    marks = "".join(letter_of(one.place, total) or "*" for _, one in drawn) if plain else ""
    return lay_over(layers, size.plot, size.rows, marks)


def _draw_threshold(rows: list[CellRow], line: ThresholdLine, scale: Scale, *, plain: bool) -> None:
    """Draw dashes into the blank cells of one row, and the label where it hides nothing."""
    role = CRITICAL if line.severity is Severity.CRITICAL else WARNING
    dot = scale.dot(line.value)
    at = len(rows) - 1 - (dot if plain else dot // 4)
    row, dash = rows[at], "-" if plain else "⣀⠤⠒⠉"[dot % 4]
    label = f" {line.label} "
    cells = cell_len(label)
    columns = len(row.text)
    spot = next(
        ((near, x) for near in (at, at - 1, at + 1) if 0 <= near < len(rows)
         for x in range(columns - cells, -1, -4) if rows[near].is_blank(x, cells)),
        None,
    )  # fmt: skip
    for x in range(0, columns, 2):
        if row.text[x] == " ":
            row.put(x, dash, role)
    if spot is not None:
        rows[spot[0]].put(spot[1], label, role)


def _letter_column(
    drawn: Sequence[tuple[Scale, Curve]], size: PanelSize, stretch: Stretch, total: int
) -> list[tuple[str, int]]:
    """Return for each row the letter of the curve that ends there; neighbours move to the nearest free row."""
    column: list[tuple[str, int]] = [("", BLANK)] * size.rows
    for scale, one in drawn:
        if not one.window.points or stretch.column(one.window.points[-1].at + one.window.gap_s) < stretch.count - 1:
            continue
        wanted = (scale.dots - 1 - scale.dot(one.window.points[-1].mean)) * size.rows // scale.dots
        free = [row for row in range(size.rows) if not column[row][0]]
        if free:
            nearest = min(free, key=lambda row: (abs(row - wanted), row))
            column[nearest] = (letter_of(one.place, total), one.place % 249 + 1)
    return column


def _with_axes(
    row: CellRow,
    groups: Sequence[tuple[ValueAxis, Sequence[Curve]]],
    scales: Sequence[Scale],
    number: int,
    size: PanelSize,
    letter: tuple[str, int] | None,
    *,
    plain: bool,
) -> CellRow:
    labels = [_tick_at(axis, scale, number, size.rows) for (axis, _), scale in zip(groups, scales, strict=True)]
    tick, bar, right_tick = ("+", "|", "+") if plain else ("┤", "│", "├")
    ellipsis = "~" if plain else "…"
    left = _cells(fit(labels[0], size.left - 2, right=True, ellipsis=ellipsis)) + " " + (tick if labels[0] else bar)
    text, roles = left, bytes((AXIS,)) * size.left
    text, roles = text + row.text, roles + bytes(row.roles)
    if size.letters:
        mark, role = letter or ("", BLANK)
        text, roles = f"{text} {mark or ' '}", roles + bytes((BLANK, role))
    if size.right:
        label = labels[1] if len(labels) > 1 else ""
        text += (right_tick if label else bar) + " " + _cells(fit(label, size.right - 2, ellipsis=ellipsis))
        roles += bytes((AXIS,)) * size.right
    return CellRow(text, bytearray(roles))


def _tick_at(axis: ValueAxis, scale: Scale, row: int, rows: int) -> str:
    for value, label in axis.ticks:
        if (scale.dots - 1 - scale.dot(value)) * rows // scale.dots == row:
            return label
    return ""
