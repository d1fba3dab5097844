"""How many cells of a terminal a text takes.

Source: Unicode TR11 through the East Asian Width property of the Python in use, with what Unicode 16 has changed. In
step with Rich, which measures for the screen; what the Python in use does not know is taken for one cell, or for two
where emoji and ideographs are being added.
"""

from __future__ import annotations

import functools
import unicodedata

from opsterm.core import lean_re as re

_NO_CELL = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff\U0001f3fb-\U0001f3ff]")
"""Parts of Hangul syllables that join what stands before them, and skin tones."""

_TWO_CELLS = re.compile("[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\U0001d300-\U0001d356\U0001d360-\U0001d376]")
"""Trigrams, hexagrams and counting rods: wide since Unicode 16."""

_WILL_BE_WIDE = re.compile("[\U00016fe0-\U00018dff\U0001f300-\U0001faff\U00020000-\U0003fffd]")
"""Where wide characters are added."""


def cell_width(text: str) -> int:
    """Return the cells that cleaned text takes: wide characters count two, marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


@functools.lru_cache(4096)
def _char_width(char: str) -> int:
    kind = unicodedata.category(char)
    if kind in ("Mn", "Me", "Mc") or _NO_CELL.match(char):
        return 0
    if kind == "Cn":
        return 2 if _WILL_BE_WIDE.match(char) else 1
    return 2 if unicodedata.east_asian_width(char) in "WF" or _TWO_CELLS.match(char) else 1


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return text filled with spaces to `width` cells, flush left or flush right; longer text is left alone."""
    fill = " " * max(0, width - cell_width(text))
    return fill + text if right else text + fill
