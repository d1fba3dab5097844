"""One conversation as it goes on: asks, hands on what comes, and keeps each turn, also one that was broken off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from opsterm.assistant.answer import Answer
from opsterm.assistant.artefact import Artefact
from opsterm.assistant.attachments import Attachment, looked_through, pointed_at, spoken
from opsterm.assistant.conversation import Conversation, KeptTurn, TurnState
from opsterm.assistant.turn import PieceSaid, Thought, ToolLooked, TurnEnded, TurnEvent, looked_line
from opsterm.core.clock import Clock
from opsterm.core.errors import NotFound, OpstermError, StorageError
from opsterm.runtime.conversations import Conversations
from opsterm.runtime.ports_answers import Answering, AnswerOnItsWay

KEEP_EVERY_S = 2.0
"""Seconds after which what came of an answer is kept while it is still coming."""


class Dialogue:
    """One conversation of one face.

    Attributes:
        conversation: which one goes on; None before its first question.
        turn: the one that is being answered, or that was last; None before the first.
        trouble: why the last turn was not kept, "" when it was.
        runs: whether a question is being answered.

    Args:
        answering: loads who answers.
        conversations: where turns are kept.
        clock: when something is asked.
    """

    def __init__(
        self, answering: Callable[[], Awaitable[Answering]], conversations: Conversations, clock: Clock
    ) -> None:
        self.conversation: Conversation | None = None
        self.turn: KeptTurn | None = None
        self.trouble = ""
        self.runs = False
        self._answering = answering
        self._conversations = conversations
        self._clock = clock
        self._on_its_way: AnswerOnItsWay | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._stopped = False
        self._forgets = False

    async def resume(self, number: int = 0) -> Sequence[KeptTurn]:
        """Go on with a conversation, or (0) the newest; return its turns, none when there is none. Raises NotFound."""
        try:
            conversation = await self._conversations.get(number)
        except NotFound:
            if number:
                raise
            return ()
        self.begin()
        self.conversation = conversation
        return await self._conversations.turns(conversation.number)

    def begin(self) -> None:
        """Begin another conversation; it is kept with its first question."""
        self._forgets = True
        self.conversation = self.turn = None

    async def ask(self, text: str, attached: Sequence[Attachment] = ()) -> AsyncIterator[TurnEvent]:
        """Ask, and yield what comes; `turn` has all of it, and after the last event its end.

        The turn is kept when it is asked, while it comes, and at its end. What is masked is what is kept, never what is
        answered. What goes wrong is told in `turn`.
        """
        self.turn = KeptTurn(question=text, at=self._clock.now(), attached=tuple(attached))
        self.trouble, self._stopped, self.runs = "", False, True
        kept_at = self._clock.monotonic()
        try:
            self._begin_keeping()  # beside the request, which does not wait for the disk; its first word does
            asking: asyncio.Task[None] | None = self._keeping
            answering = await self._answering()
            if self._forgets:
                answering.begin()
                self._forgets = False
            self._on_its_way = answering.converse(
                spoken(text, attached), attached=[(one.label, one.text) for one in looked_through(attached)],
                there=pointed_at(attached),
            )  # fmt: skip
            if self._stopped:
                self._on_its_way.stop()
            async with aclosing(self._on_its_way):
                async for event in self._on_its_way:
                    if asking is not None:
                        await asking
                        asking = None
                    self._take(event)
                    if isinstance(event, TurnEnded):
                        await self._keep_whole()
                    elif self._clock.monotonic() - kept_at >= KEEP_EVERY_S and not self._is_keeping:
                        kept_at = self._clock.monotonic()
                        self._begin_keeping()
                    yield event
        except OpstermError as error:
            self.turn = replace(self.turn, state=TurnState.FAILED, fault=str(error))
            await self._keep_whole()
        finally:
            self._on_its_way, self.runs = None, False

    def stop(self) -> bool:
        """Break the answer off; what came stays. False when nothing is being answered, or that was said before."""
        again, self._stopped = self._stopped, True
        if self._on_its_way is not None and not again:
            self._on_its_way.stop()
        return self.runs and not again

    async def artefact(self, turn: int, tag: str) -> Artefact:
        """Return what a citation stands for; `turn` is the number that its `TurnEnded` told. Raises NotFound."""
        return await (await self._answering()).artefact(turn, tag)

    def _take(self, event: TurnEvent) -> None:
        turn = self.turn
        assert turn is not None  # noqa: S101 (narrowing: it is made before anything comes)
        if isinstance(event, Thought):
            turn = replace(turn, thinking=turn.thinking + event.text)
        elif isinstance(event, PieceSaid):
            turn = replace(turn, text=turn.text + event.text)
        elif isinstance(event, ToolLooked):  # what was said before it is no part of the answer
            said = f"{turn.text.strip()}\n" if turn.text.strip() else ""
            turn = replace(turn, looked=(*turn.looked, looked_line(event)), thinking=turn.thinking + said, text="")
        elif isinstance(event, TurnEnded):
            whole = TurnState.PARTIAL if event.stopped else TurnState.DONE
            turn = replace(turn, state=whole, answer=_told(event.answer), text=event.text, fault=event.why)
        self.turn = turn

    def _begin_keeping(self) -> None:
        self._keeping = asyncio.get_running_loop().create_task(self._keep())

    @property
    def _is_keeping(self) -> bool:
        return self._keeping is not None and not self._keeping.done()

    async def _keep_whole(self) -> None:
        """Keep the turn as it is now, behind what is being kept of it."""
        if self._keeping is not None:
            await self._keeping
            self._keeping = None
        await self._keep()
        self.runs = False

    async def _keep(self) -> None:
        turn, of = self.turn, self.conversation
        assert turn is not None  # noqa: S101 (narrowing)
        turn = replace(turn, conversation=of.number if of else 0)
        try:
            kept = await self._conversations.keep(turn)
            self.turn = replace(self.turn or turn, number=kept.number, conversation=kept.conversation)
            if kept.conversation and (of is None or of.number != kept.conversation):
                self.conversation = await self._conversations.get(kept.conversation)
        except StorageError as error:
            self.trouble = str(error)


def _told(answer: Answer) -> Answer | None:
    return answer if answer.blocks or answer.stamp else None
