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

from opsterm.knowledge.card_text import PartTerms
from opsterm.knowledge.synonyms import card_terms

DENSE = 1_024
"""Dimensions of the dense form, for an index that knows only such: far fewer, so that unlike features meet."""

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

UNKNOWN_RARITY = 5.5
"""Of a word that no card has, where the words of a question are counted: less than the rarest that one has."""

Numbers = npt.NDArray[np.uint16]
Rows = npt.NDArray[np.int32]
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


def embed_card(terms: PartTerms) -> Embedding:
    """Return the vector of a card, from the words of its texts."""
    weights: dict[int, float] = {}
    for place, (part, weight) in enumerate(zip(terms, PART_WEIGHTS, strict=True)):
        _add(weights, part, weight, runs=place < 3)
    return _embedding(weights)


def embed_question(words: str) -> Embedding:
    """Return the vector of a question."""
    weights: dict[int, float] = {}
    _add(weights, card_terms(words), 1.0, runs=True)
    return _embedding(weights)


def embed_dense(text: str) -> bytes:
    """Return the vector of a text in the dense form, of length one: 4 bytes a dimension, little-endian.

    Features that meet in one dimension have either sign, so that they cancel out over many (Weinberger and others,
    2009). How rare a feature is does not count: a vector never has to be made again because others came.
    """
    sparse = embed_question(text)
    numbers = sparse.numbers.astype(np.int64)
    signs = np.where((numbers >> 10) & 1, np.float32(1), np.float32(-1))
    dense = np.bincount(numbers % DENSE, weights=sparse.weights * signs, minlength=DENSE)
    length = float(np.sqrt((dense**2).sum())) or 1.0
    return (dense / length).astype("<f4").tobytes()


def word_number(term: str) -> int:
    """Return the dimension of a word as `card_terms` has it."""
    return zlib.crc32(term.encode()) % HALF


def _add(weights: dict[int, float], terms: Sequence[str], weight: float, *, runs: bool) -> None:
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


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near each row of a table is to a question.

    Attributes:
        likeness: the cosine, 0 to 1.
        coverage: share of the question's words that the row has, rare ones counting more; 0 to 1.
        shared: how many words those are.
    """

    likeness: Weights
    coverage: Weights
    shared: npt.NDArray[np.int64]


class VectorTable:
    """Vectors compared exactly: for each dimension the rows that have it, so that a question looks at few of them."""

    def __init__(self, embeddings: Sequence[Embedding]) -> None:
        """Take the vectors in; rows have the places of the embeddings."""
        sizes = [len(one.numbers) for one in embeddings]
        self._count = len(sizes)
        rows = np.repeat(np.arange(self._count, dtype=np.int32), sizes)
        numbers = np.concatenate([one.numbers for one in embeddings] or [np.zeros(0, np.uint16)])
        weights = np.concatenate([one.weights for one in embeddings] or [np.zeros(0, np.float32)])
        held = np.bincount(numbers, minlength=DIMENSIONS)
        self._rarity: Weights = np.log((self._count + 1) / (held + 0.5)).clip(0.05).astype(np.float32)
        weights = weights * self._rarity[numbers]
        lengths = np.sqrt(np.bincount(rows, weights=weights**2, minlength=self._count).clip(1e-12))
        order = np.argsort(numbers, kind="stable")
        self._rows = rows[order]
        self._weights = (weights / lengths[rows])[order].astype(np.float32)
        self._starts = np.concatenate(([0], np.cumsum(held)))

    def nearness(self, question: Embedding, words: Sequence[int]) -> Nearness:
        """Return how near each row is to a question.

        Args:
            question: its vector.
            words: dimensions of its words, as `word_number` gives them.
        """
        wanted = question.weights * self._rarity[question.numbers]
        length = float(np.sqrt((wanted**2).sum())) or 1.0
        rows, places, values = self._holders(question.numbers)
        likeness = self._sums(rows, values * (wanted / length)[places])
        known = np.array(sorted(set(words)), np.int64)
        rows, places, _ = self._holders(known)
        there = self._starts[known + 1] > self._starts[known]
        telling = np.where(there, self._rarity[known], UNKNOWN_RARITY).astype(np.float32)
        total = float(telling.sum()) or 1.0
        return Nearness(
            likeness=likeness, coverage=self._sums(rows, telling[places] / total),
            shared=np.bincount(rows, minlength=self._count),
        )  # fmt: skip

    def _holders(self, numbers: npt.NDArray[np.integer]) -> tuple[Rows, npt.NDArray[np.intp], Weights]:
        """Return, for dimensions: the rows that have one, its place among the dimensions, the row's weight there."""
        slices = [slice(self._starts[number], self._starts[number + 1]) for number in numbers.astype(np.int64)]
        rows = np.concatenate([self._rows[one] for one in slices] or [np.zeros(0, np.int32)])
        values = np.concatenate([self._weights[one] for one in slices] or [np.zeros(0, np.float32)])
        return rows, np.repeat(np.arange(len(slices)), [one.stop - one.start for one in slices]), values

    def _sums(self, rows: Rows, values: Weights) -> Weights:
        return np.bincount(rows, weights=values, minlength=self._count).astype(np.float32)
