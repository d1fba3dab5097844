"""Lines of a page as pieces with a look, cut and broken to a width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from opsterm.tui.cells import cut, shown
from opsterm.tui.glyphs import Glyphs
from opsterm.tui.wrapping import wrapped

_LABEL = 13


class Piece(NamedTuple):
    """A text with a look of the framework's, as in "$sev-warning"; "" for the page's own."""

    text: str
    style: str = ""


Line = Sequence[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePart:
    """A part of the page; `lines` are at most as wide as was asked for. One without a title is not shown."""

    title: str
    lines: Sequence[Line]


NO_PART = PagePart(title="", lines=())


class PageWriter:
    """Makes safe lines for one width.

    Args:
        columns: cells of a line.
        glyphs: signs, and whether only ASCII may be shown.
    """

    def __init__(self, columns: int, glyphs: Glyphs) -> None:
        self.columns = max(20, columns)
        self.glyphs = glyphs
        self.plain = not glyphs.braille

    def field(self, label: str, text: str) -> Sequence[Line]:
        """Return a text behind its label."""
        label = f"{label} ".ljust(_LABEL)
        rows = wrapped(shown(text, plain=self.plain), self.columns - len(label))
        return [[Piece(" " * len(label) if number else label, "$muted"), Piece(row)] for number, row in enumerate(rows)]

    def text(self, text: str, style: str = "", *, indent: int = 0) -> Sequence[Line]:
        """Return a text in as many lines as it needs."""
        rows = wrapped(shown(text, plain=self.plain), self.columns - indent)
        return [[Piece(" " * indent + row, style)] for row in rows]

    def cut(self, pieces: Line) -> Line:
        """Return a line whose pieces are safe and fit; the last that does not is cut."""
        made, room = [], self.columns
        for piece in pieces:
            text = cut(shown(piece.text, plain=self.plain), room, ellipsis=self.glyphs.ellipsis)
            made.append(Piece(text, piece.style))
            room -= len(text)
        return made
