"""The embedder that needs no model: words, pairs of words and runs of letters, hashed into sparse vectors.

A text becomes numbers of hashed features with weights; how rare a feature is (inverse document frequency) counts
when vectors are compared, not when they are made, so a vector never has to be made again because others came. Words
and pairs have the lower half of the dimensions, runs of letters the upper half: what a question's words are covered
by can be told from the vectors alone. Likeness is the cosine (Salton and Buckley, 1988).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from opsterm.knowledge.card_text import CardText
from opsterm.knowledge.synonyms import card_terms

EMBEDDER = "hashed-ngrams-1"
"""Names the vectors: those of another embedder are never compared with these."""

DIMENSIONS = 65_536
"""So many that two features seldom meet (1.5 % for a card), and a number still fits into two bytes."""

HALF = DIMENSIONS // 2
RUN_LENGTHS = (3, 4, 5)
PART_WEIGHTS = (3.0, 3.0, 2.0, 1.0)
"""Of title, symptoms, codes and body."""

RUN_WEIGHT = 0.2
"""Of a run of letters against a word: they bring typos and endings, and there are many of them."""

UNKNOWN_RARITY = 4.0
"""Of a word that no card has, where the words of a question are counted: less than the rarest that one has."""

Numbers = npt.NDArray[np.uint16]
Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedding:
    """A sparse vector.

    Attributes:
        numbers: of the dimensions that are not zero, ascending.
        weights: of each; not yet of length one, since rarity is still missing.
    """

    numbers: Numbers
    weights: Weights

    def to_bytes(self) -> bytes:
        """Return it for a file: little-endian, numbers first."""
        return self.numbers.astype("<u2").tobytes() + self.weights.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Embedding:
        """Return what `to_bytes` made."""
        count = len(data) // 6
        return cls(np.frombuffer(data, "<u2", count), np.frombuffer(data, "<f4", count, count * 2))


def embed_card(text: CardText) -> Embedding:
    """Return the vector of a card; 0.3 ms."""
    weights: dict[int, float] = {}
    for place, (part, weight) in enumerate(zip(text.parts, PART_WEIGHTS, strict=True)):
        _add(weights, part, weight, runs=place < 3)
    return _embedding(weights)


def embed_question(words: str) -> Embedding:
    """Return the vector of a question."""
    weights: dict[int, float] = {}
    _add(weights, words, 1.0, runs=True)
    return _embedding(weights)


def word_number(term: str) -> int:
    """Return the dimension of a word as `card_terms` has it."""
    return zlib.crc32(term.encode()) % HALF


def _add(weights: dict[int, float], text: str, weight: float, *, runs: bool) -> None:
    terms = card_terms(text)
    pairs = [f"{one} {other}" for one, other in pairwise(terms)]
    for feature in (*terms, *pairs):
        number = word_number(feature)
        weights[number] = weights.get(number, 0.0) + weight
    if runs and terms:
        for number in _run_numbers(terms):
            weights[number] = weights.get(number, 0.0) + weight * RUN_WEIGHT


def _run_numbers(terms: Sequence[str]) -> list[int]:
    """Return the dimensions of all runs of letters inside of words, a blank at both ends of each."""
    letters = np.frombuffer(f" {' '.join(terms)} ".encode(), np.uint8).astype(np.uint32)
    blank = letters == ord(" ")
    found: list[int] = []
    for length in RUN_LENGTHS:
        count = len(letters) - length + 1
        if count <= 0:
            break
        mixed = np.full(count, 2_166_136_261, np.uint32)
        crosses = np.zeros(count, bool)
        for at in range(length):
            mixed = (mixed ^ letters[at : at + count]) * np.uint32(16_777_619)
            if 0 < at < length - 1:
                crosses |= blank[at : at + count]
        mixed ^= mixed >> np.uint32(15)
        found += (mixed[~crosses] % HALF + HALF).tolist()
    return found


def _embedding(weights: dict[int, float]) -> Embedding:
    numbers = np.array(sorted(weights), np.uint16)
    values = np.array([weights[int(number)] for number in numbers], np.float32)
    return Embedding(numbers, np.log1p(values))


class VectorTable:
    """Vectors side by side, compared exactly: 10,000 of them in some 10 ms."""

    def __init__(self, embeddings: Sequence[Embedding]) -> None:
        """Lay them side by side; rows have the places of the embeddings."""
        sizes = [len(one.numbers) for one in embeddings]
        self._starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
        self._numbers = np.concatenate([one.numbers for one in embeddings] or [np.zeros(0, np.uint16)])
        held = self._held = np.bincount(self._numbers, minlength=DIMENSIONS)
        self.rarity: Weights = np.log((len(sizes) + 1) / (held + 0.5)).clip(0.05).astype(np.float32)
        weights = np.concatenate([one.weights for one in embeddings] or [np.zeros(0, np.float32)])
        self._weights = weights * self.rarity[self._numbers]
        self._lengths = np.sqrt(np.maximum(self._sums(self._weights**2), 1e-12))

    def _sums(self, values: Weights) -> Weights:
        sums = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
        return (sums[self._starts[1:]] - sums[self._starts[:-1]]).astype(np.float32)

    def likeness(self, question: Embedding) -> Weights:
        """Return the cosine of each row with a question, 0 to 1."""
        wanted = np.zeros(DIMENSIONS, np.float32)
        wanted[question.numbers] = question.weights * self.rarity[question.numbers]
        length = float(np.sqrt((wanted**2).sum())) or 1.0
        shared = self._sums(self._weights * wanted[self._numbers])
        cosines: Weights = (shared / (self._lengths * length)).astype(np.float32)
        return cosines

    def coverage(self, row: int, numbers: Sequence[int]) -> tuple[float, int]:
        """Return the share of words, rare ones counting more, that a row has, 0 to 1; and how many they are.

        Args:
            row: its place.
            numbers: of the words, as `word_number` gives them.
        """
        wanted = np.array(sorted(set(numbers)), np.uint16)
        weights = np.where(self._held[wanted] > 0, self.rarity[wanted], UNKNOWN_RARITY)
        mine = self._numbers[self._starts[row] : self._starts[row + 1]]
        total = float(weights.sum())
        there = np.isin(wanted, mine)
        return (float(weights[there].sum()) / total if total else 0.0), int(there.sum())
