"""A reply for a script: one flat record, whatever was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from opsterm.assistant.answer import Answer, Json, Paragraph, answer_lines
from opsterm.assistant.answers_measures import targets_meant
from opsterm.assistant.denotation import Denotation
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.queries import Query, RunRequest
from opsterm.inventory.target import TargetRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedCommand:
    """A command that could be proposed.

    Attributes:
        command: the exact text.
        selector: canonical, "" for every target.
        targets: names.
        change: number of the change that was recorded, 0 for none.
        marks: what in it comes from untrusted text only, whole sentences.
    """

    command: str
    selector: str
    targets: Sequence[str]
    change: int = 0
    marks: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of a sentence.

    Attributes:
        intent: what kind of thing it wants.
        interpretation: the canonical line, "" for none.
        denotation: what the answer is of.
        question: what is asked back, "" for nothing.
        answer: what a face shows.
        proposal: None where nothing could be proposed.
        utc_offset_s: what local time is ahead of UTC.
    """

    intent: Intent
    interpretation: str
    denotation: Denotation
    question: str
    answer: Answer
    proposal: ProposedCommand | None
    utc_offset_s: float


def proposed(query: Query | None, rows: Sequence[TargetRow], change: int) -> ProposedCommand | None:
    """Return the command that a query proposes, None when it proposes none."""
    if not isinstance(query, RunRequest):
        return None
    names = targets_meant(query.selector, rows)
    return ProposedCommand(command=query.command, selector=query.selector, targets=names, change=change)


def question_of(read: Interpretation, answer: Answer) -> str:
    """Return what is asked back, "" for nothing: what was not understood counts as a question."""
    if read.question or (answer.understood and read.query is not None):
        return read.question
    return next((block.text for block in answer.blocks if isinstance(block, Paragraph)), "")


def reply_record(reply: Reply) -> dict[str, Json]:
    """Return a reply as JSON has it."""
    meant, proposal = reply.denotation, reply.proposal
    window = meant.window
    zone = timezone(timedelta(seconds=reply.utc_offset_s))
    said, stamp = replace(reply.answer, follow_ups=(), sources=()), reply.answer.stamp
    return {
        "intent": reply.intent.value,
        "interpretation": reply.interpretation or None,
        "kind": meant.kind,
        "targets": list(meant.targets),
        "count": meant.count,
        "groups": dict(meant.groups),
        "window": None if window is None else {
            "start": datetime.fromtimestamp(window.start, zone).isoformat(timespec="seconds"),
            "end": datetime.fromtimestamp(window.end, zone).isoformat(timespec="seconds"),
        },
        "question": reply.question or None,
        "answer": "\n".join(answer_lines(said)),
        "citations": [{"tag": source.tag, "text": source.text} for source in reply.answer.sources],
        "proposal": None if proposal is None else {
            "command": proposal.command, "selector": proposal.selector or "all", "targets": list(proposal.targets),
            "change": f"c{proposal.change}" if proposal.change else None, "marks": list(proposal.marks),
        },
        "stamp": None if stamp is None else {
            "rung": stamp.rung.value, "model": stamp.model or None, "context": stamp.context or None,
            "first_s": stamp.first_s, "latency_s": stamp.total_s, "cut": stamp.cut or None,
        },
    }  # fmt: skip
