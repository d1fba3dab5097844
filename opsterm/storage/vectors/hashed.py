"""The embedder that needs nothing: see `knowledge.embedding.embed_dense`."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.knowledge.collection import EmbedderStamp
from opsterm.knowledge.embedding import DENSE, EMBEDDER, embed_dense
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_vectors import Vector

AT_ONCE = 16
"""Texts that are done before others have their turn: 5 ms."""

STAMP = EmbedderStamp(rung="hashed", name=EMBEDDER, version=f"dense-{DENSE}-1", digest="", dimension=DENSE)


class HashedEmbedder:
    """Implements `runtime.ports_vectors.Embedder`."""

    def __init__(self, run: Run) -> None:
        """`run` calls off the loop."""
        self._run = run

    async def stamp(self) -> EmbedderStamp:
        """Return what its vectors are by."""
        return STAMP

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Return a vector for each text."""
        made: list[Vector] = []
        for at in range(0, len(texts), AT_ONCE):
            some = texts[at : at + AT_ONCE]
            made += await self._run(lambda some=some: [embed_dense(text) for text in some])  # type: ignore[misc]  # a default binds it
        return made

    async def close(self) -> None:
        """Nothing runs."""
