"""Conditions that a phrase came to, and how they join to a selector."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PLAIN = re.compile(r"[A-Za-z0-9_.@/*?\[\]-]+")


@dataclass(frozen=True, slots=True)
class TargetTerm:
    """One condition: a field, values of which any will do, whether it is denied, how it joins what was before."""

    field: str
    values: tuple[str, ...]
    denied: bool
    join: str

    def text(self) -> str:
        """The condition in selector language."""
        head = "" if self.field == "name" else f"{self.field}:"
        return f"{'not ' if self.denied else ''}{','.join(head + quoted(value) for value in self.values)}"


def quoted(value: str) -> str:
    """Return a value as the selector language writes it, in quotes where it must be."""
    return value if value and _PLAIN.fullmatch(value) and value not in ("and", "or", "not", "all") else f'"{value}"'


def systems_text(values: Sequence[str]) -> str:
    """Return operating systems as a selector of any of them."""
    return " or ".join(f"os:{quoted(value)}" for value in values)


def expression(terms: Sequence[TargetTerm]) -> list[str]:
    """Return terms as a selector: alternatives of one field by comma, the rest by and, except where or is said."""
    merged: list[TargetTerm] = []
    for term in terms:
        last = merged[-1] if merged else None
        alike = last is not None and term.field == last.field and term.denied == last.denied and term.values
        if last is not None and alike and term.join and not (term.field == "tag" and term.join == "and"):
            merged[-1] = TargetTerm(last.field, tuple(dict.fromkeys(last.values + term.values)), last.denied, last.join)
        else:
            merged.append(term)
    texts: list[str] = []
    for term in merged:
        if texts:
            texts.append("or" if term.join == "or" and not term.denied else "and")
        raw = term.field.rpartition("\0")[2]
        texts.append((f"not {raw}" if term.denied else raw) if "\0" in term.field else term.text())
    return texts
