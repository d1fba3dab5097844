"""Long lines broken into rows by the cells they take, every further row below the text's beginning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from rich.cells import cell_len, chop_cells

LEAST_ROOM = 20
"""Cells of text that a row keeps, however deep its indentation."""

_PIECES = re.compile(r"\S+|\s+")
_LABEL = re.compile(r"(\s*\S.*?\S?\s{2,})\S")
_DEEPEST = 30
"""A gap further to the right is no label's end but a gap in a text."""


def wrapped(line: str, room: int, *, exact: bool = False) -> list[str]:
    """Break one line at blanks; a word longer than the room is cut in pieces.

    Args:
        line: cleaned text without a newline.
        room: cells of a row, 1 and up.
        exact: keep every blank, as in a command; else rows begin with a word.
    """
    rows: list[str] = []
    row, used = "", 0
    for piece in _PIECES.findall(line):
        if not exact and piece.isspace() and not row and rows:
            continue
        cells = cell_len(piece)
        if used + cells > room:
            if piece.isspace() and not exact:
                rows, row, used = [*rows, row], "", 0
                continue
            if row and (cells <= room or not exact):
                rows, row, used = [*rows, row], "", 0
            *full, piece = chop_cells(row + piece, room)  # noqa: PLW2901 (the rest of the word goes on)
            rows, row = [*rows, *full], ""
            cells, used = cell_len(piece), 0
        row, used = row + piece, used + cells
    return [*(text if exact else text.rstrip() for text in rows), row]


def packed(sentences: Iterable[str], room: int) -> list[str]:
    """Lay out sentences so that one begins in a row only where it ends in it, or in a row of its own.

    Args:
        sentences: cleaned, without a newline.
        room: cells of a row, 1 and up.
    """
    rows: list[str] = []
    for sentence in sentences:
        if rows and cell_len(f"{rows[-1]} {sentence}") <= room:
            rows[-1] = f"{rows[-1]} {sentence}"
        else:
            rows += wrapped(sentence, room)
    return rows


def hanging(text: str, room: int) -> str:
    """Break the lines of a text; what follows a label and a gap stays in its column.

    Args:
        text: cleaned lines, as in "  enter     Shows everything known of the target."
        room: cells of a row.
    """
    return "\n".join(row for line in text.split("\n") for row in _hung(line, room))


def _hung(line: str, room: int) -> list[str]:
    if cell_len(line) <= room:
        return [line]
    label = _LABEL.match(line)
    at = label.end(1) if label and label.end(1) <= _DEEPEST else len(list(takewhile(str.isspace, line)))
    indent = cell_len(line[:at])
    if room - indent < LEAST_ROOM:
        return wrapped(line, max(1, room))
    first, *further = wrapped(line[at:], room - indent)
    return [line[:at] + first, *(" " * indent + row for row in further)]
