"""Open SSH connections, pooled: sessions, shells and carried connections share them, within limits, in turn."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opsterm.adapters.ssh_destination import Destination
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.ssh_route import Asked
from opsterm.core.errors import TimedOut
from opsterm.core.settings import SshSettings
from opsterm.core.text import clean_line

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

CLOSE_LIMIT_S = 2.0
FRESH_S = 1.0
"""A line that answered within so many seconds is used again without asking it."""
REFUSED_PAUSE_S = 0.05
"""Seconds after a refused session before the next try; longer each time."""
MOST_REFUSALS = 4
ANSWER_LIMIT_S = 3.0
"""Seconds in which a line must answer before it is used again; one that does not is replaced."""


@dataclass(slots=True, eq=False)
class SshLine:
    """One open connection and who uses it.

    Attributes:
        asked: where it goes: its key.
        connection: the library's.
        destination: what it was made from.
        through: the line to the jump host that carries it, held as long as this one lives.
        sessions: commands and shells on it; a server allows only so many (MaxSessions).
        carried: lines that it carries, and checks through it.
        most: sessions that it takes; fewer once the server has refused one.
        answered_at: when it last showed life, on the loop's clock.
        idle: closes it when nobody has used it for a while.
    """

    asked: Asked
    connection: SSHClientConnection
    destination: Destination
    through: SshLine | None
    sessions: int = 0
    carried: int = 0
    most: int = 1
    answered_at: float = 0.0
    idle: asyncio.TimerHandle | None = None

    @property
    def users(self) -> int:
        """All who use it."""
        return self.sessions + self.carried

    def heard(self) -> None:
        """Note that the server has just answered."""
        self.answered_at = asyncio.get_running_loop().time()

    async def answers(self) -> bool:
        """Ask the server for a sign of life, as ssh does for ServerAliveInterval; False when none comes in time."""
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self.connection._make_global_request(  # noqa: SLF001 - the library has no public way to ask
                    b"keepalive@openssh.com"
                )
        except (TimeoutError, asyncssh.Error, OSError):
            return False
        self.heard()
        return not self.connection.is_closed()


class Hold:
    """One session's place on a line; `line` stays known after it was left."""

    def __init__(self, lines: SharedLines, line: SshLine, target: str) -> None:
        self.line = line
        self._lines = lines
        self._target = target
        self._left = False
        self._refused = 0

    async def change(self) -> bool:
        """Find room because the server opens no further session on this line; `line` may be another one then.

        The first refusal is waited out: sshd may count a session that has just ended. From then on the line takes
        fewer, and who was refused moves to another one, or waits for one.

        Returns:
            False when nobody else is on the line and it was refused all the same: it is not for lack of room.

        Raises:
            As `SharedLines.take`; the place is left then.
        """
        self._refused += 1
        alone = self.line.sessions < 2
        if self._left or (alone and self._refused > MOST_REFUSALS):
            return False
        if alone or self._refused == 1:
            await asyncio.sleep(REFUSED_PAUSE_S * self._refused)
            return True
        self.line.most = self.line.sessions - 1
        await self.renew()
        return True

    async def renew(self) -> None:
        """Move to another line; the one before may be lost. Raises as `SharedLines.take`; the place is left then."""
        self.leave()
        self.line = await self._lines.take(self.line.asked, self._target)
        self._left, self._refused = False, 0

    def leave(self) -> None:
        """Give the place back; harmless when it was left."""
        if not self._left:
            self._left = True
            self._lines.give_back(self.line)


@dataclass(slots=True, eq=False)
class _Turn:
    """Somebody who waits for room; at most one per place, since a place lets one in at a time."""

    asked: Asked
    carries: bool
    wants_room: bool = False
    called: asyncio.Event = field(default_factory=asyncio.Event)


class SharedLines:
    """The open lines of this process, and who waits for one.

    Whoever asks for a place waits behind those who asked for it before. Only the first of them looks for room: a line
    with a free session, or a new line. Of those who need a new line while there are too many, the one who has waited
    longest is served first. A line to a jump host is opened whatever the limits say: those who need it hold a place
    of their own already, and all would wait for one another.
    """

    def __init__(self, open_line: Callable[[Asked, str], Awaitable[SshLine]], settings: SshSettings) -> None:
        self._open = open_line
        self._limits = settings
        self._lines: dict[Asked, list[SshLine]] = {}
        self._doomed: set[SshLine] = set()
        self._opening = 0
        self._gates: dict[object, tuple[asyncio.Semaphore, int]] = {}
        self._turns: dict[_Turn, None] = {}

    @property
    def lines(self) -> int:
        """Lines that are open or being opened."""
        return self._opening + len(self._doomed) + sum(map(len, self._lines.values()))

    async def hold(self, asked: Asked, target: str) -> Hold:
        """Return a place for one session on an open line that answers; arguments and errors as `take`."""
        return Hold(self, await self.take(asked, target), target)

    async def take(self, asked: Asked, target: str, *, carries: bool = False) -> SshLine:
        """Return an open line that answers, with one more user.

        Args:
            asked: where it goes.
            target: the target that is to be reached in the end, for messages.
            carries: it is to carry another line, and is no session of its own.

        Raises:
            TimedOut: all lines and sessions stayed in use.
            Unreachable, BadInput: a new line could not be opened.
        """
        if not carries and asked not in self._gates and (free := self._free(asked)) is not None:
            self._use(free, carries=False)
            return free
        try:
            async with asyncio.timeout(self._limits.wait_timeout_s) as limit, self._gate(asked, 1):
                turn = _Turn(asked, carries)
                self._turns[turn] = None
                try:
                    found = await self._found(turn)
                    limit.reschedule(None)
                    return found or await self._opened(turn, target)
                finally:
                    self._turns.pop(turn, None)
                    self._call_next()
        except TimeoutError as error:
            raise self._no_room(asked) from error

    def _free(self, asked: Asked) -> SshLine | None:
        """Return the busiest line that has a free session and has just answered: it needs no turn and no question."""
        since = asyncio.get_running_loop().time() - FRESH_S
        free = [line for line in self._lines.get(asked, ()) if line.sessions < line.most and line.answered_at > since]
        return max(
            (line for line in free if not line.connection.is_closed()), key=lambda line: line.sessions, default=None
        )

    async def _found(self, turn: _Turn) -> SshLine | None:
        """Wait for a free session; return None as soon as a new line may be opened instead."""
        while not (found := await self._shared(turn)):
            turn.wants_room = True
            if self._has_room(turn):
                break
            turn.called.clear()
            await turn.called.wait()
            turn.wants_room = False
        return found

    async def _shared(self, turn: _Turn) -> SshLine | None:
        """Return a line with a free session that answers; close those that do not answer."""
        for line in sorted(self._lines.get(turn.asked, ()), key=lambda line: -line.sessions):
            if not turn.carries and line.sessions >= line.most:
                continue
            self._use(line, carries=turn.carries)
            try:
                fresh = asyncio.get_running_loop().time() - line.answered_at < FRESH_S
                good = not line.connection.is_closed() and (fresh or await line.answers())
            except BaseException:
                self.give_back(line, carries=turn.carries)
                raise
            if good:
                return line
            self._retire(line)
            self.give_back(line, carries=turn.carries)
        return None

    def _has_room(self, turn: _Turn) -> bool:
        """Whether this one may open a line now; an idle line elsewhere is closed to make room."""
        if turn.carries:
            return True
        if self._next() is not turn:
            return False
        while self.lines >= self._limits.connections:
            idle = [line for lines in self._lines.values() for line in lines if not line.users]
            if not idle:
                return False
            self.shut(min(idle, key=lambda line: line.answered_at))
        return True

    def _is_full(self, asked: Asked) -> bool:
        return len(self._lines.get(asked, ())) >= self._limits.connections_per_host

    async def _opened(self, turn: _Turn, target: str) -> SshLine:
        self._opening += 1
        self._turns.pop(turn)
        self._call_next()
        try:
            host = (turn.asked.address, turn.asked.port)
            async with contextlib.nullcontext() if turn.carries else self._gate(host, self._limits.logins_per_host):
                line = await self._open(turn.asked, target)
        finally:
            self._opening -= 1
        line.heard()
        beside = self._lines.setdefault(turn.asked, [])
        line.most = min((other.most for other in beside), default=self._limits.sessions_per_connection)
        beside.append(line)
        self._use(line, carries=turn.carries)
        return line

    def _call_next(self) -> None:
        turn = self._next()
        if turn is not None:
            turn.called.set()

    def _next(self) -> _Turn | None:
        """Return who has waited longest of those whom a new line would help."""
        return next((turn for turn in self._turns if turn.wants_room and not self._is_full(turn.asked)), None)

    @asynccontextmanager
    async def _gate(self, key: object, width: int) -> AsyncIterator[None]:
        """Let so many in at a time, in the order they came; forgotten when nobody is left."""
        gate, waiting = self._gates.get(key) or (asyncio.Semaphore(width), 0)
        self._gates[key] = gate, waiting + 1
        try:
            async with gate:
                yield
        finally:
            gate, waiting = self._gates.pop(key)
            if waiting > 1:
                self._gates[key] = gate, waiting - 1

    def open_line(self, asked: Asked) -> SshLine | None:
        """Return a line that is open already, to carry something; None when there is none."""
        for line in self._lines.get(asked, ()):
            if not line.connection.is_closed():
                self._use(line, carries=True)
                return line
        return None

    def _use(self, line: SshLine, *, carries: bool) -> None:
        line.carried += carries
        line.sessions += not carries
        if line.idle is not None:
            line.idle.cancel()
            line.idle = None

    def give_back(self, line: SshLine, *, carries: bool = False) -> None:
        """Count one user less; the last one leaves it open for a while, unless somebody needs the room."""
        line.carried -= carries
        line.sessions -= not carries
        if not line.users:
            if line in self._doomed or line.connection.is_closed():
                self.shut(line)
            elif line in self._lines.get(line.asked, ()):
                line.idle = asyncio.get_running_loop().call_later(self._limits.idle_timeout_s, self.shut, line)
        for turn in self._turns:
            if turn.asked == line.asked:
                turn.called.set()
        self._call_next()

    def _retire(self, line: SshLine) -> None:
        """Let nobody new use a line; it is closed when those who do have ended."""
        lines = self._lines.get(line.asked, [])
        if line in lines:
            lines.remove(line)
            if not lines:
                del self._lines[line.asked]
            self._doomed.add(line)

    def shut(self, line: SshLine) -> None:
        """Close a line and let go of the one that carries it; harmless when it is shut."""
        if line.idle is not None:
            line.idle.cancel()
            line.idle = None
        self._retire(line)
        self._doomed.discard(line)
        line.connection.close()
        through, line.through = line.through, None
        if through is not None:
            self.give_back(through, carries=True)
        self._call_next()

    async def close(self) -> None:
        """Close every line and wait until it is closed; safe to call twice."""
        lines = [*self._doomed, *(line for lines in self._lines.values() for line in lines)]
        for line in lines:
            self.shut(line)
        for line in lines:
            await self.end(line)

    async def end(self, line: SshLine) -> None:
        """Close a line and wait until it is closed, for CLOSE_LIMIT_S at most; harmless when it is."""
        self.shut(line)
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await line.connection.wait_closed()
        except (TimeoutError, asyncssh.Error, OSError):
            line.connection.abort()

    def _no_room(self, asked: Asked) -> TimedOut:
        return TimedOut(
            f"No connection to {clean_line(asked.name, limit=255)} was free within {self._limits.wait_timeout_s:g} s.",
            why=f"{self.lines} connections are open, and all their sessions are in use. Nothing was sent.",
            next_step="Wait for other commands to end, or raise ssh.connections, ssh.connections_per_host or "
            "ssh.sessions_per_connection.",
        )
