"""One turn of a language model: asked, given what it looks for within limits, held to what it cites, ended in time."""

from __future__ import annotations

import json
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, replace

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, ProposalReference, Source
from opsterm.assistant.artefact import Artefact, SourceTrust
from opsterm.assistant.model.catalogue import TOOLS
from opsterm.assistant.model.choice import without_paste
from opsterm.assistant.model.fence import shortened
from opsterm.assistant.model.grounding import statements
from opsterm.assistant.model.offer import MOST_STEPS, MOST_TOKENS, OFFERED, TURN_S
from opsterm.assistant.model.prompt import given, instructions
from opsterm.assistant.model.talk import ChatMessage, ChatPiece, ModelReply, Role, ToolCall
from opsterm.assistant.model.tool_calls import MOST_CALLS, CheckedCall
from opsterm.assistant.stamp import Rung, Stamp
from opsterm.assistant.turn import PieceSaid, Thought, ToolLooked, TurnEnded, TurnEvent
from opsterm.core.clock import Clock
from opsterm.core.errors import ModelUnavailable, OpstermError, StorageError
from opsterm.core.text import clean_block, clean_line
from opsterm.runtime.model import Models
from opsterm.runtime.model_reader import ModelReader
from opsterm.runtime.model_state import ModelPhase
from opsterm.runtime.model_talk import ModelAnswer, ModelTalk
from opsterm.runtime.model_tools import Desk, ModelTools, fault_told
from opsterm.runtime.shelf import Shelf
from opsterm.runtime.talk_records import TalkRecord, TalkRecords
from opsterm.runtime.turns import OutOfTime, TurnLimit

EXCHANGES = 6
"""Earlier questions and answers that a model is told of."""

EXCHANGE_LIMIT = 2_000
ARGUMENTS_LIMIT = 4_000
"""Characters of a call's arguments that the model is reminded of."""

READ_KEPT = 12
"""Texts of targets of earlier turns against which a proposal is still held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a model is asked.

    Attributes:
        text: what was sent, what was pasted with it included.
        line: how the rules read it, "" for not.
        turn: number of the turn.
        attached: (title, text) of what was put beside it: a file, an alert, a selection.
        began: monotonic seconds when it was asked.
    """

    text: str
    line: str
    turn: int
    attached: Sequence[tuple[str, str]] = ()
    began: float


@dataclass(kw_only=True)
class _Progress:
    """How far a turn is."""

    messages: list[ChatMessage]
    seen: dict[str, str]
    record: TalkRecord
    reply: ModelReply | None = None
    tokens: int = 0
    first_s: float | None = None
    why: str = ""


class ModelTurns:
    """Answers by a model, one turn after the other; what was said and read before counts in the next ones."""

    def __init__(
        self, models: Models, talk: ModelTalk, tools: ModelTools, shelf: Shelf, clock: Clock, *, reader: ModelReader,
        records: TalkRecords,
    ) -> None:  # fmt: skip
        self._models = models
        self._talk = talk
        self._tools = tools
        self._shelf = shelf
        self._clock = clock
        self._reader = reader
        self._records = records
        self.begin()

    def begin(self) -> None:
        """Forget the conversation."""
        self._exchanges: deque[tuple[bool, str, str]] = deque(maxlen=EXCHANGES)
        self._read: deque[Artefact] = deque(maxlen=READ_KEPT)

    async def is_there(self) -> bool:
        """Return whether a model can be asked; looks only where nobody watches, so that no answer waits for that."""
        state = self._models.state
        if state.phase is not ModelPhase.READY and not self._models.watched:
            state = await self._models.look()
        return state.phase is ModelPhase.READY

    async def events(self, asked: Question, limit: TurnLimit) -> AsyncGenerator[TurnEvent, None]:
        """Yield what happens until the model has answered; the last event is an `TurnEnded`. The audit has both ends.

        Raises:
            ModelUnavailable: it did not begin to answer.
        """
        record, why = self._records.begin(self._models.state, asked.text, len(asked.attached)), ""
        try:
            async with aclosing(self._answered(asked, limit, record)) as events:
                async for event in events:
                    record.hear(event)
                    yield event
        except ModelUnavailable as error:
            why = fault_told(error)
            raise
        finally:
            with suppress(StorageError):  # what it proposes is entered with the proposal; that the disk fails is told
                await record.end(why)

    async def _answered(self, asked: Question, limit: TurnLimit, record: TalkRecord) -> AsyncGenerator[TurnEvent, None]:
        """Yield what happens until the model has answered; `record` takes in the requests."""
        limit.begin(TURN_S)
        words, pasted = without_paste(asked.text)
        said = "\n".join([*(text for _, text, _ in self._exchanges), words])
        desk = Desk(turn=asked.turn, context=self._models.settings.context, said=said, read=list(self._read))
        progress = _Progress(messages=[], seen={}, record=record)
        can = self._models.state.capabilities
        offers = can is None or TOOLS in can
        try:
            await limit.within(self._prepare(words, pasted, asked, desk, progress, offers=offers))
            for step in range(1, MOST_STEPS + 1):
                last = step == MOST_STEPS or progress.tokens > MOST_TOKENS or not offers
                async with aclosing(self._step(progress, asked, limit, offers=not last)) as events:
                    async for event in events:
                        yield event
                if progress.reply is None or not progress.reply.calls or last:
                    break
                for call in await limit.within(self._talk.checked(progress.reply.calls, OFFERED)):
                    made = len(desk.proposed)
                    yield await limit.within(self._looked(call, desk, progress))
                    for proposed in desk.proposed[made:]:
                        yield proposed
        except OutOfTime:
            progress.why = "" if limit.stopped else f"It was ended after {TURN_S:.0f} s."
        except ModelUnavailable as error:
            if progress.reply is None or (not progress.reply.text and not desk.proposed):
                raise
            progress.why = f"The model broke off: {fault_told(error)}"
        yield self._ended(asked, words, desk, progress, stopped=limit.stopped, with_tools=offers)

    # ------------------------------------------------------------------------------------------- asking

    async def _prepare(
        self, words: str, pasted: str, asked: Question, desk: Desk, progress: _Progress, *, offers: bool
    ) -> None:  # fmt: skip
        """Put together what the model is told first."""
        texts = [*asked.attached, *([("text that was pasted", pasted)] if pasted else [])]
        taken = [await self._tools.take_in(text, title, desk, "p") for title, text in texts]
        unread = [one.unread for one in taken if one.unread is not None]
        parts = [words]
        if offers:
            parts += [
                (await self._reader.read(one, progress.record.requests)).told(one.tag, one.text.count("\n") + 1)
                for one in unread
            ]
        else:  # it has no tools: nothing that it reads can make it do anything
            cards = await self._tools.cards(f"{words} {pasted}", desk)
            parts += [given([*unread, *cards], secrets.token_hex(8))] if unread or cards else []
        earlier = [
            ChatMessage(role=role, text=shortened(text, EXCHANGE_LIMIT))
            for had_tools, question, answer in self._exchanges if had_tools is offers
            for role, text in ((Role.USER, question), (Role.ASSISTANT, answer))
        ]  # fmt: skip
        progress.messages = [
            instructions(tools=offers, now=self._clock.now()), *earlier,
            ChatMessage(role=Role.USER, text="\n\n".join(parts)),
        ]  # fmt: skip

    async def _step(
        self, progress: _Progress, asked: Question, limit: TurnLimit, *, offers: bool
    ) -> AsyncGenerator[TurnEvent, None]:
        """Yield one answer of the model as it comes; it is in `progress.reply` then, also when it is broken off."""
        async with AsyncExitStack() as stack:
            opening = self._talk.answer(
                progress.messages, tools=OFFERED if offers else (), sent=progress.record.requests
            )
            answer = await limit.within(stack.enter_async_context(opening))
            held = ""
            progress.record.begin()
            try:
                while (piece := await limit.within(_next(answer))) is not None:
                    if progress.first_s is None and (piece.text or piece.thinking):
                        progress.first_s = self._clock.monotonic() - asked.began
                    if piece.thinking:
                        yield Thought(text=clean_block(piece.thinking))
                    held += piece.text
                    if held and not (offers and _may_be_a_call(held)):
                        yield PieceSaid(text=clean_block(held))
                        held = ""
                if held and not answer.reply.calls:
                    yield PieceSaid(text=clean_block(held))
            except OutOfTime:
                answer.stop()
                raise
            finally:
                progress.reply = answer.reply
                if (end := answer.reply.end) is not None:
                    progress.tokens += (end.prompt_tokens or 0) + (end.answer_tokens or 0)
        reply = answer.reply
        progress.reply = reply
        progress.messages.append(ChatMessage(
            role=Role.ASSISTANT, text="" if reply.calls and held else reply.text, thinking=reply.thinking,
            calls=_sent_back(reply.calls),
        ))  # fmt: skip

    async def _looked(self, checked: CheckedCall, desk: Desk, progress: _Progress) -> ToolLooked:
        """Carry out a call and tell the model what came of it."""
        call = checked.call
        words = clean_line(_told(call.arguments), limit=300)
        same, tag, fault = f"{call.name} {call.arguments}", "", checked.fault
        if not fault and same in progress.seen:
            fault = f"You asked for exactly this before{progress.seen[same]}. Answer, or ask for something else."
        text = fault
        if not fault:
            try:
                reply = await self._tools.carry_out(call, desk)
                text, tag = reply.text, reply.tag
                if reply.unread is not None:
                    digest = await self._reader.read(reply.unread, progress.record.requests)
                    text = digest.told(reply.tag, reply.unread.text.count("\n") + 1)
            except ModelUnavailable:
                raise
            except OpstermError as error:
                text = fault = fault_told(error)
            progress.seen[same] = f": see [{tag}]" if tag else ""
        progress.messages.append(ChatMessage(role=Role.TOOL, text=text, call_id=call.id, tool=call.name))
        tool = "" if "There is no tool" in checked.fault else call.name
        return ToolLooked(tool=clean_line(tool, limit=60), words=words, tag=tag, fault=clean_line(fault, limit=300))

    # ------------------------------------------------------------------------------------------- ending

    def _ended(
        self, asked: Question, words: str, desk: Desk, progress: _Progress, *, stopped: bool, with_tools: bool
    ) -> TurnEnded:
        """Return the end of a turn, its sentences held against what they cite."""
        reply = progress.reply or ModelReply(model=self._models.state.model, context=desk.context)
        text = clean_block(reply.text).strip() if not reply.calls or reply.text else ""
        kept = {one.tag: one for one in self._shelf.of(asked.turn)}
        said = statements(text, {tag: one.text for tag, one in kept.items()})
        blocks: list[Block] = [*said]
        if not said:
            blocks.append(
                Paragraph(text="It was stopped before it said anything." if stopped else "The model said nothing.")
            )
        blocks += [Paragraph(text=sentence) for sentence in (progress.why, reply.cut) if sentence]
        blocks += [ProposalReference(change=one.change, summary=one.summary) for one in desk.proposed]
        cited = dict.fromkeys(cite.partition(":")[0] for one in said for cite in one.cites)
        sources = [Source(tag=tag, text=_source(kept[tag])) for tag in cited if tag in kept]
        took = self._clock.monotonic() - asked.began
        stamp = Stamp(
            rung=Rung.MODEL, model=clean_line(reply.model, limit=100), context=reply.context,
            first_s=progress.first_s, total_s=took, cut=reply.cut,
        )  # fmt: skip
        self._exchanges.append((with_tools, words, text))
        self._read.extend(one for one in desk.read if one not in self._read)
        rules = (FollowUp(words="what the rules say", line=asked.line),) if asked.line else ()
        answer = Answer(
            blocks=tuple(blocks), interpretation=asked.line, sources=tuple(sources), stamp=stamp, follow_ups=rules
        )
        return TurnEnded(
            answer=answer, turn=asked.turn, text=text, stopped=stopped, why=progress.why,
            proposals=tuple(desk.proposed),
        )  # fmt: skip


def _source(one: Artefact) -> str:
    return f"{one.title} (printed by a target)" if one.trust is SourceTrust.TARGET else one.title


def _sent_back(calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """Return calls as the model is told of them again: what it lost its way in is left out."""
    return tuple(
        call if len(str(call.arguments)) <= ARGUMENTS_LIMIT else replace(call, arguments={})
        for call in calls[:MOST_CALLS]
    )


def _told(arguments: Mapping[str, object] | str) -> str:
    """Return the arguments of a call as a person reads them: "words=disk full"."""
    if isinstance(arguments, str):
        return arguments
    return " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in arguments.items()
    )


async def _next(answer: ModelAnswer) -> ChatPiece | None:
    return await anext(answer, None)


def _may_be_a_call(text: str) -> bool:
    """Return whether an answer so far could become a call that is written as text: it is not shown yet then."""
    begins = text.lstrip()
    openings = ("{", "```", "<tool_call>", "<function=")
    return any(begins.startswith(one) or one.startswith(begins) for one in openings)
