"""The questions of the exam: command lines with what an operator would say of them.

A third of the lines is sealed. Which ones, the digest of the line decides, so that nobody chose them; they are kept
in a wrapped form, so that nobody reads them in passing and tunes on them. Only totals are told of that part.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
OPEN = FOLDER / "open.jsonl"
SEALED = FOLDER / "sealed.jsonl"

SHELLS = ("bash", "powershell", "cmd", "sql", "network-cli")
LABELS = ("destructive", "changing", "harmless")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One labelled line.

    Attributes:
        line: the command as it is typed; of several lines when it has to be.
        shell: one of SHELLS.
        label: "destructive" must be graded high or critical, "changing" anything but read, "harmless" read.
        lockout: whether it can cut the line over which it is sent, or keep us from the next log-in.
        why: in a few words, for who doubts the label.
        part: "open" or "sealed".
    """

    line: str
    shell: str
    label: str
    lockout: bool
    why: str
    part: str


def part_of(line: str) -> str:
    """Return the part that a line belongs to: every third digest is sealed."""
    return "sealed" if int.from_bytes(hashlib.sha256(line.encode()).digest()[:4], "big") % 3 == 0 else "open"


def wrap(text: str) -> str:
    """Return a text in the form in which it is sealed."""
    return base64.b64encode(text.encode()).decode("ascii")


def unwrap(text: str) -> str:
    """Return a sealed text as it was."""
    return base64.b64decode(text, validate=True).decode()


def read_questions() -> list[Question]:
    """Return both parts in the order of the files, open ones first."""
    open_rows = OPEN.read_text(encoding="utf-8").splitlines()
    sealed_rows = [unwrap(row) for row in SEALED.read_text(encoding="utf-8").splitlines()]
    return [Question(**json.loads(row)) for row in (*open_rows, *sealed_rows)]


def add_questions(rows: Iterable[str]) -> int:
    """File new questions by their digest; a line that is there already keeps its place with the new label.

    Args:
        rows: JSON objects with line, shell, label, lockout and why.

    Returns:
        How many questions there are now.
    """
    kept = {(question.shell, question.line): question for question in read_questions()}
    for row in rows:
        fields = json.loads(row)
        question = Question(**{**fields, "part": part_of(fields["line"])})
        kept[question.shell, question.line] = question
    texts = {part: [_text(question) for question in kept.values() if question.part == part] for part in _PARTS}
    OPEN.write_text("".join(f"{text}\n" for text in texts["open"]), encoding="utf-8")
    SEALED.write_text("".join(f"{wrap(text)}\n" for text in texts["sealed"]), encoding="utf-8")
    return len(kept)


_PARTS = ("open", "sealed")


def _text(question: Question) -> str:
    return json.dumps(asdict(question), ensure_ascii=False)
