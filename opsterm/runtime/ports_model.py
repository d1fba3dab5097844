"""What language models need from the edges: a server that runs them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsterm.assistant.model.catalogue import LoadedModel, ModelCard, ModelRow, PullStep
    from opsterm.assistant.model.talk import ChatAsk, ChatPiece


class ModelServer(Protocol):
    """A server of language models. It is sent nothing but what it is asked with, which is masked before.

    Every method raises ModelUnavailable for whatever keeps it from answering, Refused when a token would go in clear,
    SecretNotSent or VaultLocked when the token cannot be had.
    """

    async def version(self) -> str:
        """Return the server's version."""
        ...

    async def models(self) -> Sequence[ModelRow]:
        """Return the models that it has, the newest first."""
        ...

    async def loaded(self, *, timeout_s: float) -> Sequence[LoadedModel]:
        """Return the models in its memory, within a time: it is asked again and again whether it is there."""
        ...

    async def show(self, name: str) -> ModelCard:
        """Return what it says of a model."""
        ...

    def chat(self, ask: ChatAsk) -> AsyncIterator[ChatPiece]:
        """Yield an answer as it comes; the last piece has its end.

        Closing the iterator, or a cancellation, cuts the line at once: that is how a server is told to stop. It has no
        time limits of its own but for the connection.
        """
        ...

    async def embed(self, model: str, texts: Sequence[str], *, keep_alive_s: float) -> Sequence[Sequence[float]]:
        """Return a vector of length 1 for each text; all have the same dimension."""
        ...

    def pull(self, name: str) -> AsyncIterator[PullStep]:
        """Fetch a model, yielding how far it is; what is there already stays when it is broken off."""
        ...

    async def remove(self, name: str) -> None:
        """Delete a model from its disk."""
        ...

    async def close(self) -> None:
        """Cut every connection."""
        ...
