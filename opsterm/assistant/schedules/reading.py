"""One reading of one phrase: its words, what was said so far, and what has to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from opsterm.assistant.schedules.pieces import Pieces


@dataclass(slots=True)
class PhraseReading:
    """A reading; readers look at one place of it and return how many words they have taken, 0 for none.

    Attributes:
        words: of the phrase.
        now: local time, without a zone.
        zones: every known time zone by its name in lower case.
        said: what was read.
    """

    words: tuple[str, ...]
    now: datetime
    zones: Mapping[str, str]
    said: Pieces = field(default_factory=Pieces)

    def word(self, at: int) -> str:
        """Return the word at a place; "" behind the end."""
        return self.words[at] if at < len(self.words) else ""

    def next(self, at: int, *phrases: str) -> int:
        """Return how many words the first of these phrases that stands at a place has; 0 for none."""
        for phrase in phrases:
            wanted = tuple(phrase.split())
            if self.words[at : at + len(wanted)] == wanted:
                return len(wanted)
        return 0

    def number(self, at: int, words: Mapping[str, int]) -> int:
        """Return the number at a place, in digits or in words; 0 for none."""
        word = self.word(at)
        return int(word) if word.isdecimal() and len(word) <= 5 else words.get(word, 0)

    def note_days(self) -> None:
        """Note that days are said here."""
        self.said.days_after_clock |= bool(self.said.clocks)

    def ask(self, question: str) -> None:
        """Note what has to be asked; the first question counts."""
        self.said.question = self.said.question or question
