"""Lines with secrets between ‹ and ›, and lines that have none, with what the mask makes of them.

A third of the lines is sealed, as in the exam of the grades: the digest of the text decides which, and they are kept
wrapped. A mark ⁞ inside a made-up token keeps the scanners of code hosts quiet; it is taken out when the line is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsterm.policy.mask import mask
from tests.policy.exam.questions import part_of, unwrap, wrap

FOLDER = Path(__file__).parent
OPEN = FOLDER / "open.jsonl"
SEALED = FOLDER / "sealed.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the exam.

    Attributes:
        text: with the secrets between ‹ and ›.
        kind: "secret" or "harmless".
        part: "open" or "sealed".
    """

    text: str
    kind: str
    part: str

    @property
    def plain(self) -> str:
        """The text as the mask gets it."""
        return self.text.replace("‹", "").replace("›", "")

    @property
    def secrets(self) -> list[str]:
        """What must not be in the masked text."""
        return self.text.replace("›", "‹").split("‹")[1::2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How many lines of one part and kind came out right.

    Attributes:
        right: lines of which no secret is left, or of which nothing changed.
        asked: all lines.
        failed: text and masked text of the wrong ones; none of the sealed part, ever.
    """

    right: int
    asked: int
    failed: tuple[tuple[str, str], ...]

    @property
    def share(self) -> float:
        """Right ones of all."""
        return self.right / self.asked


def read_lines() -> list[Line]:
    """Return both parts."""
    open_rows = OPEN.read_text(encoding="utf-8").splitlines()
    sealed_rows = [unwrap(row) for row in SEALED.read_text(encoding="utf-8").splitlines()]
    rows = [json.loads(row) for row in (*open_rows, *sealed_rows)]
    return [_line(row["text"].replace("⁞", ""), row["kind"]) for row in rows]


def mark(lines: Iterable[Line], part: str, kind: str) -> Mark:
    """Return the mark of one part and kind."""
    asked = [line for line in lines if (line.part, line.kind) == (part, kind)]
    wrong = [(line, masked) for line in asked if not _is_right(line, masked := mask(line.plain)[0])]
    failed = tuple((line.text, masked) for line, masked in wrong) if part == "open" else ()
    return Mark(right=len(asked) - len(wrong), asked=len(asked), failed=failed)


def add_lines(rows: Iterable[str]) -> int:
    """File new lines by their digest.

    Args:
        rows: JSON objects with text and kind.

    Returns:
        How many lines there are now.
    """
    kept = {line.text: line for line in read_lines()}
    kept |= {row["text"]: _line(row["text"], row["kind"]) for row in map(json.loads, rows)}
    OPEN.write_text("".join(f"{_row(line)}\n" for line in kept.values() if line.part == "open"), encoding="utf-8")
    SEALED.write_text(
        "".join(f"{wrap(_row(line))}\n" for line in kept.values() if line.part == "sealed"), encoding="utf-8"
    )
    return len(kept)


def _line(text: str, kind: str) -> Line:
    return Line(text=text, kind=kind, part=part_of(text))


def _is_right(line: Line, masked: str) -> bool:
    if line.kind == "harmless":
        return masked == line.plain
    return not any(secret in masked for secret in line.secrets)


def _row(line: Line) -> str:
    return json.dumps({"text": _quiet(line.text, line.secrets), "kind": line.kind}, ensure_ascii=False)


_LONGEST_LOUD = 14


def _quiet(text: str, secrets: Sequence[str]) -> str:
    """Put a mark into each long secret."""
    for secret in secrets:
        if len(secret) > _LONGEST_LOUD:
            text = text.replace(f"‹{secret}›", f"‹{secret[:6]}⁞{secret[6:]}›")
    return text
