"""How a field of the settings tree is declared: its default, its documentation and what makes a value unusable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any


def option(default: Any, text: str, *, check: Callable[[Any], str] | None = None) -> Any:
    """Declare a field of the tree: its default, its documentation and what makes a value unusable.

    Args:
        default: a value, a tuple for tables, or a dict for a table of texts.
        text: one or two sentences with the unit.
        check: returns "" for a good value, else what a good one is ("between 1 and 3600").
    """
    declared = {"help": text, "check": check}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=declared)
    return field(default=default, metadata=declared)


def between(low: float, high: float) -> Callable[[Any], str]:
    """Return a check for numbers in [low, high]."""
    return lambda value: "" if low <= value <= high else f"between {low:,.12g} and {high:,.12g}"


def one_of(*words: str) -> Callable[[Any], str]:
    """Return a check for one of some words."""
    return lambda value: "" if value in words else "one of " + ", ".join(word or '""' for word in words)
