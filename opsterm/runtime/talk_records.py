"""Keeps of the talk with a model what the audit needs: of whom what was asked, and what came of it. No texts."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Sequence

from opsterm.assistant.model.talk import ChatAsk, asked_sha256
from opsterm.assistant.stamp import Rung
from opsterm.assistant.turn import Proposed, ToolLooked, TurnEnded, TurnEvent
from opsterm.core.clock import Clock
from opsterm.core.text import clean_line
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.masking import Masking
from opsterm.runtime.model_state import ModelState
from opsterm.runtime.talk_events import ModelAnswered, ModelAsked

MOST_LOOKS = 30
"""Looks of one answer that are told one by one."""


class TalkRecord:
    """One question to a model: put together while it is answered.

    Attributes:
        requests: what was sent to the server for it, in order.
    """

    def __init__(
        self, ledger: Ledger, masking: Masking, clock: Clock, *, state: ModelState, text: str, attached: int
    ) -> None:  # fmt: skip
        self.requests: list[ChatAsk] = []
        self._text = text
        self._attached = attached
        self._entering: asyncio.Task[None] | None = None
        self._ledger = ledger
        self._masking = masking
        self._clock = clock
        self._state = state
        self._began = clock.monotonic()
        self._talk = f"q{secrets.token_hex(4)}"
        self._looks: list[str] = []
        self._proposals: list[int] = []
        self._ended: TurnEnded | None = None

    def hear(self, event: TurnEvent) -> None:
        """Take in what happened."""
        if isinstance(event, ToolLooked):
            came = f"not given: {event.fault}" if event.fault else f"given [{event.tag}]" if event.tag else "given"
            self._looks.append(f"{event.tool or 'no tool'} {event.words}: {came}")
        elif isinstance(event, Proposed):
            self._proposals.append(event.change)
        elif isinstance(event, TurnEnded):
            self._ended = event

    def begin(self) -> None:
        """Begin to enter the question, beside the request that is on its way: no first word waits for the disk."""
        if self._entering is None:
            self._entering = asyncio.get_running_loop().create_task(self._keep_question())

    async def end(self, why: str = "") -> None:
        """Enter what came of it, and the question if that is not done. Raises StorageError.

        Args:
            why: it has no end, when it has none.
        """
        self.begin()
        if self._entering is not None:
            await self._entering
        await self._keep_answer(why)

    async def _keep_question(self) -> None:
        masked, server = await self._masking.mask_all([self._text, self._state.server])
        await self._ledger.record(self._ledger.fact(
            ModelAsked(
                talk=self._talk, model=clean_line(self._state.model, limit=100), digest=self._state.digest,
                server=server, rung=Rung.MODEL.value, question_sha256=_sha256(masked), question_chars=len(masked),
                attached=self._attached, reached=bool(self.requests),
            ),
            correlation_id=self._talk,
        ))  # fmt: skip

    async def _keep_answer(self, why: str) -> None:
        ended = self._ended
        said = ended.text if ended else ""
        end = why or ("broken off" if ended is None else ended.why or ("stopped" if ended.stopped else "whole"))
        looks = self._looks[:MOST_LOOKS]
        said, end, *looks = await self._masking.mask_all([said, end, *looks])
        await self._ledger.record(self._ledger.fact(
            ModelAnswered(
                talk=self._talk, model=clean_line(self._state.model, limit=100), requests=len(self.requests),
                prompt_sha256=asked_sha256(self.requests), prompt_chars=_chars(self.requests),
                answer_sha256=_sha256(said), answer_chars=len(said), looks=tuple(looks),
                more_looks=len(self._looks) - len(looks), proposals=tuple(self._proposals),
                end=clean_line(end, limit=300), took_s=round(self._clock.monotonic() - self._began, 3),
            ),
            by="model", correlation_id=self._talk,
        ))  # fmt: skip


class TalkRecords:
    """Begins records."""

    def __init__(self, ledger: Ledger, masking: Masking, clock: Clock) -> None:
        self._ledger = ledger
        self._masking = masking
        self._clock = clock

    def begin(self, state: ModelState, text: str, attached: int) -> TalkRecord:
        """Return the record of a question to the model that is there now, with so many texts beside it."""
        return TalkRecord(self._ledger, self._masking, self._clock, state=state, text=text, attached=attached)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _chars(requests: Sequence[ChatAsk]) -> int:
    return sum(len(message.text) for ask in requests for message in ask.messages)
