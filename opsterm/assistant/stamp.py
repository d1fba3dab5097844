"""What every answer carries: from which rung it comes, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rung(StrEnum):
    """What an answer comes from."""

    RULES = "rules"
    RETRIEVAL = "retrieval"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Where an answer is from.

    Attributes:
        rung: rules over live state, what was found in cards and documents, or a model's words.
        model: that said it, "" for none.
        context: tokens that the model was given room for, 0 without one.
        first_s: seconds until its first piece, None when there was none.
        total_s: seconds from the question to its end.
        cut: a sentence when the question or the answer was cut, "" for whole.
    """

    rung: Rung
    model: str = ""
    context: int = 0
    first_s: float | None = None
    total_s: float = 0.0
    cut: str = ""

    @property
    def line(self) -> str:
        """All of it in a few words: "rules · 12 ms", "model qwen3.5:4b · 8,192 tokens · 1.9 s"."""
        took = f"{1000 * self.total_s:.0f} ms" if self.total_s < 1 else f"{self.total_s:.1f} s"
        who = f"{self.rung.value} {self.model}".rstrip()
        return " · ".join(part for part in (who, f"{self.context:,} tokens" if self.context else "", took) if part)
