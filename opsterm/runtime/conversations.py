"""Use-cases of conversations: keep them without secrets, find them again, export them, forget them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from opsterm.assistant.answer import Answer, Json
from opsterm.assistant.attachments import Attachment, AttachmentKind
from opsterm.assistant.conversation import (
    TITLE_LIMIT,
    Conversation,
    FoundTurn,
    KeptTurn,
    conversation_markdown,
    title_of,
    turn_of,
    turn_record,
)
from opsterm.core.chat_settings import ChatSettings
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.text import clean_line
from opsterm.runtime.collections import Collections
from opsterm.runtime.edges import Files
from opsterm.runtime.masking import Masking
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_conversations import ConversationStore

TURNS_SHOWN = 100
"""Turns of a conversation that a face shows; the older ones are in an export."""

DAY_S = 86_400.0


class Conversations:
    """The conversations of the operator who sits here; those of other accounts are not seen.

    Args:
        store: returns where they are.
        masking: takes secrets out before anything is kept.
        settings: for how long.
        files: writes an export.
        collections: where questions are found again by what they mean.
    """

    def __init__(
        self, store: Callable[[], ConversationStore], clock: Clock, masking: Masking, *, operator: Operator,
        settings: ChatSettings, files: Files, offload: Offload, collections: Callable[[], Collections],
    ) -> None:  # fmt: skip
        self._store = store
        self._clock = clock
        self._masking = masking
        self._operator = operator
        self._settings = settings
        self._files = files
        self._offload = offload
        self._collections = collections

    @property
    def kept(self) -> bool:
        """Whether anything is kept at all."""
        return self._settings.keep_d > 0

    @property
    def attach_limit(self) -> int:
        """Characters of one attached text that go with a question."""
        return self._settings.attach_kb * 1000

    # ------------------------------------------------------------------ looking

    async def list(self) -> Sequence[Conversation]:
        """Return them, the newest first; those whose time is over are forgotten first."""
        await self._tidy()
        return await self._store().all(self._operator.name)

    async def get(self, number: int = 0) -> Conversation:
        """Return one, or (0) the newest. Raises NotFound."""
        found = await self._store().get(self._operator.name, number) if number else next(iter(await self.list()), None)
        if found is None:
            raise _unknown(number) if number else NotFound("There is no conversation yet.", next_step="Ask something.")
        return found

    async def turns(self, number: int, *, limit: int = TURNS_SHOWN) -> Sequence[KeptTurn]:
        """Return the newest turns of one, oldest first; none when there is no such conversation."""
        return await self._store().turns(self._operator.name, number, limit=limit)

    async def search(self, text: str, *, limit: int = 50) -> Sequence[FoundTurn]:
        """Return turns of any conversation in whose question or answer all words are, newest first.

        Raises BadInput for no words.
        """
        words = text.split()[:20]
        if not words:
            raise BadInput("There is no word to search for.")
        await self._tidy()
        return await self._store().search(self._operator.name, words, limit=limit)

    async def markdown(self, number: int) -> str:
        """Return one as Markdown. Raises NotFound."""
        conversation = await self.get(number)
        return conversation_markdown(conversation, await self.turns(conversation.number, limit=100_000))

    async def export(self, number: int, place: str = "") -> Path:
        """Write one as Markdown to a file that is not there yet; return its path.

        Args:
            number: of the conversation.
            place: the file, "" for one in the operator's home.

        Raises:
            NotFound: there is no such conversation.
            BadInput: there is such a file, or it cannot be written.
        """
        text = await self.markdown(number)
        home = self._operator.home
        path = home / (place.removeprefix("~/") or f"conversation-{number}.md")  # an absolute one stays as it is
        await self._offload.run("files", lambda: self._files.write_new(path, text.encode()))
        return path

    async def attachment(self, place: str) -> Attachment:
        """Return the beginning of a file of this machine, to go with a question. Raises BadInput: it cannot be read."""
        path = self._operator.home / place.removeprefix("~/")  # an absolute one stays as it is
        limit = self.attach_limit
        text, size = await self._offload.run("files", lambda: self._files.read_part(path, limit))
        return Attachment(kind=AttachmentKind.FILE, name=str(path), text=text, cut=max(0, size - limit))

    # ------------------------------------------------------------------ writing

    async def keep(self, turn: KeptTurn) -> KeptTurn:
        """Keep a turn, masked, in the place of the one with its number; return it as it was, with its numbers.

        Raises StorageError; the caller goes on without it.
        """
        if not self.kept:
            return turn
        masked = await self.masked(turn)
        return await self._store().put(self._operator.name, masked, title_of(masked.question))

    async def masked(self, turn: KeptTurn) -> KeptTurn:
        """Return a turn without secrets: in the question, in what went with it, and in every part of the answer."""
        record = turn_record(turn)
        texts = sorted({text for text in _texts(record) if text.strip()})
        masked = dict(zip(texts, await self._masking.mask_all(texts), strict=True))
        clean = json.loads(json.dumps(_exchanged(record, masked)))
        return turn_of(clean, number=turn.number, conversation=turn.conversation, at=turn.at)

    async def keep_question(self, question: str, answer: Answer | None, at: float | None = None) -> None:
        """Put a question among this operator's interactions, masked, as asked now or at a time. Raises StorageError."""
        if self.kept and question.strip():
            read = answer.interpretation if answer else ""
            taken_for = read.partition(" ")[0] or "nothing"  # a word of ours: what follows it is the operator's
            await self._collections().keep_question(question, taken_for=taken_for, at=at)

    async def rename(self, number: int, title: str) -> None:
        """Give one another title. Raises NotFound, BadInput for an empty one."""
        masked = (await self._masking.mask_all([clean_line(" ".join(title.split()))]))[0]
        if not masked:
            raise BadInput("A title needs a word.")
        if len(masked) > TITLE_LIMIT:
            raise BadInput(f"A title has at most {TITLE_LIMIT} characters.")
        if not await self._store().rename(self._operator.name, number, masked):
            raise _unknown(number)

    async def remove(self, number: int) -> int:
        """Forget one; return how many turns it had. Raises NotFound."""
        asked = [turn.at for turn in await self.turns(number, limit=100_000)]
        turns = await self._store().remove(self._operator.name, number)
        if turns is None:
            raise _unknown(number)
        await self._collections().forget_questions(asked)
        return turns

    async def _tidy(self) -> None:
        await self._store().tidy(self._clock.now() - self._settings.keep_d * DAY_S)


def _unknown(number: int) -> NotFound:
    return NotFound(f"There is no conversation {number}.", next_step="`opsterm chat list` shows those there are.")


def _texts(value: Json) -> Sequence[str]:
    """Return every text of a record, keys left out."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _texts(one)]


def _exchanged(value: Json, texts: Mapping[str, str]) -> Json:
    """Return a record with other texts in the place of its own."""
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, Mapping):
        return {key: _exchanged(one, texts) for key, one in value.items()}
    return [_exchanged(one, texts) for one in value] if isinstance(value, list) else value
