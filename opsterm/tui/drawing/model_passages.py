"""A model's Markdown as passages, while it comes and once it is whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from opsterm.assistant.answer import UNSUPPORTED
from opsterm.tui.drawing.markdown import Support, is_table, text_rows
from opsterm.tui.drawing.passage import LEAD, ChatPassage, PassageKind, PassageLook, passage, plain_rows
from opsterm.tui.drawing.rows import Row, RowSpan

OPEN_LINES = 100
"""Lines of a block after which what came of it is not drawn again."""

_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")


class MarkdownPassages:
    """A model's words. A block that has ended is sealed: it is not drawn again; only the open one is.

    Links and images stand as they were written: nothing is opened and nothing fetched.

    Args:
        place: of the turn among those that are shown.
        look: how they are drawn.
        support: what of it has support, of an answer that has ended.
    """

    def __init__(self, place: int, look: PassageLook, support: Support | None = None) -> None:
        self._place = place
        self._look = look
        self._support = support or Support()
        self._sealed: list[ChatPassage] = []
        self._open: list[str] = []
        self._rest = ""
        self._fence = ""
        self._titles: list[str] = []

    @property
    def sealed(self) -> int:
        """How many passages will not change any more."""
        return len(self._sealed)

    @property
    def passages(self) -> list[ChatPassage]:
        """All of them, the open one last."""
        return [*self._sealed, *self.open]

    @property
    def open(self) -> list[ChatPassage]:
        """The one that still grows, if there is one."""
        lines = [*self._open, self._rest] if self._rest and not self._ends(self._rest) else self._open
        return [self._drawn(lines)] if any(line.strip() for line in lines) else []

    def since(self, sealed: int) -> list[ChatPassage]:
        """Return what has changed since that many were sealed."""
        return [*self._sealed[sealed:], *self.open]

    def add(self, text: str) -> None:
        """Take in what came; it goes on where the last piece ended."""
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            self._take(line)

    def _take(self, line: str) -> None:
        fence = _FENCE.match(line)
        if self._ends(line):
            self._seal()
            self._fence = ""
        elif self._fence:
            self._open.append(line)
            if len(self._open) > OPEN_LINES:
                self._seal()
        elif fence:
            self._seal()
            self._titles = []
            self._fence = fence[1]
        elif not line.strip():
            self._seal()
            self._titles = []
        else:
            if not self._open and "|" in line:
                self._open += self._titles
            self._open.append(line)
            if len(self._open) > OPEN_LINES:
                self._titles = _titles(self._open)
                self._seal()

    def _ends(self, line: str) -> bool:
        """Return whether a line ends the block of code that is open: it is left out, as the one that opened it is."""
        fence = _FENCE.match(line) if self._fence else None
        return fence is not None and fence[1].startswith(self._fence) and line.strip() == fence[1]

    def _seal(self) -> None:
        if any(line.strip() for line in self._open):
            self._sealed.append(self._drawn(self._open))
        self._open = []

    def _drawn(self, lines: Sequence[str]) -> ChatPassage:
        look = self._look
        rows = self._code_rows(lines) if self._fence else text_rows(
            lines, look.width, indent=LEAD, plain=look.plain, support=self._support
        )  # fmt: skip
        if not self._sealed and rows:
            rows[0] = replace(rows[0], text=f"{'model':{LEAD}}{rows[0].text[LEAD:]}")
        if self._fence:
            return passage(PassageKind.CODE, self._place, "\n".join(lines), rows or [Row(text="")])
        return passage(PassageKind.TEXT, self._place, "\n".join(lines), rows or [Row(text="")], look=look)

    def _code_rows(self, code: Sequence[str]) -> list[Row]:
        rows = [row for line in code for row in plain_rows(line, self._look, "code", LEAD + 2, exact=True)]
        if self._support.misses("\n".join(code)):
            sign = RowSpan(start=LEAD + 2, end=LEAD + 2 + len(UNSUPPORTED), styles=frozenset({"sign"}))
            rows.append(Row(text=" " * (LEAD + 2) + UNSUPPORTED, spans=(sign,)))
        return rows


def _titles(lines: Sequence[str]) -> list[str]:
    """Return the titles of the table with which lines end, none when they end with none: it goes on below them."""
    begins = [at for at in range(len(lines) - 1) if is_table(lines[at : at + 2])]
    goes_on = begins and all("|" in line for line in lines[begins[-1] :])
    return list(lines[begins[-1] : begins[-1] + 2]) if goes_on else []
