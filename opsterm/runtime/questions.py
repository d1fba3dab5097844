"""Asks targets by commands that are known to only read, many of them in one session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.monitoring.sections import sections_of
from opsterm.policy.approval import require_writable
from opsterm.policy.preview.command import (
    MOST_COMMANDS,
    PreviewCommand,
    PreviewScript,
    refusal_of_preview,
    section_names,
)
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports import Connector
from opsterm.runtime.remote_look import preview_on

LIMIT_S = 60.0
"""Seconds for the commands of one session."""


class Questions:
    """Asks targets.

    Args:
        connector: opens sessions.
        parallel: targets that are asked at the same time.
        read_only: the setting changes.read_only: nobody is logged in to.
    """

    def __init__(
        self, inventory: Inventory, clock: Clock, connector: Callable[[], Awaitable[Connector]], *, parallel: int,
        read_only: bool,
    ) -> None:  # fmt: skip
        self._inventory = inventory
        self._clock = clock
        self._connector = connector
        self._turns = asyncio.Semaphore(parallel)
        self._read_only = read_only

    async def ask(self, name: str, commands: Sequence[tuple[str, ...]], *, become: str) -> list[str]:
        """Return what each command printed on a target, in their order.

        Args:
            name: of the target.
            commands: their words.
            become: the account that sudo becomes there, "" for the one that logs in.

        Raises:
            BadInput: one is not known to only read, as for a name with a newline in it.
            NotFound: there is no such target.
            Refused: read-only mode.
            OpstermError: as `remote_look.preview_on`.
        """
        require_writable(read_only=self._read_only, what="asked of targets")
        if refusal := next(filter(None, map(refusal_of_preview, commands)), ""):
            raise BadInput("It cannot be asked for by its name.", why=refusal)
        target = self._inventory.target(name)
        if target is None:
            raise NotFound(f"{name} is not among the targets.")
        told: list[str] = []
        async with self._turns:
            for at in range(0, len(commands), MOST_COMMANDS):
                some = tuple(PreviewCommand(words=words) for words in commands[at : at + MOST_COMMANDS])
                script = PreviewScript(commands=some, become=become)
                looked = await preview_on(
                    await self._connector(), self._inventory.order_target(target), script, limit_s=LIMIT_S,
                    clock=self._clock,
                )  # fmt: skip
                lines = sections_of(looked.text).lines
                told += ["\n".join(lines.get(section_names(number)[0], ())) for number in range(len(some))]
        return told
