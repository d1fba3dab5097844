"""Texts that go with a question: data, in which nothing is obeyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from opsterm.assistant.answer import Answer, Paragraph
from opsterm.core.text import clean_line


class AttachmentKind(StrEnum):
    """What was attached to a question."""

    FILE = "file"
    ALERT = "alert"
    TARGETS = "targets"
    SELECTION = "selection"
    PASTE = "paste"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A text that goes with a question.

    Attributes:
        kind: where it is from.
        name: what it is, in a few words: a path, "a3", a selector.
        text: its text; of targets their names, divided by blanks.
        cut: characters that were left out of it.
    """

    kind: AttachmentKind
    name: str
    text: str
    cut: int = 0

    @property
    def label(self) -> str:
        """How it stands above the line: what it is, and how much of it there is."""
        if self.kind is AttachmentKind.TARGETS:
            many = len(self.text.split())
            return clean_line(f"target {self.name}" if many == 1 else f"{many} targets {self.name}", limit=80)
        lines = self.text.rstrip("\n").count("\n") + 1
        more = ", cut" if self.cut else ""
        name = f" {self.name}" if self.name else ""
        return clean_line(f"{self.kind}{name}, {lines} line{'' if lines == 1 else 's'}{more}", limit=80)


def attached_text(kind: AttachmentKind, name: str, text: str, *, limit: int) -> Attachment:
    """Return an attachment of at most `limit` characters; what is left out is counted."""
    return Attachment(kind=kind, name=name, text=text[:limit], cut=max(0, len(text) - limit))


def spoken(text: str, attached: Sequence[Attachment]) -> str:
    """Return the operator's words: those of the line, and what was pasted into it with several lines."""
    pasted = [one.text for one in attached if one.kind is AttachmentKind.PASTE]
    return "\n".join(part for part in (text, *pasted) if part.strip())


def pointed_at(attached: Sequence[Attachment]) -> str:
    """Return the selector of the targets that were attached last, "" for none."""
    return next((one.name for one in reversed(attached) if one.kind is AttachmentKind.TARGETS), "")


def looked_through(attached: Sequence[Attachment]) -> Sequence[Attachment]:
    """Return what is looked up, and never read as a wish: an order may stand in it."""
    data = (AttachmentKind.FILE, AttachmentKind.SELECTION, AttachmentKind.ALERT)
    return [one for one in attached if one.kind in data and one.text.strip()]


def with_known(answer: Answer | None, title: str, known: Answer) -> Answer:
    """Return an answer with what is known of an attached text behind it; in its place when it was not understood."""
    about = Paragraph(text=f"What is known of {title}:")
    if answer is None or not answer.understood:
        return replace(known, blocks=(about, *known.blocks))
    taken = {source.tag for source in answer.sources}
    if taken & {source.tag for source in known.sources}:  # two things under one tag would cite each other
        known = replace(known, sources=())
    return replace(answer, blocks=(*answer.blocks, about, *known.blocks), sources=(*answer.sources, *known.sources))
