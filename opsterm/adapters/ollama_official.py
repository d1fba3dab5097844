"""Calls by the official client, where it is faithful: vectors, fetching, deleting. Loaded when first needed (0.2 s)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager

import httpx
import ollama

from opsterm.adapters.model_place import ModelPlace
from opsterm.adapters.ollama_faults import said_fault, told
from opsterm.adapters.ollama_wire import vectors_of
from opsterm.assistant.model.catalogue import PullStep
from opsterm.core.errors import ModelUnavailable
from opsterm.core.text import clean_line

MOST_PARTS = 1000
_DELETE_S = 30.0


class OfficialCalls:
    """Calls over a transport that others use as well; closing it is theirs."""

    def __init__(self, place: ModelPlace, transport: httpx.AsyncBaseTransport, timeout: httpx.Timeout) -> None:
        self._place = place
        self._client = ollama.AsyncClient(
            place.url, transport=transport, trust_env=False, follow_redirects=False, timeout=timeout
        )

    @contextmanager
    def _told(self, model: str) -> Iterator[None]:
        try:
            with told(self._place.shown, self._place.host):
                yield
        except ollama.ResponseError as error:
            status = error.status_code if error.status_code > 0 else 200
            raise said_fault(error.error, status=status, url=self._place.shown, model=model) from None

    async def remove(self, name: str) -> None:
        """See `ModelServer.remove`."""
        with self._told(name):
            async with asyncio.timeout(_DELETE_S):
                await self._client.delete(name)

    async def pull(self, name: str) -> AsyncIterator[PullStep]:
        """See `ModelServer.pull`."""
        parts: dict[str, tuple[int, int]] = {}
        finished = False
        with self._told(name):
            stream = await self._client.pull(name, stream=True)
            async with aclosing(stream) as steps:  # type: ignore[type-var]  # an async generator, typed as an iterator
                async for step in steps:
                    if step.digest and (step.digest in parts or len(parts) < MOST_PARTS):
                        done, total = parts.get(step.digest, (0, 0))
                        parts[step.digest] = max(done, step.completed or 0), max(total, step.total or 0)
                    finished = step.status == "success"
                    yield PullStep(
                        status=clean_line(step.status or "", limit=100),
                        done=sum(done for done, _ in parts.values()),
                        total=sum(total for _, total in parts.values()),
                        finished=finished,
                    )
        if not finished:
            raise ModelUnavailable(
                f"Fetching {clean_line(name, limit=100)} broke off.", why="The server said nothing of an end.",
                next_step="Fetch it again: what is there already is kept.",
            )  # fmt: skip

    async def embed(
        self, model: str, texts: Sequence[str], *, keep_alive_s: float, limit_s: float
    ) -> Sequence[Sequence[float]]:
        """See `ModelServer.embed`; within `limit_s`, for which the model is loaded first."""
        with self._told(model):
            async with asyncio.timeout(limit_s):
                found = await self._client.embed(
                    model, list(texts), truncate=True, keep_alive=-1 if keep_alive_s < 0 else int(keep_alive_s)
                )
        return vectors_of({"embeddings": [list(vector) for vector in found.embeddings]}, len(texts))
