"""Open SSH connections, shared: several commands, shells and carried connections use one, until nobody does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opsterm.adapters.ssh_destination import Destination
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.ssh_route import Asked

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

IDLE_S = 30.0
"""Seconds an unused connection stays open: the next command of the same change finds it."""
CLOSE_LIMIT_S = 2.0


@dataclass(slots=True, eq=False)
class SshLine:
    """One open connection and who uses it.

    Attributes:
        asked: where it goes: its key.
        connection: the library's.
        destination: what it was made from.
        through: the line to the jump host that carries it, held as long as this one lives.
        users: sessions, shells and carried lines that use it.
        idle: closes it when nobody has used it for a while.
    """

    asked: Asked
    connection: SSHClientConnection
    destination: Destination
    through: SshLine | None
    users: int = 0
    idle: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class _Gate:
    """Lets one connection to a place be opened at a time; those who wait then share it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class SharedLines:
    """The open lines of this process."""

    def __init__(self, open_line: Callable[[Asked, str], Awaitable[SshLine]]) -> None:
        self._open = open_line
        self._lines: dict[Asked, SshLine] = {}
        self._gates: dict[Asked, _Gate] = {}

    async def take(self, asked: Asked, target: str) -> SshLine:
        """Return an open line with one more user; several that ask at the same time get the same.

        Args:
            asked: where it goes.
            target: the target that is to be reached in the end, for messages.
        """
        gate = self._gates.setdefault(asked, _Gate())
        gate.waiting += 1
        try:
            async with gate.lock:
                line = self.open_line(asked)
                if line is None:
                    line = self._lines[asked] = await self._open(asked, target)
                    line.users += 1
                return line
        finally:
            gate.waiting -= 1
            if not gate.waiting:
                self._gates.pop(asked, None)

    def open_line(self, asked: Asked) -> SshLine | None:
        """Return the line that is open already, with one more user; None when there is none."""
        line = self._lines.get(asked)
        if line is None:
            return None
        if line.connection.is_closed():
            self.shut(line)
            return None
        line.users += 1
        if line.idle is not None:
            line.idle.cancel()
            line.idle = None
        return line

    def give_back(self, line: SshLine) -> None:
        """Count one user less; the last one leaves it open for IDLE_S."""
        line.users -= 1
        if line.users > 0 or self._lines.get(line.asked) is not line:
            return
        if line.connection.is_closed():
            self.shut(line)
        else:
            line.idle = asyncio.get_running_loop().call_later(IDLE_S, self.shut, line)

    def shut(self, line: SshLine) -> None:
        """Close a line and let go of the one that carries it; harmless when it is shut."""
        if line.idle is not None:
            line.idle.cancel()
            line.idle = None
        if self._lines.get(line.asked) is line:
            del self._lines[line.asked]
        line.connection.close()
        through, line.through = line.through, None
        if through is not None:
            self.give_back(through)

    async def close(self) -> None:
        """Close every line and wait until it is closed; safe to call twice."""
        lines = list(self._lines.values())
        for line in lines:
            self.shut(line)
        for line in lines:
            with contextlib.suppress(TimeoutError, asyncssh.Error, OSError):
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    await line.connection.wait_closed()
