"""Asking a model server in a test: the way to it, a keyring with one token, and what was said as one text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from opsterm.adapters.model_place import place_of_model
from opsterm.adapters.ollama import OllamaServer, open_server
from opsterm.assistant.model.talk import ChatAsk, ChatMessage, ChatPiece, Role
from opsterm.core.clock import SystemClock
from opsterm.core.errors import VaultLocked
from opsterm.core.model_settings import ModelSettings
from opsterm.core.secret import Secret
from opsterm.runtime.offload import Offload
from opsterm.runtime.secret_places import SecretPlace

MODEL = "qwen3.5:4b"


class OneToken:
    """A keyring with one token in it; it notes whom it is for."""

    def __init__(self, token: str | None, *urls: str, locked: bool = False) -> None:
        self._token, self.urls, self._locked = token, urls, locked
        self.asked: list[tuple[str, str, SecretPlace]] = []

    async def names(self) -> Sequence[tuple[str, str]]:
        return [] if self._token is None else [("opsterm:model", url) for url in self.urls]

    async def get(self, service: str, account: str, at: SecretPlace) -> Secret | None:
        self.asked.append((service, account, at))
        if self._locked:
            raise VaultLocked("The vault is locked.")
        return None if self._token is None else Secret(self._token)


@asynccontextmanager
async def asking(url: str, credentials: Any = None, **settings: Any) -> AsyncIterator[OllamaServer]:
    """Give the way to a server."""
    offload = Offload()
    given = ModelSettings(url=url, **settings)
    server = await open_server(place_of_model(url), given, credentials, SystemClock(), offload.pool("model"))
    try:
        yield server
    finally:
        await server.close()
        offload.close()


def ask(text: str = "go", **more: Any) -> ChatAsk:
    """Return a request."""
    given = {"model": MODEL, "context": 8192, "answer_tokens": 512, **more}
    return ChatAsk(messages=[ChatMessage(role=Role.USER, text=text)], **given)


async def pieces(server: OllamaServer, request: ChatAsk) -> list[ChatPiece]:
    """Return an answer."""
    return [piece async for piece in server.chat(request)]


def text(said: Sequence[ChatPiece]) -> str:
    return "".join(piece.text for piece in said)
