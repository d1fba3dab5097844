"""One collection of a generation beside Chroma's: its vectors, what a scope asks of them, and their sketches.

All of it is plain columns, one entry a vector, in the order of their numbers. An item that is written anew has a new
number, so no entry is ever out of date; one that was removed is left out by whoever looks into the database.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from opsterm.knowledge.collection import CollectionScope
from opsterm.storage.vectors.sketches import Matrix, Sketches, sketch, turn

FEW = 20_000
"""Vectors of a collection that are compared one by one: that takes 5 to 20 ms, and misses none."""

COMPARED = 8_000
"""Vectors of a scope that are compared one by one; of more, those that are most likely by their sketches."""

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint64]

Row = tuple[int, bytes, str, str, str, float]
"""Number, vector, kind, owner, about, epoch seconds."""

NUMBERS, VECTORS, SKETCHES, TURN, TIMES = "seq", "f32", "signs", "turn", "at"
TEXTS = ("kind", "owner", "about")


def code(text: str) -> int:
    """Return the number that stands for a text; that two have the same costs a candidate, and no answer."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


class ColumnWriter:
    """Writes the columns of a collection, in blocks that come in the order of their numbers."""

    def __init__(self, folder: Path, name: str, dimension: int, count: int) -> None:
        """Write into `folder`; `count` is how many there will be: few need no sketches."""
        self._folder = folder
        self._name = name
        self._dimension = dimension
        self._turn = turn(dimension) if count > FEW else None
        self._places: dict[str, dict[str, int]] = {column: {} for column in TEXTS}
        columns = (NUMBERS, VECTORS, *TEXTS, TIMES, *((SKETCHES,) if self._turn is not None else ()))
        with contextlib.ExitStack() as opening:
            self._files = {column: opening.enter_context(self._path(column).open("wb")) for column in columns}
            self._opened = opening.pop_all()

    def _path(self, column: str) -> Path:
        return self._folder / f"{self._name}.{column}"

    def write(self, rows: Sequence[Row]) -> tuple[Numbers, Matrix]:
        """Write a block; return its numbers and vectors."""
        numbers, joined, *texts, times = zip(*rows, strict=True)
        vectors = np.frombuffer(b"".join(joined), "<f4").reshape(len(rows), self._dimension)
        columns: dict[str, npt.NDArray[Any]] = {NUMBERS: np.array(numbers, "<i8"), VECTORS: vectors}
        for column, some in zip(TEXTS, texts, strict=True):
            places = self._places[column]
            columns[column] = np.array([places.setdefault(text, len(places)) for text in some], "<u4")
        columns[TIMES] = np.array(times, "<f8")
        if self._turn is not None:
            columns[SKETCHES] = sketch(vectors, self._turn)
        for column, values in columns.items():
            values.tofile(self._files[column])
        return columns[NUMBERS], vectors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Write which texts there are, and close."""
        self._opened.close()
        for column, places in self._places.items():
            np.array([code(text) for text in places], "<u8").tofile(self._path(f"{column}.codes"))
        if self._turn is not None:
            self._turn.tofile(self._path(TURN))


class VectorColumns:
    """The columns of a collection, read."""

    def __init__(self, folder: Path, name: str, dimension: int) -> None:
        """Open what a `ColumnWriter` wrote."""
        self._place = folder / name
        self.numbers: Numbers = self._read(NUMBERS, "<i8")
        self.vectors: Matrix = self._read(VECTORS, "<f4").reshape(-1, dimension)
        self._texts = {column: _Texts(self._read(column, "<u4"), self._read(f"{column}.codes", "<u8"))
                       for column in TEXTS}  # fmt: skip
        self._times: npt.NDArray[np.float64] = self._read(TIMES, "<f8")
        self._turn: Matrix = self._read(TURN, "<f4").reshape(dimension, -1)
        self._sketches = Sketches(self._read(SKETCHES, "<u8").reshape(len(self.numbers), -1)) if self.is_large else None

    @property
    def is_large(self) -> bool:
        """Whether it has sketches."""
        return self._turn.size > 0

    def _read(self, column: str, kind: str) -> npt.NDArray[Any]:
        path = self._place.with_name(f"{self._place.name}.{column}")
        return np.memmap(path, kind, "r") if path.exists() and path.stat().st_size else np.zeros(0, kind)

    def near(self, vector: Matrix, scope: CollectionScope, limit: int) -> tuple[Numbers, Matrix]:
        """Return the nearest in a scope, with their cosines; of many only the most likely ones are compared."""
        wanted = self._wanted(scope)
        if self._sketches is None:
            places = np.flatnonzero(wanted)
        else:
            asked = sketch(vector[None, :], self._turn)[0]
            places = self._sketches.nearest(asked, wanted, max(COMPARED, limit))
        scores = (self.vectors if len(places) == len(wanted) else self.vectors[places]) @ vector
        best = np.argsort(-scores, kind="stable")[:limit]
        return self.numbers[places[best]], scores[best]

    def _wanted(self, scope: CollectionScope) -> Mask:
        """Return of each vector whether its item is in a scope."""
        wanted = self._texts["owner"].are_any_of(("", scope.asker))
        for column, asked in (("kind", scope.kinds), ("about", scope.about)):
            if asked:
                wanted &= self._texts[column].are_any_of(asked)
        if scope.since:
            wanted &= self._times >= scope.since
        return wanted


class _Texts:
    """A column of texts: of each entry its place among those that there are, and the codes of these."""

    def __init__(self, places: npt.NDArray[np.uint32], codes: Codes) -> None:
        self._places = places
        self._order = np.argsort(codes)
        self._codes = codes[self._order]

    def are_any_of(self, asked: Collection[str]) -> Mask:
        """Return of each entry whether it is one of some."""
        codes = np.array([code(text) for text in asked], np.uint64)
        first, last = (np.searchsorted(self._codes, codes, side) for side in ("left", "right"))
        meant = np.zeros(len(self._codes), bool)
        for start, end in zip(first, last, strict=True):
            meant[self._order[start:end]] = True
        return meant[self._places]
