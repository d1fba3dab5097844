"""How two contents of a file differ, as lines that can be shown to the letter."""

from __future__ import annotations

import difflib

from opsterm.core.text import shown_exactly
from opsterm.core.units import bytes_text

SHOWN_LINES = 400
"""Lines of a difference; more are counted."""


def difference_of(data: bytes, there: bytes) -> tuple[str, tuple[str, ...]]:
    """Return a sentence about what is there, and the difference of what would be put, both bytes whole."""
    if data == there:
        return "What is there has the same content.", ()
    old, new = lines_of(there), lines_of(data)
    if old is None or new is None:
        return f"What is there is another: {bytes_text(len(there))}, and one of the two is no text.", ()
    found = list(difflib.unified_diff(old, new, "there", "put", lineterm="", n=2))[2:]
    more = len(found) - SHOWN_LINES
    cut = (f"… and {more} more lines",) if more > 0 else ()
    return f"What is there has {bytes_text(len(there))}; the difference:", (*found[:SHOWN_LINES], *cut)


def lines_of(data: bytes) -> list[str] | None:
    """Return the lines of a text, each character visible; None for what is no text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    *lines, last = text.split("\n")
    if last:
        lines += [last, "(no end of line behind it)"]
    return [shown_exactly(line) for line in lines]
