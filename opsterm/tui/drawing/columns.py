"""How a table's columns share its width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len

GAP = 2
"""Blank cells between two columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """One column.

    Attributes:
        title: what stands above it.
        min_width: cells below which it is rather left out.
        max_width: cells beyond which its texts are cut.
        priority: columns with the smallest number leave first when the table is narrow.
        right: numbers stand at the right side.
        grows: takes the room that is left over, beyond `max_width`.
    """

    title: str
    min_width: int = 4
    max_width: int = 40
    priority: int = 0
    right: bool = False
    grows: bool = False


class PlacedColumn(NamedTuple):
    """A column that is shown.

    Attributes:
        place: where it is among the row's cells.
        width: its cells.
    """

    place: int
    width: int


def place_columns(columns: Sequence[TableColumn], natural: Sequence[int], room: int) -> tuple[PlacedColumn, ...]:
    """Return the columns that fit, with their widths, in their order.

    Every column gets what its texts need, between its limits. When that is too much, the least important ones shrink
    to their minimum first; when that is still too much, the least important ones are left out. One column always
    stays.

    Args:
        columns: the columns.
        natural: cells that the texts of each column need.
        room: cells of the whole table.
    """
    if not columns or room < 1:
        return ()
    kept = list(range(len(columns)))
    while len(kept) > 1 and sum(columns[i].min_width for i in kept) + GAP * (len(kept) - 1) > room:
        kept.remove(min(kept, key=lambda i: (columns[i].priority, -i)))
    widths = {
        i: max(columns[i].min_width, min(columns[i].max_width, max(natural[i], cell_len(columns[i].title))))
        for i in kept
    }
    spare = room - sum(widths.values()) - GAP * (len(kept) - 1)
    for i in sorted(kept, key=lambda i: (columns[i].priority, -i)):
        if spare >= 0:
            break
        less = min(-spare, widths[i] - columns[i].min_width)
        widths[i] -= less
        spare += less
    growing = [i for i in kept if columns[i].grows]
    if spare > 0 and growing:
        widths[growing[0]] += spare
    if spare < 0:
        widths[kept[0]] = room  # a single column that is wider than the table
    return tuple(PlacedColumn(i, widths[i]) for i in kept)
