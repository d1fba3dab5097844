"""From three lists to one: by words (BM25), by likeness of vectors, and by error patterns.

Weighted reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009). The weights and the floor below which nothing
is known were fitted on the questions under tests/knowledge/questions; docs/decisions/0041-knowledge.md has the
figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SMOOTHING = 10
WORDS_WEIGHT = 2.0
LIKENESS_WEIGHT = 1.0
PATTERN_WEIGHT = 1.0

COLUMN_WEIGHTS = (5.0, 6.0, 4.0, 0.3)
"""Of title, symptoms, codes and body, for BM25."""

FLOOR = 0.28
"""Confidence below which a card is no answer."""

COVERAGE_SHARE = 0.6
ONE_WORD_DOUBT = 0.5
"""How little one word that both have tells; two tell half as little that is doubtful."""

PATTERN_CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A card that may answer.

    Attributes:
        id: of the card.
        likeness: cosine with the question, 0 to 1.
        coverage: share of the question's words that the card has, 0 to 1.
        shared: how many words those are.
        fits: whether one of its error patterns fits the question.
    """

    id: str
    likeness: float
    coverage: float
    shared: int
    fits: bool

    @property
    def confidence(self) -> float:
        """How surely the card is about the question, 0 to 1."""
        told = self.coverage * (1 - ONE_WORD_DOUBT**self.shared)
        told = COVERAGE_SHARE * told + (1 - COVERAGE_SHARE) * min(1.0, 2 * self.likeness)
        return max(told, PATTERN_CONFIDENCE) if self.fits else told


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A card with its place among the answers.

    Attributes:
        candidate: the card.
        score: greater is better; only comparable within one search.
    """

    candidate: Candidate
    score: float


def fuse(
    by_words: Sequence[str], by_likeness: Sequence[str], candidates: Mapping[str, Candidate]
) -> Sequence[Ranked]:  # fmt: skip
    """Return the cards, the best first; none when not even the surest is above the floor.

    Args:
        by_words: ids, the best first.
        by_likeness: the same.
        candidates: every id of both.
    """
    fitting = sorted((one for one in candidates.values() if one.fits), key=lambda one: -one.likeness)
    scores = dict.fromkeys(candidates, 0.0)
    for ids, weight in (
        (by_words, WORDS_WEIGHT), (by_likeness, LIKENESS_WEIGHT), ([one.id for one in fitting], PATTERN_WEIGHT)
    ):  # fmt: skip
        for place, name in enumerate(ids, 1):
            scores[name] += weight / (SMOOTHING + place)
    ranked = [Ranked(candidate=candidates[name], score=score) for name, score in scores.items()]
    ranked.sort(key=lambda one: (-one.score, one.candidate.id))
    if not any(one.candidate.confidence >= FLOOR for one in ranked[:3]):
        return ()
    return ranked
