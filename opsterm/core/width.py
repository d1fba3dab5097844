"""How many cells of a terminal a text takes. Source: Unicode TR11 through the East Asian Width property."""

from __future__ import annotations

import unicodedata


def cell_width(text: str) -> int:
    """Return the cells that cleaned text takes: wide characters count two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return text filled with spaces to `width` cells, flush left or flush right; longer text is left alone."""
    fill = " " * max(0, width - cell_width(text))
    return fill + text if right else text + fill
