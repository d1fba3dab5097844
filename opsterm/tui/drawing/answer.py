"""An answer of the chat as text for a pane of a known width: sentences wrapped, tables cut, never a broken line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from opsterm.assistant.answer import (
    Answer,
    AnswerTable,
    CitedSentence,
    Listing,
    Paragraph,
    count_text,
    statement_lines,
)  # fmt: skip
from opsterm.assistant.stamp import Rung
from opsterm.tui.cells import fit, shown

LEAST_COLUMN = 4


def answer_text(answer: Answer, width: int, *, plain: bool = False) -> Text:
    """Return an answer as styled lines of at most `width` cells.

    Args:
        answer: what is shown.
        width: cells of the pane, 20 and up.
        plain: ASCII only.
    """
    made = Text(no_wrap=True, overflow="crop")
    for line, style in _lines(answer, width, plain=plain):
        if made:
            made.append("\n")
        made.append(line, style)
    return made


def _lines(answer: Answer, width: int, *, plain: bool) -> Iterator[tuple[str, str]]:
    rung = answer.stamp.rung if answer.stamp is not None else Rung.RULES
    lead = "?     " if not answer.understood else "model " if rung is Rung.MODEL else "rules "
    for number, block in enumerate(answer.blocks):
        if isinstance(block, AnswerTable):
            yield from ((line, style) for line, style in _table(block, width, plain=plain))
            continue
        if isinstance(block, Listing):
            yield from (("  " + piece, "") for line in block.lines for piece in _folded(line, width - 2, plain=plain))
            continue
        if isinstance(block, CitedSentence):
            texts = statement_lines(block)
        else:
            texts = (block.text if isinstance(block, Paragraph) else block.summary,)
        indent = lead if number == 0 else ""
        for text in texts:
            for piece in _wrapped(shown(text, plain=plain), width - len(lead)):
                yield f"{indent:{len(lead)}}{piece}" if number == 0 else piece, ""
                indent = ""
    for source in answer.sources:
        for piece in _wrapped(shown(f"[{source.tag}] {source.text}", plain=plain), width):
            yield piece, "dim"
    for follow in answer.follow_ups:
        action = f"{follow.key} {follow.words}" if follow.key else follow.line or follow.words
        for piece in _wrapped(shown(f"  > {action}", plain=plain), width):
            yield piece, "dim"


def _folded(line: str, width: int, *, plain: bool) -> list[str]:
    """Return a line in pieces that fit; nothing of it is lost, blanks included."""
    text, pieces = shown(line, plain=plain), []
    while cell_len(text) > width:
        piece = text[:width]
        while cell_len(piece) > width:
            piece = piece[:-1]
        pieces.append(piece)
        text = text[len(piece) :]
    return [*pieces, text]


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, max(10, width), break_on_hyphens=False) or [""]


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
