"""Rows of a label and a text, laid out one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opsterm.core.text import clean_block
from opsterm.tui.wrapping import LEAST_ROOM, packed, wrapped

LABEL_WIDTH = 10


class SheetRow(NamedTuple):
    """A label and its text.

    Attributes:
        label: one word, "" for a line that goes on.
        text: may have several lines.
        exact: every blank of it counts.
        packed: its lines are sentences, of which several may stand in one row.
    """

    label: str
    text: str
    exact: bool = False
    packed: bool = False


def sheet(rows: Sequence[SheetRow], columns: int) -> str:
    """Return rows as text, every further line below the text's beginning.

    The lines of an exact text are numbered from the second on, so that nobody takes a line that begins for one that
    goes on: "# a long remark" and, below it, a command.
    """
    room = max(LEAST_ROOM, columns - LABEL_WIDTH)
    return "\n".join(_row(row, room) for row in rows)


def _row(row: SheetRow, room: int) -> str:
    made: list[str] = []
    lines = clean_block(row.text).split("\n")
    if row.packed:
        return "\n".join(
            f"{'' if at else row.label:{LABEL_WIDTH}}{line}" for at, line in enumerate(packed(lines, room))
        )
    for number, line in enumerate(lines, 1):
        label = row.label if number == 1 else f"{number:>{LABEL_WIDTH - 2}}" if row.exact else ""
        for piece in wrapped(line, room, exact=row.exact):
            made.append(f"{label:{LABEL_WIDTH}}{piece}")
            label = ""
    return "\n".join(made)
