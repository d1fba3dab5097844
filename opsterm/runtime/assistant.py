"""Use-case of the chat: read a sentence, fetch what it asks for, answer. It can propose, and nothing more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace

from opsterm.assistant.answer import Answer
from opsterm.assistant.answers_talk import answer_error, answer_held, answer_not_understood, with_notes
from opsterm.assistant.artefact import Artefact
from opsterm.assistant.denotation import NOTHING
from opsterm.assistant.errands import Errand
from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.intents.model import IntentModel
from opsterm.assistant.interpret import interpret
from opsterm.assistant.interpretation import Interpretation, Memory
from opsterm.assistant.queries import ApiRequest, DiscoverRequest, KnowledgeQuestion, RunRequest
from opsterm.assistant.reply import Reply, proposed, question_of
from opsterm.assistant.stamp import Rung, Stamp
from opsterm.assistant.turn import Ended, TurnEvent
from opsterm.assistant.world import Vocabulary, World, vocabulary
from opsterm.core.clock import Clock
from opsterm.core.errors import Bug, OpstermError
from opsterm.runtime.query_answers import QueryAnswers
from opsterm.runtime.shelf import Shelf
from opsterm.runtime.turns import Turn, TurnLimit

CONTEXT_LIMIT = 10


class Assistant:
    """One conversation. What is asked is read against live state; what was asked before is remembered for a while."""

    def __init__(
        self, clock: Clock, answers: QueryAnswers, shelf: Shelf, *, open_model: Callable[[], Awaitable[IntentModel]]
    ) -> None:  # fmt: skip
        self._clock = clock
        self._answers = answers
        self._shelf = shelf
        self._open_model = open_model
        self._model: IntentModel | None = None
        self._memory = Memory()
        self._kept: tuple[World, Vocabulary] | None = None

    def converse(self, text: str, *, origin: str = "chat", offline: bool = False) -> Turn:
        """Begin to answer a sentence, or to record the proposal it asks for; iterate over what is returned.

        Args:
            text: the operator's words.
            origin: "chat" or "command line": where a proposal is said to come from.
            offline: whether no language model is asked.
        """
        limit = TurnLimit()
        return Turn(self._events(text, origin), limit)

    async def _events(self, text: str, origin: str) -> AsyncGenerator[TurnEvent, None]:
        began, now = self._clock.monotonic(), self._clock.now()
        number = self._shelf.begin()
        read = interpret(text, await self._answers.world(now, await self._intents()), self._memory)
        self._memory = self._memory.after(read, now)
        answer = await self._answered(read, now, origin)
        self._shelf.take(number, answer)
        yield Ended(answer=self._stamped(answer, read, began), turn=number)

    def _stamped(self, answer: Answer, read: Interpretation, began: float) -> Answer:
        looked_up = isinstance(read.query, KnowledgeQuestion | Errand) and bool(answer.sources)
        took = self._clock.monotonic() - began
        rung = Rung.RETRIEVAL if looked_up else Rung.RULES
        return replace(answer, stamp=Stamp(rung=rung, first_s=took, total_s=took))

    def begin(self) -> None:
        """Begin a new conversation: nothing that is said next refers to what was said before."""
        self._memory = Memory()

    async def artefact(self, turn: int, tag: str) -> Artefact:
        """Return what a citation of an answer stands for. Raises NotFound: it is kept no longer."""
        return await self._shelf.get(turn, tag)

    async def ask(self, text: str, *, origin: str) -> Answer:
        """Return the answer to a sentence by rules alone; arguments as of `converse`."""
        async for event in self.converse(text, origin=origin, offline=True):
            if isinstance(event, Ended):
                return event.answer
        raise Bug("a turn had no end")

    async def reply(
        self, text: str, *, context: Sequence[str] = (), now: float | None = None, origin: str = ""
    ) -> Reply:
        """Answer a sentence for a script; the conversation of the chat is left alone.

        Args:
            text: the sentence.
            context: what was said before it, oldest first; the last CONTEXT_LIMIT count.
            now: epoch seconds; the clock's when None. The same one again costs no new look at the state.
            origin: where a proposal is said to come from; "" records nothing and carries nothing out.
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
        acts = isinstance(read.query, RunRequest | FixRequest | DiscoverRequest | ApiRequest)
        held = acts and not origin
        answer = answer_held(read) if held else await self._answered(read, at, origin)
        meant = NOTHING if read.query is None else await self._answers.denotation(read.query, text, at)
        return Reply(
            intent=read.intent, interpretation=read.line, denotation=meant, question=question_of(read, answer),
            answer=answer, proposal=proposed(read.query, world.rows, answer.change_id),
            utc_offset_s=world.utc_offset_s,
        )  # fmt: skip

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
