"""Text measured and cut in terminal cells.

Everything a widget of ours draws goes through `shown`, so no control reaches the terminal and every terminal
agrees with us about the width: a row that is one cell too long destroys the row below it.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells

from opsterm.core.text import LINE_LIMIT, clean_line, escaped

_WIDTH_IN_DOUBT = re.compile("[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
"""Flags and skin tones: one terminal joins them with their neighbour, the next gives them cells of their own."""


_NOT_ASCII = re.compile("[^ -~]")


def shown(text: str, *, limit: int = LINE_LIMIT, plain: bool = False) -> str:
    """Return foreign text fit for one row of a widget: cleaned, and of the same width on every terminal.

    Args:
        text: a line from anywhere.
        limit: characters kept.
        plain: write everything outside ASCII as its escape, for terminals without UTF-8.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    doubtful = _NOT_ASCII if plain else _WIDTH_IN_DOUBT
    return doubtful.sub(lambda match: escaped(match[0]), clean_line(text, limit=limit))


def cut(text: str, cells: int, *, ellipsis: str = "…") -> str:
    """Return `text` in at most `cells` cells; where something is lost, it ends with the ellipsis.

    Args:
        text: a line that `shown` returned, or one of our own.
        cells: room, 0 and up.
        ellipsis: one cell wide.
    """
    if text.isascii():
        if len(text) <= cells:
            return text
        return text[: cells - 1] + ellipsis if cells > 0 else ""
    if cell_len(text) <= cells:
        return text
    if cells <= 1:
        return ellipsis[:cells]
    kept = chop_cells(text, cells - 1)[0]  # empty when the first character alone is too wide
    return kept + ellipsis


def fit(text: str, cells: int, *, right: bool = False, ellipsis: str = "…") -> str:
    """Return `text` in exactly `cells` cells: cut or padded, pushed to the right side when `right`."""
    short = cut(text, cells, ellipsis=ellipsis)
    blank = " " * (cells - (len(short) if short.isascii() else cell_len(short)))
    return blank + short if right else short + blank
