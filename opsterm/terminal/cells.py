"""One row of emulator cells turned into text that is safe to show and exactly as wide as it claims.

A cell is 64 bits (see `LAYOUT`). An ordinary row is turned with a handful of whole-row integer operations, about
10 microseconds; a row with wide characters, clusters or cells that hold only a colour is walked cell by cell.

Remote programs lay out their screens by wcwidth, so the emulator's column count is the truth; a cluster that Rich
measures otherwise is cut or padded to its cells.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

from rich.cells import cell_len

from opsterm.core.text import clean_line
from opsterm.terminal.emulator import PLAIN, CellStyle, Run

LAYOUT = {
    "content_tag": (0, 2), "content": (2, 24), "style_id": (26, 16), "wide": (42, 2), "protected": (44, 1),
    "hyperlink": (45, 1), "semantic_content": (46, 2),
}  # fmt: skip
"""Field -> (lowest bit, width). The library's own description is compared with this before anything is read."""

_CODEPOINT, _BG_INDEX, _BG_RGB = 0, 2, 3  # content_tag; 1 is a cluster of several code points
_WIDE, _WIDE_TAIL = 1, 2
_SAME_STYLE = re.compile(r"(.)\1*", re.DOTALL)
_LOST = "\ufffd"
_MARKS_KEPT = 3

StyleAt = Callable[[int], tuple[CellStyle, bool]]
"""Column -> (style, whether its text is hidden)."""


@lru_cache(maxsize=8)
def _masks(columns: int) -> tuple[int, int, int]:
    """Return, for a whole row, the bits that make it special, its code points and its style ids."""
    every = sum(1 << (64 * x) for x in range(columns))
    return every * (3 | 3 << 42), every * 0x1FFFFF, every * 0xFFFF


def row_runs(raw: bytes, columns: int, style_at: StyleAt, cluster_at: Callable[[int], str]) -> Sequence[Run]:
    """Return the runs of a row; their texts together are exactly `columns` cells wide.

    Args:
        raw: 8 bytes a cell, little endian, `columns` cells.
        columns: width of the row.
        style_at: the style of the cell in a column; asked once for every style of the row.
        cluster_at: the text of a cell that holds more than one code point.
    """
    special, codepoints, style_ids = _masks(columns)
    row = int.from_bytes(raw, "little")
    if row & special:
        return _walk(raw, style_at, cluster_at)
    size = 8 * columns
    text = ((row >> 2) & codepoints).to_bytes(size, "little").decode("utf-32-le", "replace")[::2].replace("\0", " ")
    plain_text = text.isascii() and text.isprintable()
    if not plain_text and (clean_line(text) != text or cell_len(text) != columns):
        return _walk(raw, style_at, cluster_at)
    ids = (row >> 26) & style_ids
    if not ids:
        return ((text, PLAIN),)
    runs: list[Run] = []
    known: dict[str, tuple[CellStyle, bool]] = {"\0": (PLAIN, False)}
    for match in _SAME_STYLE.finditer(ids.to_bytes(size, "little").decode("utf-32-le", "surrogatepass")[::2]):
        start, end = match.span()
        found = known.get(match[1])
        if found is None:
            found = known[match[1]] = style_at(start)
        runs.append((" " * (end - start) if found[1] else text[start:end], found[0]))
    return runs


def _walk(raw: bytes, style_at: StyleAt, cluster_at: Callable[[int], str]) -> Sequence[Run]:
    """Turn a row cell by cell."""
    cells = memoryview(raw).cast("Q")
    runs: list[Run] = []
    texts: list[str] = []
    current: CellStyle | None = None
    known: dict[int, tuple[CellStyle, bool]] = {0: (PLAIN, False)}
    tail_due = False
    for x, cell in enumerate(cells):
        wide = (cell >> 42) & 3
        if tail_due:
            tail_due = False
            if wide == _WIDE_TAIL:
                continue
        tag = cell & 3
        if tag >= _BG_INDEX:
            style, text = _background(cell), " "
        else:
            style_id = (cell >> 26) & 0xFFFF
            if style_id not in known:
                known[style_id] = style_at(x)
            style, hidden = known[style_id]
            width = 2 if wide == _WIDE and x + 1 < len(cells) and (cells[x + 1] >> 42) & 3 == _WIDE_TAIL else 1
            tail_due = width == 2
            cluster = chr(min((cell >> 2) & 0x1FFFFF, 0x10FFFF)) if tag == _CODEPOINT else cluster_at(x)
            text = " " * width if hidden else fitted(cluster, width)
        if style != current:
            if current is not None:
                runs.append(("".join(texts), current))
                texts.clear()
            current = style
        texts.append(text)
    if current is not None:
        runs.append(("".join(texts), current))
    return runs


def _background(cell: int) -> CellStyle:
    """Return the style of a cell that holds only a background colour."""
    if cell & 3 == _BG_RGB:
        return CellStyle(bg=((cell >> 2) & 255, (cell >> 10) & 255, (cell >> 18) & 255))
    return CellStyle(bg=(cell >> 2) & 255)


@lru_cache(maxsize=8192)
def fitted(cluster: str, width: int) -> str:
    """Return what to show for a cluster in `width` cells: 1 or 2 as Rich measures it, never a control.

    Joiners and variation selectors go, since a terminal that obeys them draws another width; regional indicators
    become letters for the same reason. What cannot be shown is U+FFFD.
    """
    if cluster in ("", "\0"):
        return " " * width
    cluster = unicodedata.normalize("NFC", cluster)
    first = cluster[0]
    if "\U0001f1e6" <= first <= "\U0001f1ff":
        number = ord(first) - 0x1F1E6
        return chr((0xFF21 if width == 2 else 0x41) + number)
    if "\U0001f3fb" <= first <= "\U0001f3ff":
        return " " * width  # a skin tone after its emoji: the emoji has been drawn
    if _unsafe(first * 4) or cell_len(first) == 0:  # four: a mark without a letter would join the cell before it
        first = _LOST
    marks = [mark for mark in cluster[1:] if unicodedata.category(mark) in ("Mn", "Me", "Mc") and not _unsafe(mark)]
    for text in (first + "".join(marks[:_MARKS_KEPT]), first, _LOST):
        cells = cell_len(text)
        if 0 < cells <= width:
            return text + " " * (width - cells)
    raise AssertionError  # U+FFFD is one cell


def _unsafe(text: str) -> bool:
    return clean_line(text) != text
