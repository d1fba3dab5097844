"""Sets of words written as running text, so that a table of hundreds stays readable."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())
