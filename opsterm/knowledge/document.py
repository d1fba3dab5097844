"""A document: a page of knowledge with a head that says what it is about.

---
id: disk-full
title: A file system is full
kind: runbook
about: fs.used_percent, no space left on device
advice: one sentence for an alert, {item} stands for the mount or device   (kind advice only)
---
Text with ## headings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from opsterm.core.errors import BadInput

_FENCE = re.compile(r" {0,3}(```|~~~)")
_HEADING = re.compile(r"#{1,4}\s+(.*?)\s*#*\s*")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEYS = ("id", "title", "kind", "about", "advice")


class DocumentKind(StrEnum):
    """What a document is for."""

    GUIDE = "guide"
    ADVICE = "advice"
    RUNBOOK = "runbook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands under it.

    Attributes:
        heading: "" for what stands before the first.
        line: 1-based line in the document where it begins.
        text: without the heading.
    """

    heading: str
    line: int
    text: str

    @property
    def text_line(self) -> int:
        """The line of the document where `text` begins."""
        return self.line + 1 if self.heading else self.line


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One page.

    Attributes:
        id: words joined by `-`, unique.
        title: one line.
        kind: what it is for.
        about: metric patterns and words it should be found by.
        advice: one sentence for an alert, "" when it has none.
        sections: in order, empty ones left out.
        source: name of the file, for citing.
    """

    id: str
    title: str
    kind: DocumentKind
    about: tuple[str, ...]
    advice: str
    sections: tuple[Section, ...]
    source: str


def parse_document(text: str, source: str) -> Document:
    """Read a document.

    Args:
        text: the whole file.
        source: its name, for messages and citations.

    Raises:
        BadInput: the head is missing or wrong; names file and line.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    head, body_at = _head(lines, source)
    try:
        kind = DocumentKind(head.get("kind", ""))
    except ValueError:
        raise _fault(source, 1, "kind must be one of " + ", ".join(DocumentKind)) from None
    for key in ("id", "title"):
        if not head.get(key):
            raise _fault(source, 1, f"the head has no {key}")
    if not _ID.fullmatch(head["id"]):
        raise _fault(source, 1, "id must be small letters and digits joined by -")
    if (kind is DocumentKind.ADVICE) != bool(head.get("advice")):
        raise _fault(source, 1, "a document of kind advice, and no other, has a line advice:")
    return Document(
        id=head["id"],
        title=head["title"],
        kind=kind,
        about=tuple(part.strip() for part in head.get("about", "").split(",") if part.strip()),
        advice=head.get("advice", ""),
        sections=_sections(lines, body_at),
        source=source,
    )


def _head(lines: list[str], source: str) -> tuple[dict[str, str], int]:
    """Return the head and the index of the line after it."""
    if lines[0].strip() != "---":
        raise _fault(source, 1, "the first line must be ---")
    head: dict[str, str] = {}
    for index, line in enumerate(lines[1:], 1):
        if line.strip() == "---":
            return head, index + 1
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        if not colon or key.strip() not in _KEYS:
            raise _fault(source, index + 1, "the head has lines such as title: …; known are " + ", ".join(_KEYS))
        if key.strip() in head:
            raise _fault(source, index + 1, f"{key.strip()} is there twice")
        head[key.strip()] = value.strip()
    raise _fault(source, len(lines), "the head is never closed by ---")


def _sections(lines: list[str], start: int) -> tuple[Section, ...]:
    """Split at headings; a `#` inside a fenced block is no heading."""
    sections: list[Section] = []
    heading, begins, kept, fence = "", start + 1, list[str](), ""

    def close() -> None:
        body = "\n".join(kept).rstrip()
        if body.strip():
            sections.append(Section(heading=heading, line=begins, text=body))

    for number, line in enumerate(lines[start:], start + 1):
        mark = _FENCE.match(line)
        if mark and (not fence or fence == mark[1]):
            fence = "" if fence else mark[1]
        match = None if fence or mark else _HEADING.fullmatch(line)
        if match:
            close()
            heading, begins, kept = match[1], number, []
        else:
            kept.append(line)
    close()
    return tuple(sections)


def _fault(source: str, line: int, what: str) -> BadInput:
    return BadInput(f"{source}:{line}: {what}.", next_step="Mend the document, or leave it out.")
