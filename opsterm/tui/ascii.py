"""The last gate of a screen without UTF-8: whatever a widget draws, only ASCII leaves, cell for cell."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("┏┓┗┛┃", "#"), "━": "=",
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+"), **dict.fromkeys("─╌┄–—‑−", "-"), **dict.fromkeys("│╵╷▏▕", "|"),
        **dict.fromkeys("▁▂▃▄▅▆▇█▀▌▐░▒▓▔", " "),  # a scroll bar shows by its ground
        "·": "-", "…": "~", "×": "x", "←": "<", "→": ">", "↑": "^", "↓": "v", "▼": "v", "▶": ">", "•": "*",
        "“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " ",
    }
)  # fmt: skip


@lru_cache(4096)
def in_ascii(text: str) -> str:
    """Return text of the same width in cells: frames and signs by what stands for them, all else as "?"."""
    if text.isascii():
        return text
    known = text.translate(_SIGNS)
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in known)


class AsciiOnly(LineFilter):
    """Lets only ASCII through."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII; their styles stay."""
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]
