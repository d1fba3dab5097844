"""An Ollama server: implements `ports_model.ModelServer`.

Two clients over one transport. The official one where it is faithful: vectors, fetching, deleting. The HTTP API where
it is not: it takes nested parts out of tools' schemas and drops the ids of calls, drops capabilities from lists, and
takes an answer that ends in the middle for a whole one.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

import httpx

from opsterm.adapters.model_place import CONNECT_S, ModelPlace
from opsterm.adapters.ollama_faults import BROKE_OFF, said_fault, told
from opsterm.adapters.ollama_line import POOL_S, WRITE_S, ModelTransport, open_transport
from opsterm.adapters.ollama_wire import (
    Row,
    chat_body,
    lines_of,
    loaded_model,
    model_card,
    model_row,
    piece_of,
    row_of,
    rows_of,
    text_of,
)
from opsterm.assistant.model.catalogue import LoadedModel, ModelCard, ModelRow, PullStep
from opsterm.assistant.model.talk import ChatAsk, ChatPiece
from opsterm.core.clock import Clock
from opsterm.core.errors import ModelUnavailable, Refused
from opsterm.core.model_settings import ModelSettings
from opsterm.core.secret import Secret
from opsterm.runtime.credentials import MODEL
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Credentials
from opsterm.runtime.secret_places import SecretPlace

if TYPE_CHECKING:
    from opsterm.adapters.ollama_official import OfficialCalls

READ_S = 30.0
"""Seconds for an answer that needs no model."""

TOKEN_KEPT_S = 60.0
"""Seconds for which a token, or that there is none, is remembered: a keyring is not asked every second."""

_NO_LIMIT = httpx.Timeout(connect=CONNECT_S, write=WRITE_S, pool=POOL_S, read=None)


class OllamaServer:
    """See `ports_model.ModelServer`."""

    def __init__(
        self, place: ModelPlace, settings: ModelSettings, credentials: Credentials | None, clock: Clock, run: Run
    ) -> None:
        self._place = place
        self._settings = settings
        self._credentials = credentials
        self._clock = clock
        self._run = run
        self._token: tuple[float, Secret | None] | None = None
        self._calls: OfficialCalls | None = None
        self._transport: ModelTransport
        self._http: httpx.AsyncClient

    async def open(self) -> OllamaServer:
        """Make the client; nothing is connected yet. Raises BadSetting."""
        self._transport = await open_transport(self._place, self._settings, self._kept_token, self._run)
        self._http = httpx.AsyncClient(
            transport=self._transport, trust_env=False, follow_redirects=False, timeout=_NO_LIMIT
        )
        return self

    async def _kept_token(self) -> Secret | None:
        """Return what the server lets us in with, None when nothing is kept. Raises Refused: all could read it."""
        origin, now = self._place.origin, self._clock.monotonic()
        if origin is None or self._credentials is None:
            return None
        if self._token is None or not 0 <= now - self._token[0] <= TOKEN_KEPT_S:
            at = SecretPlace(name=origin.host, protocol=origin.scheme, address=origin.host, port=origin.port)
            kept = (MODEL, str(origin)) in await self._credentials.names()  # asks nobody to unlock anything
            self._token = now, await self._credentials.get(MODEL, str(origin), at) if kept else None
        token = self._token[1]
        if token is not None and not self._place.private and not self._settings.token_over_http:
            raise Refused(
                f"The token for {origin} was not sent: it would go over http, where all on the way can read it.",
                next_step="Give the server https, or set model.token_over_http to true.",
            )
        return token

    # -------------------------------------------------------------------------------- what needs no model

    async def version(self) -> str:
        """See `ModelServer.version`."""
        return text_of(await self._ask("GET", "/api/version"), "version", limit=40)

    async def models(self) -> Sequence[ModelRow]:
        """See `ModelServer.models`."""
        rows = rows_of(await self._ask("GET", "/api/tags"), "models")
        return [row for row in map(model_row, rows) if row.name]

    async def loaded(self, *, timeout_s: float) -> Sequence[LoadedModel]:
        """See `ModelServer.loaded`."""
        rows = rows_of(await self._ask("GET", "/api/ps", limit_s=timeout_s), "models")
        return [row for row in map(loaded_model, rows) if row.name]

    async def show(self, name: str) -> ModelCard:
        """See `ModelServer.show`."""
        return model_card(name, await self._ask("POST", "/api/show", {"model": name}, model=name))

    async def _ask(
        self, method: str, path: str, body: object = None, *, model: str = "", limit_s: float = READ_S
    ) -> Row:
        with told(self._place.shown, self._place.host):
            async with asyncio.timeout(limit_s):
                response = await self._http.request(method, self._place.url + path, json=body)
        if response.status_code != httpx.codes.OK:
            raise said_fault(response.text, status=response.status_code, url=self._place.shown, model=model)
        return row_of(response.content)

    async def remove(self, name: str) -> None:
        """See `ModelServer.remove`."""
        await (await self._official()).remove(name)

    async def pull(self, name: str) -> AsyncIterator[PullStep]:
        """See `ModelServer.pull`."""
        async with aclosing((await self._official()).pull(name)) as steps:  # type: ignore[type-var]  # a generator
            async for step in steps:
                yield step

    async def _official(self) -> OfficialCalls:
        if self._calls is None:
            module = await self._run(lambda: importlib.import_module("opsterm.adapters.ollama_official"))
            self._calls = cast("type[OfficialCalls]", module.OfficialCalls)(self._place, self._transport, _NO_LIMIT)
        return self._calls

    # ----------------------------------------------------------------------------------- what needs a model

    async def chat(self, ask: ChatAsk) -> AsyncIterator[ChatPiece]:
        """See `ModelServer.chat`."""
        calls = 0
        with told(self._place.shown, self._place.host):
            async with self._http.stream("POST", self._place.url + "/api/chat", json=chat_body(ask)) as response:
                if response.status_code != httpx.codes.OK:
                    text = (await response.aread()).decode("utf-8", "replace")
                    raise said_fault(text, status=response.status_code, url=self._place.shown, model=ask.model)
                async with aclosing(response.aiter_raw()) as pieces, aclosing(lines_of(pieces)) as lines:  # type: ignore[type-var]  # generators
                    async for line in lines:
                        row = row_of(line)
                        if "error" in row:
                            said = line.decode("utf-8", "replace")
                            raise said_fault(said, status=200, url=self._place.shown, model=ask.model)
                        piece = piece_of(row, calls)
                        calls += len(piece.calls)
                        yield piece
                        if piece.end is not None:
                            return
        raise ModelUnavailable(
            BROKE_OFF, why="The server ended it without saying that it was complete.", next_step="Ask again."
        )

    async def embed(self, model: str, texts: Sequence[str], *, keep_alive_s: float) -> Sequence[Sequence[float]]:
        """See `ModelServer.embed`."""
        limit_s = self._settings.load_timeout_s
        return await (await self._official()).embed(model, texts, keep_alive_s=keep_alive_s, limit_s=limit_s)

    async def close(self) -> None:
        """See `ModelServer.close`."""
        await self._http.aclose()


async def open_server(
    place: ModelPlace, settings: ModelSettings, credentials: Credentials | None, clock: Clock, run: Run
) -> OllamaServer:
    """Return the way to a server; nothing is connected yet. Raises BadSetting."""
    return await OllamaServer(place, settings, credentials, clock, run).open()
