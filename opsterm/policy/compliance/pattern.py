"""Patterns of names, words and paths: * is any run of characters, ? is one, [ab] one of some; case does not count."""

from __future__ import annotations

import fnmatch
import re
from functools import cached_property

_SIGNS = frozenset("*?[")
_INSIDE = re.compile(r"\*(?:[^*?[]+\*)*")
"""A pattern that asks for texts one behind the other, wherever they are: `*one*` or `*one*two*`."""


class Patterns:
    """Several patterns, of which one has to fit the whole of a text; worked out when it is needed.

    Attributes:
        written: as the rule has them.
    """

    def __init__(self, written: tuple[str, ...]) -> None:
        self.written = written

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Patterns) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)

    @cached_property
    def _plain(self) -> frozenset[str]:
        """Those without signs: looking into a set is ten times as quick as an expression."""
        return frozenset(pattern.lower() for pattern in self.written if not _SIGNS.intersection(pattern))

    @cached_property
    def _inside(self) -> tuple[tuple[str, ...], ...]:
        """Texts that have to stand one behind the other, for each pattern that asks for no more."""
        return tuple(tuple(filter(None, one.lower().split("*"))) for one in self.written if _INSIDE.fullmatch(one))

    @cached_property
    def _signed(self) -> re.Pattern[str] | None:
        signed = [one for one in self.written if _SIGNS.intersection(one) and not _INSIDE.fullmatch(one)]
        return (
            re.compile("|".join(f"(?:{fnmatch.translate(one)})" for one in signed), re.IGNORECASE) if signed else None
        )

    def fit(self, text: str) -> bool:
        """Return whether one of them fits."""
        small = text.lower()
        if small in self._plain:
            return True
        if self._signed is not None and self._signed.match(text) is not None:
            return True
        return any(_stand_in(small, parts) for parts in self._inside)

    def fit_one_of(self, texts: frozenset[str]) -> bool:
        """Return whether one of them fits one of some texts in small letters."""
        if not self._plain.isdisjoint(texts):
            return True
        return bool(self._signed or self._inside) and any(self.fit(text) for text in texts)


def _stand_in(text: str, parts: tuple[str, ...]) -> bool:
    """Return whether texts stand in another one, each behind the one before it."""
    at = 0
    for part in parts:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True
