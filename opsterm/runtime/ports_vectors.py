"""What keeps the items of the collections, makes vectors of them, and finds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from opsterm.knowledge.collection import CollectionName, CollectionScope, EmbedderStamp, Item
from opsterm.runtime.ports_embedder import EmbedderStock

Vector = bytes
"""Of length one; 4 bytes a dimension, little-endian."""

Scored = tuple[int, float]
"""The number of an item, and its cosine with the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStanding:
    """How far an embedder has come.

    Attributes:
        last: the number of the newest item, 0 for none.
        upto: every item up to this number has a vector.
        mark: of the item with that number; "" for none.
        waiting: items without a vector.
    """

    last: int
    upto: int
    mark: str
    waiting: int


class ItemStore(Protocol):
    """The items and their vectors: the truth."""

    async def keep(self, items: Sequence[Item], stamp: EmbedderStamp, vectors: Sequence[Vector]) -> None:
        """Keep items, in the place of those with the same names, with a vector each; all or none."""
        ...

    async def remove(self, collection: CollectionName, names: Sequence[str]) -> None:
        """Remove items; those that are not there are no fault."""
        ...

    async def expire(self, now: float) -> int:
        """Remove what has been kept long enough; return how many."""
        ...

    async def digests(self, collection: CollectionName) -> Mapping[str, str]:
        """Return name -> digest of all items of a collection."""
        ...

    async def counts(self) -> Mapping[CollectionName, int]:
        """Count the items of each collection."""
        ...

    async def stamps(self) -> Sequence[EmbedderStamp]:
        """Return what has made vectors that are there."""
        ...

    async def forget(self, stamp: EmbedderStamp) -> None:
        """Remove all vectors that something made."""
        ...

    async def standing(self, stamp: EmbedderStamp) -> IndexStanding:
        """Return how far an embedder has come."""
        ...

    async def mark(self, seq: int) -> str:
        """Return the mark of an item, "" when it is not there."""
        ...

    async def waiting(self, stamp: EmbedderStamp, limit: int) -> Sequence[tuple[int, str]]:
        """Return number and text of items without a vector, the oldest first."""
        ...

    async def put(self, stamp: EmbedderStamp, vectors: Sequence[tuple[int, Vector]], *, upto: int) -> None:
        """Keep vectors of items, and that all up to a number have one now; what was removed meanwhile is left out."""
        ...

    async def nearest(
        self, stamp: EmbedderStamp, vector: Vector, scope: CollectionScope, *, above: int, limit: int
    ) -> Sequence[Scored]:  # fmt: skip
        """Return the nearest of the items in a scope with numbers above one, exactly, by looking at each."""
        ...

    async def within(
        self, stamp: EmbedderStamp, vector: Vector, scope: CollectionScope, numbers: Sequence[int], limit: int
    ) -> Sequence[Scored]:  # fmt: skip
        """Return the first few of some items that are there and in a scope, with their cosines, the nearest first."""
        ...

    async def items(self, numbers: Sequence[int]) -> Mapping[int, Item]:
        """Return items by their numbers; those that are not there are left out."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors."""

    async def stamp(self) -> EmbedderStamp:
        """Return what its vectors are by. Raises ModelUnavailable, BadSetting."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Return a vector for each text. Raises ModelUnavailable, BadSetting."""
        ...

    async def close(self) -> None:
        """End what it runs; safe to call twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """How an index stands.

    Attributes:
        embedder: key of whose vectors are in it; "" when none serves.
        upto: every vector up to this number is in it.
        counts: collection -> vectors.
        built_in_s: seconds that it took to make.
    """

    embedder: str = ""
    upto: int = 0
    counts: Mapping[str, int]
    built_in_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexKept:
    """An index on the disk.

    Attributes:
        upto: every vector up to this number is in it.
        mark: of the row with that number when it was made.
        vectors: how many there are.
        built_in_s: seconds that it took to make.
    """

    upto: int
    mark: str
    vectors: int
    built_in_s: float


class VectorIndex(Protocol):
    """Finds the nearest of many vectors quickly; made from the items, of no worth of its own."""

    @property
    def state(self) -> IndexState:
        """How it stands: what it answers from now."""
        ...

    async def kept(self, stamp: EmbedderStamp) -> IndexKept | None:
        """Return what the newest whole index on the disk says of itself, None when there is none."""
        ...

    async def open(self, stamp: EmbedderStamp) -> bool:
        """Answer from the newest whole index from now on; return whether there is one that is as it was made."""
        ...

    async def build(self, stamp: EmbedderStamp, standing: IndexStanding) -> None:
        """Make an index over every vector up to where the embedder has come; the old one serves meanwhile.

        Raises:
            StorageError: it could not be made.
        """
        ...

    async def remove_all(self, stamp: EmbedderStamp) -> None:
        """Remove the index of an embedder: it is to be made anew."""
        ...

    async def near(self, vector: Vector, scope: CollectionScope, limit: int) -> Sequence[Scored]:
        """Return the nearest of its vectors in a scope: fewer only when there are no more. Raises StorageError."""
        ...

    async def close(self) -> None:
        """End its processes; safe to call twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorEdges:
    """What makes vectors and finds them.

    Attributes:
        index: None where none is wanted.
        hashed: the embedder that is always there.
        onnx: the operator's own, None for none.
        open_folder: returns the embedder in another folder, to try it.
        stock: the embedders that the operator had fetched.
    """

    index: VectorIndex | None
    hashed: Embedder
    onnx: Embedder | None
    open_folder: Callable[[str], Embedder]
    stock: EmbedderStock
