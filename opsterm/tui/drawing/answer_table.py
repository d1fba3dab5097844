"""A table of an answer as rows for a pane of a known width: its widest columns give way, never a broken line."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from opsterm.assistant.answer import AnswerTable, count_text
from opsterm.tui.cells import fit, shown

LEAST_COLUMN = 4


def table_rows(block: AnswerTable, width: int, *, plain: bool) -> Iterator[tuple[str, str, str]]:
    """Yield (row, style, cells as they are, divided by tabs) of a table: its titles, its rows, what was left out."""
    sources = ["\t".join(column.title for column in block.columns), *("\t".join(row) for row in block.rows), ""]
    for (row, style), source in zip(_table(block, width, plain=plain), sources, strict=False):
        yield row, style, source


def _table(block: AnswerTable, width: int, *, plain: bool) -> Iterator[tuple[str, str]]:
    """Yield the rows of a table that fits: the widest columns give way first."""
    titles = [column.title for column in block.columns]
    cells = [[shown(cell, plain=plain) for cell in row] for row in (titles, *block.rows)]
    widths = [max(cell_len(row[at]) for row in cells) for at in range(len(titles))]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > LEAST_COLUMN:
        widths[widths.index(max(widths))] -= 1
    ellipsis = "~" if plain else "…"
    for number, row in enumerate(cells):
        line = "  ".join(
            fit(cell, size, right=column.right, ellipsis=ellipsis)
            for cell, size, column in zip(row, widths, block.columns, strict=True)
        )
        yield line.rstrip(), "bold" if number == 0 else ""
    if block.left_out:
        yield f"{ellipsis} and {count_text(block.left_out, 'line')} more", "dim"
