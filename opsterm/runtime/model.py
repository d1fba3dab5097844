"""Use-cases of language models: how they stand, which there are, fetching, removing, turning texts into vectors."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from opsterm.assistant.model.catalogue import (
    CHAT,
    EMBED,
    LoadedModel,
    ModelCard,
    ModelRow,
    PullStep,
    choose_model,
    find_row,
    full_name,
)
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, ModelUnavailable, NotFound, OpstermError, Refused
from opsterm.core.model_settings import ModelSettings
from opsterm.core.text import clean_line
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.masking import Masking
from opsterm.runtime.model_state import ModelChanged, ModelPhase, ModelState
from opsterm.runtime.ports_model import ModelServer
from opsterm.runtime.supervisor import Heart

LOOK_EVERY_S = 0.8
LOOK_LIMIT_S = 1.0
"""Together below 2 s: so soon it is noticed that the server is gone, also when it is only silent."""

LOOK_AGAIN_S = 5.0
"""How often a server that does not answer is asked."""

FIRST_LOOK_S = 1.0
"""When a process that shows it looks first: until then it has to come up."""

LIST_EVERY_S = 30.0
"""How often its list of models is read anew."""

HEARD_S = 2.0
"""A server whose answer is coming in is there, however late it answers a look beside it."""

TEXTS_AT_ONCE = 32
"""Texts of one request for vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Texts as vectors.

    Attributes:
        model, digest: what made them; vectors of another digest are not compared with these.
        vectors: one for each text, of length 1.
    """

    model: str
    digest: str
    vectors: Sequence[Sequence[float]]


class Models:
    """The language models of one server.

    Attributes:
        state: how the model stands, as it was last seen.
        watched: whether this process looks again and again, so that nobody need look before asking.
    """

    def __init__(
        self, settings: ModelSettings, ledger: Ledger, clock: Clock, *, masking: Masking,
        open_server: Callable[[], Awaitable[ModelServer]], read_only: bool,
    ) -> None:  # fmt: skip
        self.settings = settings
        self._ledger = ledger
        self._clock = clock
        self._masking = masking
        self._open_server = open_server
        self._read_only = read_only
        self._server: ModelServer | None = None
        self._opening = asyncio.Lock()
        self._rows: Sequence[ModelRow] = ()
        self._listed_at = -LIST_EVERY_S
        self._heard_at = -HEARD_S
        self.watched = False
        phase = ModelPhase.UNKNOWN if settings.url.strip() else ModelPhase.OFF
        self.state = ModelState(phase=phase, server=clean_line(settings.url, limit=200))

    async def server(self) -> ModelServer:
        """Return the way to the server, opened when first asked for. Raises BadSetting, ModelUnavailable."""
        if self.state.phase is ModelPhase.OFF:
            raise ModelUnavailable("No language model is used: model.url is empty.", next_step=_SET_URL)
        async with self._opening:
            if self._server is None:
                self._server = await self._open_server()
        return self._server

    async def close(self) -> None:
        """Cut every connection; safe to call twice."""
        server, self._server = self._server, None
        if server is not None:
            await server.close()

    # ------------------------------------------------------------------------------------ how it stands

    async def watch(self, heart: Heart) -> None:
        """Look again and again: run by the supervisor of a process that shows it. A look raises nothing."""
        self.watched = True
        await asyncio.sleep(FIRST_LOOK_S)
        while True:
            heart.beat()
            state = await self.look()
            there = state.phase in (ModelPhase.READY, ModelPhase.MISSING)
            await asyncio.sleep(LOOK_EVERY_S if there else LOOK_AGAIN_S)

    def heard(self) -> None:
        """Note that a piece of an answer came in: the server is there."""
        self._heard_at = self._clock.monotonic()

    async def look(self) -> ModelState:
        """Look how the model stands now. What keeps it from answering is in the state, and not raised."""
        if self.state.phase is ModelPhase.OFF:
            return self.state
        try:
            server = await self.server()
            loaded = await server.loaded(timeout_s=LOOK_LIMIT_S)
            now = self._clock.monotonic()
            if self.state.phase is not ModelPhase.READY or now - self._listed_at >= LIST_EVERY_S:
                self._rows = await server.models()
                self._listed_at = now
                self.state = replace(self.state, version=await server.version())
        except OpstermError as error:
            busy = self._clock.monotonic() - self._heard_at < HEARD_S
            if not (busy and self.state.phase is ModelPhase.READY):
                said = " ".join(part for part in (error.what, error.why) if part)
                self._put(replace(self.state, phase=ModelPhase.GONE, loaded=False, gpu_percent=None, context=0,
                                  why=said, next_step=error.next_step))  # fmt: skip
        else:
            self._put(self._found(loaded))
        return self.state

    def _found(self, loaded: Sequence[LoadedModel]) -> ModelState:
        row = choose_model(self.settings.name, self._rows, loaded, CHAT)
        plain = ModelState(
            phase=ModelPhase.MISSING, server=self.state.server, version=self.state.version, seen=True
        )  # fmt: skip
        if row is None:
            wanted = clean_line(self.settings.name, limit=100)
            why = f"The server has no model {wanted}." if wanted else "The server has no model that can chat."
            step = f"opsterm model pull {wanted or 'qwen3.5:4b'}"
            return replace(plain, model=wanted, why=why, next_step=step)
        there = next((one for one in loaded if full_name(one.name).lower() == full_name(row.name).lower()), None)
        return replace(
            plain, phase=ModelPhase.READY, model=row.name, digest=row.digest, capabilities=row.capabilities,
            loaded=there is not None, gpu_percent=there.gpu_percent if there else None,
            context=there.context if there else 0,
        )  # fmt: skip

    def _put(self, state: ModelState) -> None:
        if state != self.state:
            self.state = state
            self._ledger.tell(ModelChanged(phase=state.phase, model=state.model))

    async def ready(self) -> ModelState:
        """Return the state of a model that can be asked. Raises ModelUnavailable."""
        state = self.state if self.state.phase is ModelPhase.READY else await self.look()
        if state.phase is ModelPhase.OFF:
            await self.server()
        if state.phase is not ModelPhase.READY:
            raise ModelUnavailable("No language model answers.", why=state.why, next_step=state.next_step)
        return state

    # --------------------------------------------------------------------------------- which there are

    async def list(self) -> Sequence[tuple[ModelRow, LoadedModel | None]]:
        """Return the server's models, each with how it is loaded. Raises ModelUnavailable."""
        server = await self.server()
        rows = await server.models()
        there = {full_name(one.name).lower(): one for one in await server.loaded(timeout_s=LOOK_LIMIT_S * 10)}
        return [(row, there.get(full_name(row.name).lower())) for row in rows]

    async def show(self, name: str) -> tuple[ModelCard, LoadedModel | None]:
        """Return what the server says of a model, of the one in use for "". Raises NotFound, ModelUnavailable."""
        row, loaded = await self._known(name or (await self.ready()).model)
        card = await (await self.server()).show(row.name)
        return replace(card, row=replace(
            card.row, digest=row.digest, size=row.size,
            capabilities=row.capabilities if card.row.capabilities is None else card.row.capabilities,
        )), loaded  # fmt: skip

    async def _known(self, name: str) -> tuple[ModelRow, LoadedModel | None]:
        listed = await self.list()
        row = find_row(name, [row for row, _ in listed])
        if row is None:
            near = difflib.get_close_matches(name, [row.name for row, _ in listed], n=1)
            raise NotFound(
                f"The model server has no model {clean_line(name, limit=100)}.",
                why=f"The nearest is {near[0]}." if near else "",
                next_step="`opsterm model list` lists what it has, `opsterm model pull NAME` fetches one.",
            )
        return row, dict(listed)[row]

    async def pull(self, name: str) -> AsyncIterator[PullStep]:
        """Fetch a model, yielding how far it is; a break keeps what is there.

        Raises:
            BadInput: that is no name.
            Refused: read-only mode.
            ModelUnavailable: the server does not answer, or there is no such model.
        """
        self._require_writable("fetched")
        if not name.strip() or name != clean_line(name, limit=200) or any(char.isspace() for char in name):
            raise BadInput(f"{clean_line(name, limit=100)!r} is not the name of a model.", next_step="As in qwen3.5:4b")
        async with aclosing((await self.server()).pull(name)) as steps:  # type: ignore[type-var]  # a generator
            async for step in steps:
                yield step
        self._listed_at = -LIST_EVERY_S

    async def remove(self, name: str) -> ModelRow:
        """Delete a model from the server's disk; return what it was. Raises Refused, NotFound, ModelUnavailable."""
        self._require_writable("deleted")
        row, _ = await self._known(name)
        await (await self.server()).remove(row.name)
        self._listed_at = -LIST_EVERY_S
        return row

    def _require_writable(self, done: str) -> None:
        if self._read_only:
            raise Refused(f"No model was {done}: opsterm is in read-only mode.")

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Return texts as vectors, in batches, masked before they leave. Raises ModelUnavailable."""
        server = await self.server()
        listed = await self.list()
        loaded = [one for _, one in listed if one is not None]
        row = choose_model(self.settings.embedding, [row for row, _ in listed], loaded, EMBED)
        if row is None:
            wanted = clean_line(self.settings.embedding, limit=100)
            raise ModelUnavailable(
                f"The model server has no model {wanted}." if wanted else "The model server has none for vectors.",
                next_step=f"opsterm model pull {wanted or 'embeddinggemma'}",
            )
        masked = [text or " " for text in await self._masking.mask_all(texts)]
        vectors: list[Sequence[float]] = []
        for at in range(0, len(masked), TEXTS_AT_ONCE):
            batch = masked[at : at + TEXTS_AT_ONCE]
            vectors += await server.embed(row.name, batch, keep_alive_s=self.settings.keep_alive_s)
        if len({len(vector) for vector in vectors}) > 1:
            raise ModelUnavailable("The model server gave vectors of several dimensions.")
        return Embedded(model=row.name, digest=row.digest, vectors=vectors)


_SET_URL = "opsterm settings set model.url http://127.0.0.1:11434"
