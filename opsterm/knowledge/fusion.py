"""From three lists to one: by words (BM25), by likeness of vectors, and by error patterns.

Weighted reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009). The weights and the floor below which nothing
is known were fitted on the questions under tests/knowledge/questions; docs/decisions/0041-knowledge.md has the
figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

SMOOTHING = 10
WORDS_WEIGHT = 2.0
LIKENESS_WEIGHT = 1.0
PATTERN_WEIGHT = 1.0

MEANING_WEIGHT = 1.0
"""Of the order by a learnt embedder's vectors; fitted with all-MiniLM-L6-v2, and the same for others."""

COLUMN_WEIGHTS = (5.0, 6.0, 4.0, 0.3)
"""Of title, symptoms, codes and body, for BM25."""

FLOOR = 0.28
"""Confidence below which a card is no answer."""

COVERAGE_SHARE = 0.6
ONE_WORD_DOUBT = 0.5
"""How little one word that both have tells; two tell half as little that is doubtful."""

PATTERN_CONFIDENCE = 0.9

CONCEPT_GAIN = 2.0
"""By how much a concept counts more for a question that asks what something is, if it is half as sure as an answer."""

_WHAT_IS = re.compile(
    r"(?:what|who)(?:'s| is| are)(?: meant by)? |what do(?:es)? .+ mean|(?:explain|define|meaning of|tell me about) ",
    re.IGNORECASE,
)
_ABOUT_HERE = re.compile(
    r"wrong|fail|error|broken|slow|full|down|happening|going on|eating|using|best|status|cause|reason|\d"
    r"|\b(?:my|our|this|these|that)\b",
    re.IGNORECASE,
)
"""Words of a question that is about what happens somewhere, however it begins."""

_WORDS_OF_A_THING = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A card that may answer.

    Attributes:
        id: of the card.
        likeness: cosine with the question, 0 to 1.
        coverage: share of the question's words that the card has, 0 to 1.
        shared: how many words those are.
        fits: whether one of its error patterns fits the question.
        concept: whether it says what something is, and is about no fault.
        meaning: cosine by a learnt embedder, 0 when there is none.
    """

    id: str
    likeness: float
    coverage: float
    shared: int
    fits: bool
    concept: bool = False
    meaning: float = 0.0

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


def asks_what_is(words: str) -> bool:
    """Return whether a question asks what a thing is, as in "What is a zombie process?", and not what is wrong."""
    said = " ".join(words.split()).rstrip("?.! ")
    return (
        _WHAT_IS.match(said) is not None and len(said.split()) <= _WORDS_OF_A_THING and _ABOUT_HERE.search(said) is None
    )


def fuse(
    by_words: Sequence[str], by_likeness: Sequence[str], candidates: Mapping[str, Candidate], *,
    what_is: bool = False,
) -> Sequence[Ranked]:  # fmt: skip
    """Return the cards, the best first; none when not even the surest is above the floor.

    Args:
        by_words: ids, the best first.
        by_likeness: the same.
        candidates: every id of both, and others; those with a meaning are ranked by it as well.
        what_is: whether it is asked what something is: then a concept that answers comes before a fault.
    """
    meant = sorted((one for one in candidates.values() if one.meaning > 0), key=lambda one: -one.meaning)
    fitting = sorted((one for one in candidates.values() if one.fits), key=lambda one: -one.likeness)
    scores = dict.fromkeys(candidates, 0.0)
    for ids, weight in (
        (by_words, WORDS_WEIGHT), (by_likeness, LIKENESS_WEIGHT), ([one.id for one in fitting], PATTERN_WEIGHT),
        ([one.id for one in meant], MEANING_WEIGHT),
    ):  # fmt: skip
        for place, name in enumerate(ids, 1):
            scores[name] += weight / (SMOOTHING + place)
    ranked = _sorted(Ranked(candidate=candidates[name], score=score) for name, score in scores.items())
    if not any(one.candidate.confidence >= FLOOR for one in ranked[:3]):
        return ()
    return _sorted(map(_for_concepts, ranked)) if what_is else ranked


def _sorted(cards: Iterable[Ranked]) -> Sequence[Ranked]:
    return sorted(cards, key=lambda one: (-one.score, one.candidate.id))


def _for_concepts(one: Ranked) -> Ranked:
    """Return a card with its score where it is asked what something is."""
    sure = one.candidate.concept and one.candidate.confidence >= FLOOR / 2
    return replace(one, score=one.score * CONCEPT_GAIN) if sure else one
