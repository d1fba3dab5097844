"""Asking a language model: streamed, stopped at any moment with what came so far, or in a form that is checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace

from opsterm.assistant.model.catalogue import THINK, TOOLS, full_name
from opsterm.assistant.model.context import cut_sentence, fitted
from opsterm.assistant.model.forms import asked_form, formed, repair_words
from opsterm.assistant.model.talk import ChatAsk, ChatMessage, ChatPiece, ModelReply, Role, Tool, ToolCall
from opsterm.assistant.model.tool_calls import CheckedCall, calls_in_text, check_calls
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, ModelUnavailable, OpstermError
from opsterm.runtime.masking import Masking
from opsterm.runtime.model import Models
from opsterm.runtime.model_state import ModelState
from opsterm.runtime.offload import Run

LONGEST_TEXT = 400_000
"""Characters of an answer, thoughts included, after which it is broken off: a server may not keep to its limit."""

_HELD_LIMIT_S = 1.0


class ModelAnswer:
    """An answer on its way: iterate over its pieces.

    Args:
        pieces: from the server.
        ask: what was sent.
        clock: measures.
        limits_s: seconds to the first piece, and between two.
        left_out: earlier messages that were not sent.
        heard: called for each piece.
        offload: runs work in a thread.
    """

    def __init__(
        self, pieces: AsyncIterator[ChatPiece], ask: ChatAsk, clock: Clock, *, limits_s: tuple[float, float],
        left_out: int, heard: Callable[[], None], offload: Run,
    ) -> None:  # fmt: skip
        self._pieces = pieces
        self._ask = ask
        self._clock = clock
        self._limits_s = limits_s
        self._left_out = left_out
        self._heard = heard
        self._offload = offload
        self._began = clock.monotonic()
        self._scope: asyncio.Timeout | None = None
        self._stopped = False
        self.reply = ModelReply(model=ask.model, context=ask.context)

    def stop(self) -> None:
        """Break it off: the iteration ends at once, the server is told, what came so far stays in `reply`."""
        self._stopped = True
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    def __aiter__(self) -> ModelAnswer:
        return self

    async def __anext__(self) -> ChatPiece:
        """Return the next piece. Raises ModelUnavailable: it broke off, or stood still for too long."""
        if self.reply.end is not None or self._stopped:
            self._note_stop()
            raise StopAsyncIteration
        limit_s = self._limits_s[0 if self.reply.first_s is None else 1]
        try:
            async with asyncio.timeout(limit_s) as self._scope:
                piece = await anext(self._pieces)
        except TimeoutError:
            self._note_stop()
            if self._stopped:
                raise StopAsyncIteration from None
            what = (
                "The model did not begin to answer" if self.reply.first_s is None else "The model's answer stood still"
            )
            raise ModelUnavailable(
                f"{what} for {limit_s:g} s.", next_step="Ask again; model.load_timeout_s and model.quiet_timeout_s are "
                "how long it is waited for."
            ) from None  # fmt: skip
        finally:
            self._scope = None
        self._take(piece)
        if piece.end is not None and self._ask.tools and not self.reply.calls:
            written = await self._offload(lambda: calls_in_text(self.reply.text, self._ask.tools))
            self.reply = replace(self.reply, calls=written)
        return piece

    def _note_stop(self) -> None:
        if self._stopped and self.reply.end is None:
            self.reply = replace(self.reply, stopped=True, total_s=self._clock.monotonic() - self._began)

    def _take(self, piece: ChatPiece) -> None:
        self._heard()
        so_far, now = self.reply, self._clock.monotonic() - self._began
        calls = so_far.calls + piece.calls
        text, thinking = so_far.text + piece.text, so_far.thinking + piece.thinking
        cut = cut_sentence(self._ask, piece.end, left_out=self._left_out) if piece.end else ""
        self.reply = replace(
            so_far, text=text, thinking=thinking, calls=calls, end=piece.end, total_s=now, cut=cut,
            first_s=now if so_far.first_s is None else so_far.first_s,
        )  # fmt: skip
        if len(text) + len(thinking) > LONGEST_TEXT:
            self.reply = replace(self.reply, cut=f"The answer was broken off after {LONGEST_TEXT:,} characters.")
            self._stopped = True

    def note_held(self, tokens: int) -> None:
        """Say in the reply what follows from how many tokens the server really holds."""
        if self.reply.end is not None:
            cut = cut_sentence(self._ask, self.reply.end, left_out=self._left_out, held=tokens)
            self.reply = replace(self.reply, cut=cut)


class ModelTalk:
    """Asks the model: one question at a time, since a server that is asked for two makes both slower."""

    def __init__(self, models: Models, clock: Clock, masking: Masking, offload: Run) -> None:
        self._models = models
        self._offload = offload
        self._clock = clock
        self._masking = masking
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def answer(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[Tool] = (), form: Mapping[str, object] | None = None,
        temperature: float = 0.0, sent: list[ChatAsk] | None = None,
    ) -> AsyncIterator[ModelAnswer]:  # fmt: skip
        """Ask, and give the answer on its way; leaving breaks it off.

        Args:
            messages: the conversation; masked here before it leaves. The oldest are left out where it is too long.
            tools: that the model may ask for; none are offered to one that cannot.
            form: JSON Schema of the answer.
            temperature: 0 for the same answer each time.
            sent: takes in what is sent.

        Raises:
            ModelUnavailable: nobody answers, or the model cannot do this.
        """
        state = await self._models.ready()
        ask, left_out = await self._prepared(state, messages, tools, form, temperature)
        if sent is not None:
            sent.append(ask)
        server, settings = await self._models.server(), self._models.settings
        async with self._turn, aclosing(server.chat(ask)) as pieces:  # type: ignore[type-var]  # a generator
            given = ModelAnswer(
                pieces, ask, self._clock, limits_s=(settings.load_timeout_s, settings.quiet_timeout_s),
                left_out=left_out, heard=self._models.heard, offload=self._offload,
            )  # fmt: skip
            yield given
            if given.reply.end is not None:
                with suppress(OpstermError):
                    loaded = await server.loaded(timeout_s=_HELD_LIMIT_S)
                    name = full_name(ask.model).lower()
                    given.note_held(next((one.context for one in loaded if full_name(one.name).lower() == name), 0))

    async def _prepared(
        self, state: ModelState, messages: Sequence[ChatMessage], tools: Sequence[Tool],
        form: Mapping[str, object] | None, temperature: float,
    ) -> tuple[ChatAsk, int]:  # fmt: skip
        settings, can = self._models.settings, state.capabilities
        texts = await self._masking.mask_all([message.text for message in messages])
        masked = [replace(message, text=text) for message, text in zip(messages, texts, strict=True)]
        return fitted(ChatAsk(
            model=state.model, messages=masked, tools=tools if can is None or TOOLS in can else (), form=form,
            context=settings.context, answer_tokens=settings.answer_tokens, temperature=temperature,
            think=settings.think if can is not None and THINK in can else "", keep_alive_s=settings.keep_alive_s,
        ))  # fmt: skip

    async def whole(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[Tool] = (), form: Mapping[str, object] | None = None,
        sent: list[ChatAsk] | None = None,
    ) -> ModelReply:  # fmt: skip
        """Ask, wait for the whole answer and return it; `sent` takes in what is sent. Raises ModelUnavailable."""
        async with self.answer(messages, tools=tools, form=form, sent=sent) as given:
            async for _ in given:
                pass
        return given.reply

    async def checked(self, calls: Sequence[ToolCall], tools: Sequence[Tool]) -> Sequence[CheckedCall]:
        """Look at the calls of an answer, in a thread; see `check_calls`."""
        return await self._offload(lambda: check_calls(calls, tools))

    async def formed(
        self, messages: Sequence[ChatMessage], schema: Mapping[str, object], *, sent: list[ChatAsk] | None = None
    ) -> tuple[object, ModelReply]:
        """Return an answer that fits a JSON Schema, as a value; a model that misses it is told why, once.

        `sent` takes in what is sent.

        Raises:
            ModelUnavailable: nobody answers, or the second answer does not fit either.
        """
        asked = [*messages, ChatMessage(role=Role.SYSTEM, text=asked_form(schema))]
        reply = await self.whole(asked, form=schema, sent=sent)
        try:
            return await self._offload(lambda: formed(reply.text, schema)), reply
        except BadInput as fault:
            asked += [
                ChatMessage(role=Role.ASSISTANT, text=reply.text[:LONGEST_TEXT]),
                ChatMessage(role=Role.USER, text=repair_words(fault)),
            ]
        second = await self.whole(asked, form=schema, sent=sent)
        try:
            return await self._offload(lambda: formed(second.text, schema)), second
        except BadInput as fault:
            raise ModelUnavailable(
                "The model gave no answer of the form that it was asked for, twice.",
                why=f"{fault.what} {fault.why}",
                next_step="`opsterm model check` says what this model can do.",
            ) from None
