"""What was asked and answered as passages: blocks of rows for a pane of a known width, each of which can be picked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.assistant.answer import (
    Answer,
    AnswerTable,
    CitedSentence,
    Listing,
    Paragraph,
    ProposalReference,
    statement_lines,
)
from opsterm.assistant.conversation import KeptTurn, TurnState
from opsterm.assistant.stamp import Rung
from opsterm.core.text import clean_block
from opsterm.tui.cells import shown
from opsterm.tui.drawing.answer import table_rows
from opsterm.tui.wrapping import wrapped

LEAD = 6
"""Cells before an answer, in which its first row says who speaks."""

OPEN_LINES = 100
"""Lines of a block of code after which what came of it is not drawn again."""

_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_NAMED = re.compile(r"\[([a-z]\d+)\]|\b([ac]\d+)\b")


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
class Row:
    """One row: cleaned text and the name of its style, as `Transcript` has them."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPassage:
    """A block that can be picked.

    Attributes:
        kind: what it is.
        turn: place of its turn among those that are shown.
        text: what copying it gives.
        rows: how it is drawn.
        opens: what enter opens: "a3", "c7", "[k1]", a line to send; "" for nothing.
    """

    kind: PassageKind
    turn: int
    text: str
    rows: tuple[Row, ...]
    opens: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageLook:
    """How passages are drawn: cells of a row, 20 and up; ASCII only; whether thinking is unfolded."""

    width: int
    plain: bool = False
    unfolded: bool = False


def turn_passages(turn: KeptTurn, place: int, look: PassageLook) -> list[ChatPassage]:
    """Return the passages of a turn, its question first."""
    model = MarkdownPassages(place, look)
    model.add(turn.text)
    return [*asked_passages(turn, place, look), *model.passages, *end_passages(turn, place, look)]


def asked_passages(turn: KeptTurn, place: int, look: PassageLook) -> list[ChatPassage]:
    """Return what stands before an answer: the question, what went with it, what was thought and looked at."""
    rows = list(_led("you", turn.question, look, "you"))
    labels = [shown(f"      + {one.label}", plain=look.plain) for one in turn.attached]
    rows += [Row(text=label[: look.width], style="dim") for label in labels]
    made = [ChatPassage(kind=PassageKind.QUESTION, turn=place, text=turn.question, rows=(Row(text=""), *rows))]
    if turn.thinking.strip():
        lines = turn.thinking.strip().splitlines()
        mark = "v" if look.unfolded else ">"
        head = Row(text=f"  {mark} thinking, {len(lines)} line{'' if len(lines) == 1 else 's'}", style="dim")
        body = [row for line in lines for row in _rows(line, look, "dim", "    ")] if look.unfolded else []
        made.append(ChatPassage(kind=PassageKind.THINKING, turn=place, text=turn.thinking.strip(), rows=(head, *body)))
    for line in turn.looked:
        rows = list(_rows(f"looked at {line}", look, "dim", "  "))
        tag = _NAMED.search(line)
        made.append(_passage(PassageKind.SOURCE, place, line, rows, tag[0] if tag else ""))
    return made


def end_passages(turn: KeptTurn, place: int, look: PassageLook) -> list[ChatPassage]:
    """Return what stands at the end of an answer, or all of one that no model wrote."""
    made = list(_answered(turn.answer, place, look, written=bool(turn.text))) if turn.answer else []
    if turn.fault:
        made.append(_passage(PassageKind.NOTE, place, turn.fault, _rows(turn.fault, look, "warning", "      ")))
    marks = ["not finished" if turn.state is TurnState.PARTIAL else "", turn.stamped]
    stamp = turn.answer.stamp if turn.answer else None
    if stamp is not None and stamp.cut:
        made.append(_passage(PassageKind.NOTE, place, stamp.cut, _rows(stamp.cut, look, "warning", "      ")))
    if told := ", ".join(filter(None, marks)):
        told = told.replace(" · ", " - ") if look.plain else told
        made.append(_passage(PassageKind.NOTE, place, told, _rows(told, look, "dim", "      ")))
    return made


def _answered(answer: Answer, place: int, look: PassageLook, *, written: bool) -> Iterator[ChatPassage]:
    who = "?" if not answer.understood else "model" if answer.stamp and answer.stamp.rung is Rung.MODEL else "rules"
    for block in answer.blocks:
        if isinstance(block, AnswerTable):
            for text, style, source in table_rows(block, look.width, plain=look.plain):
                yield _passage(
                    PassageKind.TEXT,
                    place,
                    source,
                    [Row(text=text, style="head" if style == "bold" else style)],
                    _first_named(source),
                )
            who = ""
            continue
        if isinstance(block, CitedSentence) and written:
            if block.fault:
                told = f"unsupported ({block.fault}): {block.text}"
                yield _passage(PassageKind.NOTE, place, told, _rows(told, look, "warning", "      "))
            continue
        if isinstance(block, Listing):
            code = [row for line in block.lines for row in _rows(line, look, "code", "        ", exact=True)]
            yield _passage(PassageKind.CODE, place, block.text, code)
            continue
        kind = PassageKind.PROPOSAL if isinstance(block, ProposalReference) else PassageKind.TEXT
        text = _block_text(block)
        opens = f"c{block.change}" if isinstance(block, ProposalReference) else _first_named(text)
        yield _passage(kind, place, text, _led(who, text, look, ""), opens)
        who = ""
    for cited in answer.sources:
        text = f"[{cited.tag}] {cited.text}"
        yield _passage(PassageKind.SOURCE, place, text, _rows(text, look, "dim", ""), f"[{cited.tag}]")
    for follow in answer.follow_ups:
        action = f"{follow.key} {follow.words}" if follow.key else follow.line or follow.words
        rows = _rows(f"> {action}", look, "dim", "  ")
        yield _passage(PassageKind.FOLLOW_UP, place, follow.line or follow.words, rows, follow.line)


def _block_text(block: Paragraph | CitedSentence | ProposalReference) -> str:
    if isinstance(block, CitedSentence):
        return "\n".join(statement_lines(block))
    return block.text if isinstance(block, Paragraph) else block.summary


def _first_named(text: str) -> str:
    found = _NAMED.search(text)
    return found[0] if found else ""


def _passage(
    kind: PassageKind, place: int, text: str, rows: Sequence[Row] | Iterator[Row], opens: str = ""
) -> ChatPassage:
    return ChatPassage(kind=kind, turn=place, text=text, rows=tuple(rows), opens=opens)


def _led(who: str, text: str, look: PassageLook, style: str) -> Iterator[Row]:
    """Yield rows of a text with who speaks before the first one."""
    lead = f"{who:{LEAD}}"
    for line in clean_block(text).split("\n"):
        for piece in wrapped(shown(line, plain=look.plain), max(10, look.width - LEAD)):
            yield Row(text=lead + piece, style=style)
            lead = " " * LEAD


def _rows(text: str, look: PassageLook, style: str, indent: str, *, exact: bool = False) -> Iterator[Row]:
    for line in clean_block(text).split("\n"):
        for piece in wrapped(shown(line, plain=look.plain), max(10, look.width - len(indent)), exact=exact):
            yield Row(text=indent + piece, style=style)


class MarkdownPassages:
    """A model's Markdown as it comes. A block that has ended is sealed: it is not drawn again; only the open one is.

    Links and images stand as they were written: nothing is opened and nothing fetched.
    """

    def __init__(self, place: int, look: PassageLook) -> None:
        self._place = place
        self._look = look
        self._sealed: list[ChatPassage] = []
        self._open: list[str] = []
        self._rest = ""
        self._fence = ""
        self._begun = False

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
        lines = [*self._open, self._rest] if self._rest else self._open
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
        if self._fence:
            self._open.append(line)
            if fence and fence[1].startswith(self._fence) and line.strip() == fence[1]:
                self._seal()
                self._fence = ""
            elif len(self._open) > OPEN_LINES:
                self._seal()
        elif fence:
            self._seal()
            self._fence = fence[1]
            self._open.append(line)
        elif line.strip():
            self._open.append(line)
        else:
            self._seal()

    def _seal(self) -> None:
        if any(line.strip() for line in self._open):
            self._sealed.append(self._drawn(self._open))
        self._open = []

    def _drawn(self, lines: Sequence[str]) -> ChatPassage:
        look = self._look
        rows: list[Row] = []
        if self._fence:
            code = [line for line in lines if not _FENCE.match(line)]
            for line in code:
                rows += _rows(line, look, "code", "        ", exact=True)
            kind, text = PassageKind.CODE, "\n".join(code)
        else:
            for line in lines:
                head = line.startswith("#")
                rows += _rows(line.lstrip("# ") if head else line, look, "head" if head else "", " " * LEAD)
            kind, text = PassageKind.TEXT, "\n".join(lines)
        if not self._sealed and rows:
            rows[0] = Row(text=f"{'model':{LEAD}}{rows[0].text[LEAD:]}", style=rows[0].style)
        opens = _first_named(text) if kind is PassageKind.TEXT else ""
        return _passage(kind, self._place, text, rows or [Row(text="")], opens)
