"""What keeps the commands that suggestions are made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from opsterm.core.events import Fact
from opsterm.knowledge.command_use import CommandUse


class CommandUseStore(Protocol):
    """Commands that were run."""

    async def not_taken(self, limit: int) -> Sequence[tuple[CommandUse, Sequence[str]]]:
        """Return what ended changes ran that is not kept yet, secrets and all, with its targets; the oldest first."""
        ...

    async def keep(self, uses: Sequence[CommandUse]) -> None:
        """Keep uses; one of a change that is kept already is left out."""
        ...

    async def since(self, number: int, actor: str) -> Sequence[CommandUse]:
        """Return the uses of an account with a greater id, by id; what was forgotten is not among them."""
        ...

    async def newest(self) -> tuple[int, int]:
        """Return (greatest id, number of those that were forgotten): both tell whether something is new."""
        ...

    async def forget(self, actor: str, command: str, facts: Callable[[int], Sequence[Fact]]) -> Sequence[Fact]:
        """Forget an account's uses of a command, "" for all; `facts` gets their number; return the facts."""
        ...
