"""The rows of a terminal as strips that are ready to be sent.

A row is turned into a strip when it changes, not when it is painted. What an emulator's frame holds is safe and of
exact width (`opsterm.terminal.emulator`), so nothing is cleaned or measured again here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from opsterm.terminal.emulator import CellStyle, Color, Cursor, CursorShape, Frame, Run

_ASCII_LINES = str.maketrans(
    dict.fromkeys("─━═╌╍┄┅┈┉╴╶╸╺", "-")
    | dict.fromkeys("│┃║╎╏┆┇┊┋╵╷╹╻", "|")
    | {chr(point): "+" for point in (*range(0x250C, 0x254C), *range(0x2552, 0x2574))}
    | dict.fromkeys("█▓▒▀▄▌▐■", "#")
    | dict.fromkeys("░·•∙", ".")
    | {"←": "<", "→": ">", "↑": "^", "↓": "v", "▲": "^", "▼": "v", "◀": "<", "▶": ">", "…": "~", "–": "-", "—": "-"}
    | dict.fromkeys("‘’", "'")
    | dict.fromkeys("“”", '"')
)


class TerminalStrips:
    """What one terminal shows, as the face sends it.

    Attributes:
        ascii: replace what is outside ASCII, for an outer terminal without UTF-8.
        cursor: where the cursor is.
    """

    def __init__(self, *, ascii: bool = False) -> None:  # noqa: A002 (the setting's name)
        self.ascii = ascii
        self.cursor = Cursor()
        self._rows: list[Sequence[Run]] = []
        self._strips: list[Strip | None] = []
        self._columns = 0
        self._base = Style()

    def take(self, frame: Frame) -> set[int]:
        """Take in a frame; return the numbers of the rows that look different now, the cursor's included."""
        touched: set[int] = set()
        if (frame.columns, frame.rows) != (self._columns, len(self._rows)):
            self._columns = frame.columns
            self._rows = [((" " * frame.columns, CellStyle()),)] * frame.rows
            self._strips = [None] * frame.rows
            touched.update(range(frame.rows))
        for y, runs in frame.changed.items():
            if y < len(self._rows) and runs != self._rows[y]:
                self._rows[y] = runs
                self._strips[y] = None
                touched.add(y)
        if frame.cursor != self.cursor:
            touched.update(cursor.y for cursor in (self.cursor, frame.cursor) if cursor.visible)
            self.cursor = frame.cursor
        return touched

    def clear(self) -> None:
        """Forget every row."""
        self._rows, self._strips, self._columns, self.cursor = [], [], 0, Cursor()

    def line(self, y: int, width: int, base: Style, *, focused: bool) -> Strip:
        """Return row `y` in `width` cells.

        Args:
            y: row from the top; blank below the last one.
            width: cells wanted: the row is cut or padded.
            base: colours of cells that have none of their own.
            focused: draw the cursor as it is, else as a line under its cell.
        """
        if base != self._base:
            self._base = base
            self._strips = [None] * len(self._rows)
        if y >= len(self._rows):
            return Strip.blank(width, base)
        strip = self._strips[y]
        if strip is None:
            strip = self._strips[y] = self._strip(self._rows[y])
        if self.cursor.visible and self.cursor.y == y and self.cursor.x < self._columns:
            strip = self._with_cursor(strip, y, focused=focused)
        if strip.cell_length != width:
            strip = strip.adjust_cell_length(width, base)
        return strip

    def _strip(self, runs: Sequence[Run]) -> Strip:
        if self.ascii:
            runs = [(in_ascii(text), style) for text, style in runs]
        return Strip([Segment(text, rich_style(style, self._base)) for text, style in runs], self._columns)

    def _with_cursor(self, strip: Strip, y: int, *, focused: bool) -> Strip:
        x = self.cursor.x
        end = min(self._columns, x + width_at("".join(text for text, _ in self._rows[y]), x))
        before, under, after = strip.crop(0, x), strip.crop(x, end), strip.crop(end, self._columns)
        drawn = []
        for segment in under:
            style = segment.style or Style()
            if focused and self.cursor.shape is not CursorShape.UNDERLINE:
                style += Style(reverse=not style.reverse)
            else:
                style += Style(underline=not style.underline)
            drawn.append(Segment(segment.text, style))
        return Strip.join([before, Strip(drawn, end - x), after])


@lru_cache(maxsize=16_384)
def rich_style(style: CellStyle, base: Style) -> Style:
    """Return a cell's style on top of the colours of cells that have none."""
    return base + Style(
        color=_color(style.fg),
        bgcolor=_color(style.bg),
        bold=style.bold or None,
        dim=style.dim or None,
        italic=style.italic or None,
        underline=style.underline or None,
        blink=style.blink or None,
        reverse=style.reverse or None,
        strike=style.strike or None,
    )


def in_ascii(text: str) -> str:
    """Return text in ASCII, of the same width: lines as - | +, what has no likeness as ?."""
    if text.isascii():
        return text
    text = text.translate(_ASCII_LINES)
    return text if text.isascii() else "".join(c if c.isascii() else "?" * cell_len(c) for c in text)


def width_at(text: str, x: int) -> int:
    """Return the width of the character in cell `x` of a row: 1 or 2."""
    if text.isascii():
        return 1
    at = 0
    for char in text:
        width = cell_len(char)
        if at <= x < at + width:
            return width
        at += width
    return 1


def _color(color: Color) -> RichColor | None:
    if color is None:
        return None
    return RichColor.from_ansi(color) if isinstance(color, int) else RichColor.from_rgb(*color)
