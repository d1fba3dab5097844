"""What happens while a sentence is answered, as values in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.assistant.answer import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """A piece of what a model thinks before it answers; cleaned."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceSaid:
    """A piece of what a model says; cleaned. All pieces in order are its words, Markdown among them.

    What it says between two looks is no part of the answer: see `TurnEnded`.
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLooked:
    """A model has asked for a tool.

    Attributes:
        tool: its name, "" for one that there is not.
        words: what was asked for, one cleaned line.
        tag: of the artefact that it was given, "" for none.
        fault: why it was given nothing, "" when it was.
    """

    tool: str
    words: str
    tag: str = ""
    fault: str = ""


def looked_line(looked: ToolLooked) -> str:
    """Return a look in one line: the tool, what was asked for, the tag of what was given or why nothing was."""
    line = f"{looked.tool} {looked.words}{f' [{looked.tag}]' if looked.tag else ''}".strip()
    return f"{line}: {looked.fault}" if looked.fault else line


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A change was recorded and waits for approval.

    Attributes:
        change: its number.
        summary: its one line.
        marks: what in it comes from untrusted text only, whole sentences; () for nothing.
    """

    change: int
    summary: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded:
    """The answer is complete, or as complete as it will be; the last of a turn, and its only one when rules answer.

    Attributes:
        answer: as a face shows it, its stamp with it. Of a model its sentences, each with what it cites.
        turn: number of the turn, with which its artefacts are asked for.
        text: a model's words as they came, cleaned; "" when rules answered.
        stopped: whether the operator stopped it.
        why: why it ended before its end, a sentence; "" for not.
        proposals: what it has proposed.
    """

    answer: Answer
    turn: int
    text: str = ""
    stopped: bool = False
    why: str = ""
    proposals: tuple[Proposed, ...] = ()


TurnEvent = Thought | PieceSaid | ToolLooked | Proposed | TurnEnded
