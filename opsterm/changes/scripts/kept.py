"""A version of a script that this site has kept, and how it is named."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from opsterm.changes.scripts.task import Language
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

LONGEST = 60_000
"""Bytes of a script: what policy reads whole, with room for what hands it over."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_REFERENCE = re.compile(rf"({_NAME.pattern})@([1-9]\d{{0,5}})")
NAME_LENGTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScript:
    """One version of a script.

    Attributes:
        name: small letters and digits joined by `-`.
        version: 1 and up.
        language: what it is written in.
        text: all of it, as it runs.
        about: what it is for, one line; "" when nobody has said.
        by: who kept it.
        at: when, epoch seconds.
    """

    name: str
    version: int
    language: Language
    text: str
    about: str
    by: str
    at: float

    @property
    def reference(self) -> str:
        """How a plan or a job names this very version: "disk@3"."""
        return f"{self.name}@{self.version}"

    @property
    def digest(self) -> str:
        """sha256 of its text, 64 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def parse_reference(text: str) -> tuple[str, int] | None:
    """Return (name, version) of "disk@3", None for what is none."""
    match = _REFERENCE.fullmatch(text)
    return (match[1], int(match[2])) if match else None


def require_name(name: str) -> None:
    """Check the name of a script. Raises BadInput."""
    if not _NAME.fullmatch(name) or len(name) > NAME_LENGTH:
        raise BadInput(
            f"{clean_line(name, limit=80)!r} cannot be the name of a script.",
            next_step=f"Write up to {NAME_LENGTH} small letters and digits joined by -, as in our-disk-report.",
        )


def require_text(text: str) -> None:
    """Check what is kept as a script. Raises BadInput."""
    if not text.strip():
        raise BadInput("The script is empty.")
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        raise BadInput(f"The script is longer than {LONGEST:,} bytes.", next_step="Split it into several.")
    line = next((n for n, one in enumerate(text.split("\n"), 1) if not one.replace("\t", "").isprintable()), 0)
    if line:
        raise BadInput(
            f"Line {line} of the script holds a character that no screen shows.",
            next_step="Take it out; carriage returns at the ends of lines too.",
        )
