"""The ladder of what makes vectors: a model server's model, the operator's own model, and hashed runs of letters."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from opsterm.core.clock import Clock
from opsterm.core.errors import ModelUnavailable, OpstermError
from opsterm.knowledge.collection import EmbedderStamp
from opsterm.runtime.model import Models
from opsterm.runtime.ports_vectors import Embedder, Vector, VectorEdges

TRUSTED_FOR_S = 60.0
"""How long it is believed that the server still has the same model."""

TRY_AGAIN_S = 30.0
"""How long a rung that failed is left alone."""


class OllamaEmbedder:
    """Implements `runtime.ports_vectors.Embedder` with the embedding model of the server, if it has one."""

    def __init__(self, models: Callable[[], Models], clock: Clock) -> None:
        self._models = models
        self._clock = clock
        self._stamp: EmbedderStamp | None = None
        self._until = 0.0

    async def stamp(self) -> EmbedderStamp:
        """Return what its vectors are by; another build of the model has another. Raises ModelUnavailable."""
        if self._stamp is None or self._clock.monotonic() >= self._until:
            await self._embed(["which model is it"])
        if self._stamp is None:
            raise ModelUnavailable("The model server gave no vector.")
        return self._stamp

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Return a vector for each text. Raises ModelUnavailable, also when the server has another model now."""
        before = await self.stamp()
        vectors = await self._embed(texts)
        if self._stamp != before:
            raise ModelUnavailable("The model that makes vectors was replaced meanwhile.")
        return vectors

    async def _embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        found = await self._models().embed(texts)
        dimension = len(found.vectors[0]) if found.vectors else 0
        if not dimension or len(found.vectors) != len(texts):
            raise ModelUnavailable("The model server gave too few vectors.")
        self._stamp = EmbedderStamp(
            rung="ollama", name=found.model, version="1", digest=found.digest, dimension=dimension
        )
        self._until = self._clock.monotonic() + TRUSTED_FOR_S
        return [struct.pack(f"<{dimension}f", *vector) for vector in found.vectors]

    async def close(self) -> None:
        """The server's connections are closed by who opened them."""


class Embedders:
    """The rungs, the best first; one that fails is left alone for a while.

    Attributes:
        faults: rung -> why it cannot be used now.
    """

    def __init__(self, edges: VectorEdges, models: Callable[[], Models], clock: Clock) -> None:
        self.faults: dict[str, str] = {}
        self._clock = clock
        self._rungs: list[tuple[str, Embedder]] = [("ollama", OllamaEmbedder(models, clock))]
        if edges.onnx is not None:
            self._rungs.append(("onnx", edges.onnx))
        self._rungs.append(("hashed", edges.hashed))
        self._again: dict[str, float] = {}

    @property
    def hashed(self) -> Embedder:
        """The rung that is always there."""
        return self._rungs[-1][1]

    async def usable(self, *, among: Sequence[str] | None = None) -> Sequence[tuple[EmbedderStamp, Embedder]]:
        """Return the rungs that answer, the best first; the hashed one is always among them.

        Args:
            among: only rungs with these names are asked; None for all.
        """
        found = []
        for name, rung in self._rungs:
            if (among is not None and name not in among) or self._clock.monotonic() < self._again.get(name, 0.0):
                continue
            try:
                found.append((await rung.stamp(), rung))
                self.faults.pop(name, None)
            except OpstermError as error:
                self.failed(name, error)
        return found

    def failed(self, name: str, error: OpstermError) -> None:
        """Note that a rung failed."""
        self.faults[name] = " ".join(part for part in (error.what, error.why) if part)
        self._again[name] = self._clock.monotonic() + TRY_AGAIN_S

    async def close(self) -> None:
        """End what they run; safe to call twice."""
        for _, rung in self._rungs:
            await rung.close()
