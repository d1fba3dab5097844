"""What the sentences of the audit are made of: the fields of a fact, and the words for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Fields = Mapping[str, object]
"""Fields of a fact's body as JSON has them."""


@dataclass(frozen=True, slots=True)
class Said:
    """The words for one kind."""

    what: str
    subject: str = ""
    why: str = ""
    result: str = ""


def text_in(fields: Fields, name: str) -> str:
    """Return a field as text, "" where it is missing."""
    value = fields.get(name)
    return "" if value is None else str(value)


def names_in(fields: Fields, name: str) -> tuple[str, ...]:
    """Return a field that is a list as texts, () where it is none."""
    value = fields.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def change_in(fields: Fields) -> str:
    """Return the change that a fact is of, as in "c18"."""
    return f"c{text_in(fields, 'change')}"
