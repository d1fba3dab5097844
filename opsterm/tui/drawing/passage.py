"""A passage of the chat: a block of rows that can be picked, and the names in it that open something."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.core.text import clean_block
from opsterm.tui.cells import shown
from opsterm.tui.drawing.rows import Row
from opsterm.tui.wrapping import wrapped

LEAD = 6
"""Cells before an answer, in which its first row says who speaks."""

WHY = "why"
"""What the line opens that says how many sentences have no support."""

_CITE = r"[a-z]\d{1,3}(?::\d{1,6}(?:-\d{1,6})?)?"
_NAMES = re.compile(
    rf"\[(?P<cites>{_CITE}(?:\s*[,;]\s*{_CITE})*)\]|(?<![\w.:@/-])(?P<word>[A-Za-z0-9_][\w.:@-]*)", re.ASCII
)
_ONE_CITE = re.compile(_CITE)
_NUMBERED = re.compile(r"[ac]\d{1,12}")
_PART = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)


class PassageKind(StrEnum):
    """What a passage is."""

    QUESTION = "question"
    TEXT = "text"
    CODE = "code"
    SOURCE = "source"
    FOLLOW_UP = "follow-up"
    PROPOSAL = "proposal"
    THINKING = "thinking"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveName:
    """A name that opens something: a target, a citation, an alert, a change.

    Attributes:
        row: of the passage.
        start, end: places of its characters in that row.
        opens: "target web-01", "[k1:3-4]", "a3", "c7".
    """

    row: int
    start: int
    end: int
    opens: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPassage:
    """A block that can be picked.

    Attributes:
        kind: what it is.
        turn: place of its turn among those that are shown.
        text: what copying it gives.
        rows: how it is drawn.
        opens: what enter opens when no name in it is picked: as of `LiveName`, WHY, a line to send; "" for nothing.
        live: names in it that open something, in order.
    """

    kind: PassageKind
    turn: int
    text: str
    rows: tuple[Row, ...]
    opens: str = ""
    live: tuple[LiveName, ...] = ()


def _nobody(name: str) -> bool:
    del name
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageLook:
    """How passages are drawn.

    Attributes:
        width: cells of a row, 20 and up.
        plain: ASCII only.
        unfolded: whether what was thought is shown.
        is_target: whether a name is one of a target.
    """

    width: int
    plain: bool = False
    unfolded: bool = False
    is_target: Callable[[str], bool] = _nobody


def passage(
    kind: PassageKind, place: int, text: str, rows: Iterable[Row], opens: str = "", *, look: PassageLook | None = None
) -> ChatPassage:  # fmt: skip
    """Return a passage; with a look also the names in it that open something, the first of which enter opens."""
    made = tuple(rows)
    live = tuple(_live(made, look.is_target)) if look is not None else ()
    return ChatPassage(
        kind=kind, turn=place, text=text, rows=made, opens=opens or (live[0].opens if live else ""), live=live
    )  # fmt: skip


def _live(rows: Sequence[Row], is_target: Callable[[str], bool]) -> Iterator[LiveName]:
    for number, row in enumerate(rows):
        for found in _NAMES.finditer(row.text):
            if found["cites"]:
                for cite in _ONE_CITE.finditer(row.text, *found.span("cites")):
                    yield LiveName(row=number, start=cite.start(), end=cite.end(), opens=f"[{cite[0]}]")
                continue
            word = found["word"].rstrip(".:@-")
            at = found.start("word")
            if is_target(word):
                yield LiveName(row=number, start=at, end=at + len(word), opens=f"target {word}")
            elif _NUMBERED.fullmatch(word):
                yield LiveName(row=number, start=at, end=at + len(word), opens=word)
            elif ":" in word or "@" in word:  # web-01:443, ana@web-01
                for part in _PART.finditer(word):
                    if is_target(part[0]):
                        start, end = at + part.start(), at + part.end()
                        yield LiveName(row=number, start=start, end=end, opens=f"target {part[0]}")


def led_rows(who: str, text: str, look: PassageLook, style: str) -> Iterator[Row]:
    """Yield rows of a text with who speaks before the first one."""
    lead = f"{who:{LEAD}}"
    for line in clean_block(text).split("\n"):
        for piece in wrapped(shown(line, plain=look.plain), max(10, look.width - LEAD)):
            yield Row(text=lead + piece, style=style)
            lead = " " * LEAD


def plain_rows(text: str, look: PassageLook, style: str, indent: int, *, exact: bool = False) -> Iterator[Row]:
    """Yield rows of a text as it is, behind an indent; `exact` keeps every blank."""
    for line in clean_block(text).split("\n"):
        for piece in wrapped(shown(line, plain=look.plain), max(10, look.width - indent), exact=exact):
            yield Row(text=" " * indent + piece, style=style)
