"""Signs that stand for words, in Unicode and in ASCII.

Severity is said three times: by word, by glyph and by colour. Any one of them is enough, so every glyph here
differs from every other, and each has its word. No glyph is wider than one cell (Unicode TR11), none is an emoji.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """How a state is shown.

    Attributes:
        glyph: one cell.
        word: for columns with room.
        short: at most four letters, capital, for feeds.
        ink: its name in `Palette.severity`.
    """

    glyph: str
    word: str
    short: str
    ink: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A frame's pieces, each one cell."""

    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str
    horizontal: str
    vertical: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One set of signs.

    Attributes:
        signs: sign by the word of inventory's status and monitoring's severity ("online", "ok", "critical", …).
        unfolded: tree marker of a group whose members show.
        folded: tree marker of a group whose members do not.
        cursor: marks the row the cursor is on where a row has no ground of its own.
        chosen: marks a chosen row.
        light: frame of a pane.
        heavy: frame of the pane that has the focus.
        border: Textual's border type for a pane.
        focus_border: Textual's border type for the pane that has the focus.
        ellipsis: stands for what was cut; one cell.
        dash: stands where there is no value.
        arrow: from one value to the next.
        up: rises.
        down: falls.
        braille: charts may be drawn in braille; else in ASCII.
        spinner: frames that show that something is going on.
    """

    signs: Mapping[str, Sign]
    unfolded: str
    folded: str
    cursor: str
    chosen: str
    light: Box
    heavy: Box
    border: str
    focus_border: str
    ellipsis: str
    dash: str
    arrow: str
    up: str
    down: str
    braille: bool
    spinner: tuple[str, ...]

    def sign(self, state: str) -> Sign:
        """Return the sign of a status or severity; that of "unknown" for a word that has none."""
        return self.signs.get(state, self.signs["unknown"])

    def status(self, status: str) -> str:
        """Return the glyph of a target's status."""
        return self.sign(status).glyph

    def severity(self, severity: str) -> str:
        """Return the glyph of an alert's severity."""
        return self.sign(severity).glyph

    def cut(self, text: str, width: int) -> str:
        """Return single-cell text in at most `width` cells, its end replaced by the ellipsis."""
        if len(text) <= width:
            return text
        return text[: width - len(self.ellipsis)] + self.ellipsis if width >= len(self.ellipsis) else ""


def _signs(online: str, warning: str, critical: str, offline: str, unknown: str) -> Mapping[str, Sign]:
    good = Sign(glyph=online, word="online", short="OK", ink="ok")
    return {
        "online": good,
        "ok": Sign(glyph=online, word="ok", short="OK", ink="ok"),
        "resolved": Sign(glyph=online, word="resolved", short="OK", ink="ok"),
        "warning": Sign(glyph=warning, word="warning", short="WARN", ink="warning"),
        "critical": Sign(glyph=critical, word="critical", short="CRIT", ink="critical"),
        "offline": Sign(glyph=offline, word="offline", short="OFF", ink="offline"),
        "unknown": Sign(glyph=unknown, word="unknown", short="?", ink="unknown"),
    }


_UNICODE = Glyphs(
    signs=_signs("●", "▲", "✖", "◌", "○"),
    unfolded="▼", folded="▶", cursor=">", chosen="■",
    light=Box(top_left="┌", top_right="┐", bottom_left="└", bottom_right="┘", horizontal="─", vertical="│"),
    heavy=Box(top_left="┏", top_right="┓", bottom_left="┗", bottom_right="┛", horizontal="━", vertical="┃"),
    border="solid", focus_border="heavy",
    ellipsis="…", dash="–", arrow="→", up="↑", down="↓", braille=True, spinner=("◐", "◓", "◑", "◒"),
)  # fmt: skip

_ASCII = Glyphs(
    signs=_signs("+", "!", "X", "/", "?"),
    unfolded="v", folded=">", cursor=">", chosen="#",
    light=Box(top_left="+", top_right="+", bottom_left="+", bottom_right="+", horizontal="-", vertical="|"),
    heavy=Box(top_left="#", top_right="#", bottom_left="#", bottom_right="#", horizontal="=", vertical="#"),
    border="ascii", focus_border="ascii",
    ellipsis="~", dash="-", arrow=">", up="^", down="v", braille=False, spinner=("|", "/", "-", "\\"),
)  # fmt: skip


def glyphs(ascii: bool) -> Glyphs:  # noqa: A002, FBT001 (named as the setting is; the one argument)
    """Return the ASCII set, or the Unicode one."""
    return _ASCII if ascii else _UNICODE
