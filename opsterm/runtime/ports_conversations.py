"""What keeps conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsterm.assistant.conversation import Conversation, FoundTurn, KeptTurn


class ConversationStore(Protocol):
    """The conversations of accounts; each method is about those of one account, and sees no other's."""

    async def all(self, actor: str) -> Sequence[Conversation]:
        """Return them, the newest first."""
        ...

    async def get(self, actor: str, number: int) -> Conversation | None:
        """Return one."""
        ...

    async def turns(self, actor: str, number: int, *, limit: int) -> Sequence[KeptTurn]:
        """Return the newest turns of one, oldest first; what another version wrote in its own way is left out."""
        ...

    async def put(self, actor: str, turn: KeptTurn, title: str) -> KeptTurn:
        """Keep a turn, in the place of the one with its number; return it with its numbers.

        Args:
            actor: whose it is.
            turn: masked. Without a conversation it begins one; where that was removed meanwhile, as well.
            title: of the conversation that it begins.
        """
        ...

    async def rename(self, actor: str, number: int, title: str) -> bool:
        """Give one another title; False when there is none."""
        ...

    async def remove(self, actor: str, number: int) -> int | None:
        """Forget one and its turns; return how many these were, None when there is none."""
        ...

    async def search(self, actor: str, words: Sequence[str], *, limit: int) -> Sequence[FoundTurn]:
        """Return the turns in whose question or answer all words are, newest first."""
        ...

    async def tidy(self, before: float) -> int:
        """Forget the conversations of every account in which nothing was asked since; return how many."""
        ...
