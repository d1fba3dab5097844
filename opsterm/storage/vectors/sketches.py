"""Sketches of vectors: the signs of their numbers after a turn, so that a million are ranked roughly in some ms.

The share of bits in which two sketches differ grows with the angle between the vectors (Charikar, 2002). The turn
mixes all dimensions: without it the many noughts of a hashed vector would all be the same sign.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

WORD = 64
"""Bits of a word."""

AT_ONCE = 16_384
"""Sketches that are compared at once: they and what is made of them stay in the processor's cache."""

GATHERED = 0.2
"""Share of the sketches up to which only those wanted are looked at; above it, all, which is quicker."""

Matrix = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Words = npt.NDArray[np.uint64]
Distances = npt.NDArray[np.uint16]


@functools.lru_cache(maxsize=1)
def turn(dimension: int) -> Matrix:
    """Return the turn for vectors of a dimension, (dimension, bits): the same each time, in whole words of bits."""
    bits = -(-dimension // WORD) * WORD
    dice = np.random.RandomState(46)  # whose numbers are promised to stay the same
    turned: Matrix = np.linalg.qr(dice.standard_normal((bits, bits)))[0][:dimension].astype("<f4")
    return turned


def sketch(vectors: Matrix, turned: Matrix) -> Words:
    """Return the sketches of vectors, (count, words)."""
    return np.packbits(vectors @ turned > 0, axis=1).view("<u8")


class Sketches:
    """The sketches of a collection, held in memory."""

    def __init__(self, words: Words) -> None:
        """Take them as `sketch` makes them, (count, words)."""
        self._words: Words = np.ascontiguousarray(words.T)

    def nearest(self, asked: Words, wanted: npt.NDArray[np.bool_], limit: int) -> Places:
        """Return the places of some of those wanted, at least `limit` if there are so many: the nearest to one."""
        places = np.flatnonzero(wanted)
        if len(places) <= limit:
            return places
        if len(places) <= GATHERED * len(wanted):
            distances = self._distances(asked, places)
        else:
            distances = self._distances(asked)[places]
        counts = np.bincount(distances).cumsum()
        return places[distances <= np.searchsorted(counts, limit)]

    def _distances(self, asked: Words, places: Places | None = None) -> Distances:
        """Return in how many bits sketches differ from one: those at some places, or all."""
        count = self._words.shape[1] if places is None else len(places)
        found = np.empty(count, np.uint16)
        for at in range(0, count, AT_ONCE):
            block = slice(at, at + AT_ONCE)
            words = self._words[:, block if places is None else places[block]]
            found[block] = np.bitwise_count(words ^ asked[:, None]).sum(axis=0, dtype=np.uint16)
        return found
