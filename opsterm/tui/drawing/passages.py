"""What was asked and answered as passages, for a pane of a known width."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opsterm.assistant.answer import (
    UNSUPPORTED,
    Answer,
    AnswerTable,
    CitedSentence,
    Listing,
    ProposalReference,
    count_text,
    statement_lines,
    support_told,
)
from opsterm.assistant.conversation import KeptTurn, TurnState
from opsterm.assistant.model.grounding import MOST_STATEMENTS
from opsterm.assistant.stamp import Rung
from opsterm.tui.cells import shown
from opsterm.tui.drawing.answer_table import table_rows
from opsterm.tui.drawing.markdown import Support, support_of
from opsterm.tui.drawing.model_passages import MarkdownPassages
from opsterm.tui.drawing.passage import (
    LEAD,
    WHY,
    ChatPassage,
    PassageKind,
    PassageLook,
    led_rows,
    passage,
    plain_rows,
)
from opsterm.tui.drawing.rows import Row

_TAG = re.compile(r"\[[a-z]\d+\]")
NOT_LOOKED_AT = "not held against what it cites: it was broken off"


def turn_passages(turn: KeptTurn, place: int, look: PassageLook) -> list[ChatPassage]:
    """Return the passages of a turn, its question first."""
    model = MarkdownPassages(place, look, turn_support(turn))
    model.add(turn.text)
    return [*asked_passages(turn, place, look), *model.passages, *end_passages(turn, place, look)]


def turn_support(turn: KeptTurn) -> Support:
    """Return what of a model's words has support; nobody has looked where the answer never came to its end."""
    return support_of(turn.answer.blocks) if turn.answer is not None else Support()


def asked_passages(turn: KeptTurn, place: int, look: PassageLook) -> list[ChatPassage]:
    """Return what stands before an answer: the question, what went with it, what was thought and looked at."""
    rows = list(led_rows("you", turn.question, look, "you"))
    labels = [shown(f"      + {one.label}", plain=look.plain) for one in turn.attached]
    rows += [Row(text=label[: look.width], style="dim") for label in labels]
    made = [passage(PassageKind.QUESTION, place, turn.question, (Row(text=""), *rows))]
    if turn.thinking.strip():
        lines = turn.thinking.strip().splitlines()
        mark = "v" if look.unfolded else ">"
        head = Row(text=f"  {mark} thinking, {count_text(len(lines), 'line')}", style="dim")
        body = [row for line in lines for row in plain_rows(line, look, "dim", 4)] if look.unfolded else []
        made.append(passage(PassageKind.THINKING, place, turn.thinking.strip(), (head, *body)))
    for line in turn.looked:
        tag = _TAG.search(line)
        rows = list(plain_rows(f"looked at {line}", look, "dim", 2))
        made.append(passage(PassageKind.SOURCE, place, line, rows, tag[0] if tag else "", look=look))
    return made


def end_passages(turn: KeptTurn, place: int, look: PassageLook) -> list[ChatPassage]:
    """Return what stands at the end of an answer, or all of one that no model wrote."""
    made = list(_answered(turn.answer, place, look, written=bool(turn.text))) if turn.answer else []
    told = {one.text for one in made}
    stamp = turn.answer.stamp if turn.answer else None
    for said in (turn.fault, stamp.cut if stamp else ""):
        if said and said not in told:
            made.append(passage(PassageKind.NOTE, place, said, plain_rows(said, look, "warning", LEAD)))
    marks = ["not finished" if turn.state is TurnState.PARTIAL else "", turn.stamped]
    marks += [NOT_LOOKED_AT] if turn.text and turn.answer is None else []
    if line := ", ".join(filter(None, marks)):
        line = line.replace(" · ", " - ") if look.plain else line
        made.append(passage(PassageKind.NOTE, place, line, plain_rows(line, look, "dim", LEAD)))
    return made


def _answered(answer: Answer, place: int, look: PassageLook, *, written: bool) -> Iterator[ChatPassage]:
    """Yield the blocks of an answer; the sentences of a model that were written down as they came stand before them."""
    who = "?" if not answer.understood else "model" if answer.stamp and answer.stamp.rung is Rung.MODEL else "rules"
    who = "" if written else who
    for block in answer.blocks:
        if isinstance(block, AnswerTable):
            for text, style, source in table_rows(block, look.width, plain=look.plain):
                row = Row(text=text, style="head" if style == "bold" else style)
                yield passage(PassageKind.TEXT, place, source, [row], look=look)
        elif isinstance(block, Listing):
            code = [row for line in block.lines for row in plain_rows(line, look, "code", LEAD + 2, exact=True)]
            yield passage(PassageKind.CODE, place, block.text, code)
            continue  # who speaks is not said in it
        elif isinstance(block, ProposalReference):
            rows, opens = led_rows(who, block.summary, look, ""), f"c{block.change}"
            yield passage(PassageKind.PROPOSAL, place, block.summary, rows, opens, look=look)
        elif not isinstance(block, CitedSentence) or not written:
            text = "\n".join(statement_lines(block)) if isinstance(block, CitedSentence) else block.text
            yield passage(PassageKind.TEXT, place, text, led_rows(who, text, look, ""), look=look)
        who = ""
    yield from _support(answer, place, look)
    for cited in answer.sources:
        text = f"[{cited.tag}] {cited.text}"
        yield passage(PassageKind.SOURCE, place, text, plain_rows(text, look, "dim", 0), f"[{cited.tag}]", look=look)
    for follow in answer.follow_ups:
        action = f"{follow.key} {follow.words}" if follow.key else follow.line or follow.words
        rows = plain_rows(f"> {action}", look, "dim", 2)
        yield passage(PassageKind.FOLLOW_UP, place, follow.line or follow.words, rows, follow.line)


def _support(answer: Answer, place: int, look: PassageLook) -> Iterator[ChatPassage]:
    """Yield the line that says how many sentences have no support; enter lists them."""
    if told := support_told(answer.blocks):
        if sum(isinstance(block, CitedSentence) for block in answer.blocks) >= MOST_STATEMENTS:
            told += f"; only the first {MOST_STATEMENTS} were looked at"
        line = f"{UNSUPPORTED} {told}; enter says why"
        yield passage(PassageKind.NOTE, place, told, plain_rows(line, look, "warning", LEAD), WHY)
