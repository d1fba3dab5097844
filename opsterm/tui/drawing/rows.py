"""Rows of the chat: cleaned text with styled spans in it, wrapped to a width, every character in its own place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from opsterm.tui.cells import shown
from opsterm.tui.wrapping import wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSpan:
    """A part of a row that looks otherwise: places of its characters, and names of styles as `Transcript` has them."""

    start: int
    end: int
    styles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: cleaned text, the name of its style, and what in it looks otherwise."""

    text: str
    style: str = ""
    spans: tuple[RowSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StyledText:
    """A piece of a text in one look.

    Attributes:
        text: as it is to be shown, not cleaned yet.
        styles: names of styles.
        at: where it stands in what it was made from.
        whole: whether it is other words than those that stand there, and so has no parts.
    """

    text: str
    styles: frozenset[str] = frozenset()
    at: int = 0
    whole: bool = False


def styled_rows(
    runs: Iterable[StyledText], room: int, *, first: str = "", rest: str = "", style: str = "", plain: bool = False
) -> list[Row]:
    """Return runs as rows of at most `room` cells, an indent included.

    Args:
        runs: in order; cleaned here.
        room: cells of a row.
        first: what stands before the first row, cleaned, of the same width as `rest`.
        rest: what stands before the others, cleaned.
        style: of the rows.
        plain: ASCII only.
    """
    text, spans = _joined(runs, plain=plain)
    rows: list[Row] = []
    at, indent = 0, first
    for piece in wrapped(text, max(1, room - cell_len(rest))):
        at = text.find(piece, at)  # what is lost at the end of a row is blanks
        rows.append(Row(text=indent + piece, style=style, spans=_within(spans, at, at + len(piece), len(indent))))
        at, indent = at + len(piece), rest
    return rows


def _joined(runs: Iterable[StyledText], *, plain: bool) -> tuple[str, list[RowSpan]]:
    """Return the text of runs, cleaned, and what in it looks otherwise."""
    kept = [(run, shown(run.text, plain=plain)) for run in runs]
    text = "".join(clean for _, clean in kept)
    whole = shown(text, plain=plain)
    if whole != text:  # marks that pile up over a border, or a line that is too long: shown, without its looks
        return whole, []
    spans, at = [], 0
    for run, clean in kept:
        if run.styles and clean:
            spans.append(RowSpan(start=at, end=at + len(clean), styles=run.styles))
        at += len(clean)
    return text, spans


def _within(spans: Sequence[RowSpan], start: int, end: int, indent: int) -> tuple[RowSpan, ...]:
    """Return the spans of a part of a text, placed in the row that has it behind an indent."""
    return tuple(
        RowSpan(start=max(0, one.start - start) + indent, end=min(one.end, end) - start + indent, styles=one.styles)
        for one in spans
        if one.start < end and one.end > start
    )
