"""What was asked and answered: a conversation and its turns, as they are kept, shown again and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import cast

from opsterm.assistant.answer import Answer, Json, answer_json, answer_lines, support_told, unsupported
from opsterm.assistant.answer_reading import answer_of
from opsterm.assistant.attachments import Attachment, AttachmentKind
from opsterm.core.text import clean_block, clean_line

TITLE_LIMIT = 60
"""Characters of a title that is made from the first question."""


class TurnState(StrEnum):
    """How far an answer came."""

    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTurn:
    """A question and what came of it.

    Attributes:
        number: its own, 0 before it is kept.
        conversation: number of the conversation, 0 before it is kept.
        at: when it was asked, epoch seconds.
        question: the operator's words.
        attached: what went with them.
        state: how far the answer came.
        answer: None where there is none yet. Of a model its sentences, each with what it cites.
        text: a model's words as they came, Markdown; "" when rules answered.
        thinking: what a model thought, and what it said between two looks.
        looked: what was looked at for it, a line each.
        fault: why there is no answer, or no more of it.
    """

    question: str
    at: float
    number: int = 0
    conversation: int = 0
    attached: tuple[Attachment, ...] = ()
    state: TurnState = TurnState.PARTIAL
    answer: Answer | None = None
    text: str = ""
    thinking: str = ""
    looked: tuple[str, ...] = ()
    fault: str = ""

    @property
    def said(self) -> str:
        """The answer as plain text, without what the model thought."""
        told = "\n".join(answer_lines(replace(self.answer, follow_ups=()))) if self.answer else self.text.strip()
        return "\n\n".join(part for part in (told, self.fault) if part)

    @property
    def stamped(self) -> str:
        """Where the answer is from, one line; "" while there is none."""
        stamp = self.answer.stamp if self.answer else None
        return stamp.line if stamp else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What belongs together.

    Attributes:
        number: its own.
        title: one line.
        began_at, last_at: epoch seconds of the first and the newest question.
        turns: how many there are.
    """

    number: int
    title: str
    began_at: float
    last_at: float
    turns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTurn:
    """A turn that has the words that were searched for.

    Attributes:
        conversation: where it is.
        turn: its number.
        at: epoch seconds.
        question: the operator's words.
        excerpt: the line of question or answer that has the words.
    """

    conversation: Conversation
    turn: int
    at: float
    question: str
    excerpt: str


def title_of(question: str) -> str:
    """Return a title for a conversation that begins with a question."""
    first = next((line for line in question.splitlines() if line.strip()), "")
    line = clean_line(" ".join(first.split()))
    return line if len(line) <= TITLE_LIMIT else f"{line[: TITLE_LIMIT - 1].rstrip()}…"


def excerpt_of(texts: Sequence[str], words: Sequence[str]) -> str:
    """Return the first line that has most of the words, cleaned."""
    lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    wanted = [word.lower() for word in words]
    return clean_line(max(lines, key=lambda line: sum(word in line.lower() for word in wanted)), limit=200)


def turn_record(turn: KeptTurn) -> dict[str, Json]:
    """Return a turn as what JSON carries, so that `turn_of` gives it back and a face can draw it again."""
    return {
        "question": turn.question,
        "state": turn.state.value,
        "answer": answer_json(turn.answer) if turn.answer else None,
        "text": turn.text,
        "thinking": turn.thinking,
        "looked": list(turn.looked),
        "fault": turn.fault,
        "attached": [
            {"kind": one.kind.value, "name": one.name, "text": one.text, "cut": one.cut} for one in turn.attached
        ],
    }


def turn_of(record: Mapping[str, Json], *, number: int, conversation: int, at: float) -> KeptTurn:
    """Return the turn of a record. Raises KeyError, ValueError or TypeError for what `turn_record` did not make."""
    answer = record["answer"]
    attached = cast("list[dict[str, Json]]", record["attached"])
    return KeptTurn(
        number=number, conversation=conversation, at=at, question=str(record["question"]),
        state=TurnState(str(record["state"])), answer=answer_of(cast("dict[str, Json]", answer)) if answer else None,
        text=str(record["text"]), thinking=str(record["thinking"]), fault=str(record["fault"]),
        looked=tuple(str(line) for line in cast("list[Json]", record["looked"])),
        attached=tuple(
            Attachment(kind=AttachmentKind(str(one["kind"])), name=str(one["name"]), text=str(one["text"]),
                       cut=int(cast("int", one["cut"])))
            for one in attached
        ),
    )  # fmt: skip


def conversation_markdown(conversation: Conversation, turns: Sequence[KeptTurn]) -> str:
    """Return a conversation as Markdown: what others wrote stands in fences, so that nothing in it is a link."""
    parts = [f"# {clean_line(conversation.title)}", f"{len(turns)} questions from {_when(conversation.began_at)} on."]
    for turn in turns:
        parts += [f"## {_when(turn.at)}", _fenced(turn.question)]
        parts += [f"Attached: {one.label}\n\n{_fenced(one.text)}" for one in turn.attached]
        parts += [f"Looked at: {clean_line(line)}" for line in turn.looked]
        if turn.text:
            parts.append(f"Written by a model:\n\n{_fenced(turn.text)}")
            parts += _without_support(turn.answer)
        elif turn.answer:
            parts.append(_fenced("\n".join(answer_lines(replace(turn.answer, follow_ups=())))))
        if turn.fault:
            parts.append(f"Fault: {clean_line(turn.fault)}")
        marks = [turn.stamped, "not finished" if turn.state is TurnState.PARTIAL else ""]
        parts += [f"Answered by {', '.join(filter(None, marks))}."] if any(marks) else []
    return "\n\n".join(parts) + "\n"


def _without_support(answer: Answer | None) -> list[str]:
    if answer is None:
        return ["It was broken off, and not held against what it cites."]
    lines = [f"{one.text} ({one.fault})" for one in unsupported(answer.blocks)]
    return [f"{support_told(answer.blocks)}:\n\n{_fenced(chr(10).join(lines))}"] if lines else []


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _fenced(text: str) -> str:
    longest = max((len(run) for run in _backtick_runs(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{clean_block(text)}\n{fence}"


def _backtick_runs(text: str) -> Sequence[str]:
    return "".join(char if char == "`" else " " for char in text).split()
