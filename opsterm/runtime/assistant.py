"""Use-case of the chat: read a sentence, fetch what it asks for, answer. It can propose, and nothing more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from opsterm.assistant.alert_order import AlertOrder
from opsterm.assistant.answer import Answer, Paragraph
from opsterm.assistant.answers_talk import answer_error, answer_held, answer_not_understood, with_notes
from opsterm.assistant.artefact import Artefact
from opsterm.assistant.attachments import with_known
from opsterm.assistant.denotation import NOTHING
from opsterm.assistant.errands import Errand
from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.intents.model import IntentModel
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpret import interpret
from opsterm.assistant.interpretation import Interpretation, Memory
from opsterm.assistant.model.choice import is_for_model
from opsterm.assistant.queries import ApiRequest, DiscoverRequest, InventoryQuestion, KnowledgeQuestion, RunRequest
from opsterm.assistant.reply import Reply, question_of
from opsterm.assistant.stamp import Rung, Stamp
from opsterm.assistant.turn import TurnEnded, TurnEvent
from opsterm.assistant.world import Vocabulary, World, vocabulary
from opsterm.core.clock import Clock
from opsterm.core.errors import Bug, ModelUnavailable, OpstermError
from opsterm.runtime.model_turns import ModelTurns, Question
from opsterm.runtime.query_answers import QueryAnswers
from opsterm.runtime.shelf import Shelf
from opsterm.runtime.turns import ModelTurn, TurnLimit

CONTEXT_LIMIT = 10
LOOKED_UP_LIMIT = 2000
"""Characters of an attached text that are looked up."""


class Assistant:
    """One conversation. What is asked is read against live state; what was asked before is remembered for a while."""

    def __init__(
        self, clock: Clock, answers: QueryAnswers, shelf: Shelf, *, open_model: Callable[[], Awaitable[IntentModel]],
        turns: ModelTurns,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._answers = answers
        self._shelf = shelf
        self._turns = turns
        self._open_model = open_model
        self._model: IntentModel | None = None
        self._memory = Memory()
        self._kept: tuple[World, Vocabulary] | None = None

    def converse(
        self, text: str, *, origin: str = "chat", offline: bool = False, attached: Sequence[tuple[str, str]] = (),
        there: str = "",
    ) -> ModelTurn:  # fmt: skip
        """Begin to answer a sentence, or to record the proposal it asks for; iterate over what is returned.

        Args:
            text: the operator's words.
            origin: "chat" or "command line": where a proposal is said to come from.
            offline: whether no language model is asked.
            attached: (title, text) of what was put beside it: a file, an alert, a selection. A model alone reads it;
                rules look it up, and take nothing in it for a wish.
            there: selector of the targets that "them" and "there" are, "" for those that were spoken of last.
        """
        limit = TurnLimit()
        return ModelTurn(self._events(text, origin, attached, there, limit, offline=offline), limit)

    async def _events(
        self, text: str, origin: str, attached: Sequence[tuple[str, str]], there: str, limit: TurnLimit, *,
        offline: bool,
    ) -> AsyncGenerator[TurnEvent, None]:  # fmt: skip
        began, now = self._clock.monotonic(), self._clock.now()
        confirmed = await self._confirmed("" if attached else text)  # a yes beside a text is for who reads that
        if confirmed is not None:
            took = self._clock.monotonic() - began
            stamp = Stamp(rung=Rung.RULES, first_s=took, total_s=took)
            yield TurnEnded(answer=replace(confirmed, stamp=stamp), turn=self._shelf.begin())
            return
        if there:
            pointed = Interpretation(intent=Intent.INVENTORY, query=InventoryQuestion(selector=there))
            self._memory = self._memory.after(pointed, now)
        read = interpret(text, await self._answers.world(now, await self._intents()), self._memory)
        self._memory = self._memory.after(read, now)
        asked = Question(text=text, line=read.line, turn=self._shelf.begin(), attached=attached, began=began)
        async with aclosing(self._turn(asked, read, now, origin, limit, offline=offline)) as events:
            async for event in events:
                yield event

    async def _turn(
        self, asked: Question, read: Interpretation, now: float, origin: str, limit: TurnLimit, *, offline: bool
    ) -> AsyncGenerator[TurnEvent, None]:
        """Yield what happens: a model's turn where it is one for it, and it is there, else the answer of rules."""
        unavailable = ""
        if not offline and is_for_model(read, attached=bool(asked.attached)) and await self._turns.is_there():
            try:
                async with aclosing(self._turns.events(asked, limit)) as events:
                    async for event in events:
                        yield event
            except ModelUnavailable as error:
                unavailable = f"The model did not answer, so this is from rules. {error.what}"
            else:
                return
        answer = await self._answered(read, now, origin) if asked.text or not asked.attached else None
        for title, text in asked.attached:
            words = KnowledgeQuestion(words=" ".join(text.split())[:LOOKED_UP_LIMIT])
            answer = with_known(answer, title, await self._answers.answer(words, now, origin))
        if answer is None:
            raise Bug("a turn had no answer")
        if unavailable:
            answer = replace(answer, blocks=(*answer.blocks, Paragraph(text=unavailable)))
        self._shelf.take(asked.turn, answer)
        yield TurnEnded(answer=self._stamped(answer, read, asked.began), turn=asked.turn)

    def _stamped(self, answer: Answer, read: Interpretation, began: float) -> Answer:
        looked_up = isinstance(read.query, KnowledgeQuestion | Errand) and bool(answer.sources)
        took = self._clock.monotonic() - began
        rung = Rung.RETRIEVAL if looked_up else Rung.RULES
        return replace(answer, stamp=Stamp(rung=rung, first_s=took, total_s=took))

    def begin(self) -> None:
        """Begin a new conversation: nothing that is said next refers to what was said before, a yes neither."""
        self._memory = Memory()
        self._answers.drop_waiting()
        self._turns.begin()

    async def artefact(self, turn: int, tag: str) -> Artefact:
        """Return what a citation of an answer stands for. Raises NotFound: it is kept no longer."""
        return await self._shelf.get(turn, tag)

    async def ask(self, text: str, *, origin: str) -> Answer:
        """Return the answer to a sentence by rules alone; arguments as of `converse`."""
        return (await _end_of(self.converse(text, origin=origin, offline=True))).answer

    async def reply(
        self, text: str, *, context: Sequence[str] = (), now: float | None = None, origin: str = "",
        offline: bool = True,
    ) -> Reply:  # fmt: skip
        """Answer a sentence for a script; the conversation of the chat is left alone.

        Args:
            text: the sentence.
            context: what was said before it, oldest first; the last CONTEXT_LIMIT count.
            now: epoch seconds; the clock's when None. The same one again costs no new look at the state.
            origin: where a proposal is said to come from; "" records nothing and carries nothing out.
            offline: whether no language model is asked.
        """
        at = self._clock.now() if now is None else now
        if self._kept is None or self._kept[0].now != at:
            world = await self._answers.world(at, await self._intents())
            self._kept = (world, vocabulary(world))
        world, words = self._kept
        memory = Memory()
        for earlier in context[-CONTEXT_LIMIT:]:
            memory = memory.after(interpret(earlier, world, memory, words=words), at)
        read = interpret(text, world, memory, words=words)
        acts = isinstance(read.query, RunRequest | FixRequest | DiscoverRequest | ApiRequest | AlertOrder)
        asked = Question(text=text, line=read.line, turn=self._shelf.begin(), began=self._clock.monotonic())
        if acts and not origin:
            ended = TurnEnded(answer=self._stamped(answer_held(read), read, asked.began), turn=asked.turn)
        else:
            ended = await _end_of(self._turn(asked, read, at, origin, TurnLimit(), offline=offline))
        answer = ended.answer
        meant = NOTHING if read.query is None else await self._answers.denotation(read.query, text, at)
        made = self._answers.proposal_for(read.query, answer.change_id)
        if made is None and ended.proposals:
            made = await self._answers.proposal_of(ended.proposals[0])
        return Reply(
            intent=read.intent, interpretation=read.line, denotation=meant, question=question_of(read, answer),
            answer=answer, proposal=made, utc_offset_s=world.utc_offset_s,
        )  # fmt: skip

    async def _confirmed(self, text: str) -> Answer | None:
        try:
            return await self._answers.confirmed(text)
        except OpstermError as error:
            return answer_error(text, error)

    async def _answered(self, read: Interpretation, now: float, origin: str) -> Answer:
        if read.query is None:
            return answer_not_understood(read)
        try:
            answer = await self._answers.answer(read.query, now, origin)
        except OpstermError as error:
            return answer_error(read.line, error)
        return with_notes(answer, read)

    async def _intents(self) -> IntentModel:
        if self._model is None:
            self._model = await self._open_model()
        return self._model


async def _end_of(turn: AsyncIterable[TurnEvent]) -> TurnEnded:
    """Return the end of a turn."""
    ended = None
    async for event in turn:
        if isinstance(event, TurnEnded):
            ended = event
    if ended is None:
        raise Bug("a turn had no end")
    return ended
