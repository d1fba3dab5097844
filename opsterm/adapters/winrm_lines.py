"""Open WinRM shells, pooled: one command at a time in each, kept open for the next one, within limits."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from opsterm.adapters.winrm_faults import Fault, WireError
from opsterm.adapters.winrm_login import WinrmLogin
from opsterm.adapters.winrm_script import CODE_PAGE
from opsterm.adapters.winrm_wire import Wire
from opsterm.core.errors import TimedOut
from opsterm.core.winrm_settings import WinrmSettings
from opsterm.policy.order import OrderTarget
from opsterm.runtime.offload import Run

MOST_COMMANDS = 200
"""Commands after which a shell is replaced: WinRS counts every command of a shell against the account's limit of
operations (1,500 by default) for as long as the shell lives."""
CLOSE_LIMIT_S = 5.0

T = TypeVar("T")
Key = tuple[str, int, str]
"""Address, port and account."""


def key_of(target: OrderTarget) -> Key:
    """Return what targets share shells by."""
    return target.address, target.port, target.user


@dataclass(slots=True, eq=False)
class WinrmLine:
    """One connection, with a shell once that is opened.

    Attributes:
        key: where it goes, and as whom.
        log_in: how it was made, and how another one is.
        wire: the connection.
        shell: id of its shell, "" while there is none.
        began: commands that were begun in the shell.
        answered: it has carried an answer, so whoever is at its other end knew us.
        broken: it must not be used again.
        run: the threads in which it is used.
        idle: closes it when nobody has used it for a while.
        settled: set when no call is under way.
    """

    key: Key
    log_in: WinrmLogin
    wire: Wire
    run: Run
    shell: str = ""
    began: int = 0
    answered: bool = False
    broken: bool = False
    idle: asyncio.TimerHandle | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, work: Callable[[Wire], T]) -> T:
        """Do something with the wire in a thread. A cancelled call goes on there: the line is broken then.

        Raises:
            WireError: of the wire; the line is broken then, but after a Fault.
        """
        loop = asyncio.get_running_loop()
        begun = threading.Event()
        self.settled.clear()

        def inside() -> T:
            begun.set()
            try:
                return work(self.wire)
            finally:
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(self.settled.set)

        try:
            result = await self.run(inside)
        except asyncio.CancelledError:
            self.broken = True
            if not begun.is_set():
                self.settled.set()
            raise
        except Fault:
            raise  # it answers
        except WireError:
            self.broken = True
            raise
        self.answered = True
        return result

    async def open_shell(self) -> None:
        """Open its shell. Raises WireError."""
        self.shell = await self.call(lambda wire: wire.open_shell(CODE_PAGE))
        self.began = 0

    def end(self) -> None:
        """Delete the shell and close the connection. Blocking; what cannot be done is left to the target's time-out."""
        try:
            if self.broken:
                self.wire.abort()
            elif self.shell:
                self.wire.delete(self.shell)
        except WireError:
            pass
        finally:
            self.wire.close()


class WinrmLines:
    """The open lines of this process.

    Args:
        settings: the limits.
        log_in: finds out how a target is logged in to.
        run: the threads in which commands run.
        aside: other threads, for what must not wait for those.
        begin: does something in such a thread, and lets nobody wait for it.
    """

    def __init__(
        self, settings: WinrmSettings, log_in: Callable[[OrderTarget], Awaitable[WinrmLogin]], run: Run, aside: Run,
        begin: Callable[[Callable[[], None]], None],
    ) -> None:  # fmt: skip
        self._settings = settings
        self._log_in = log_in
        self._run = run
        self.aside = aside
        self._begin = begin
        self._idle: dict[Key, list[WinrmLine]] = {}
        self._gates: dict[Key, tuple[asyncio.Semaphore, int]] = {}
        self._all = asyncio.Semaphore(settings.commands)
        self._closed = False

    @property
    def idle(self) -> int:
        """Lines that nobody uses at the moment."""
        return sum(map(len, self._idle.values()))

    async def take(self, target: OrderTarget) -> WinrmLine:
        """Return a line that nobody else uses; it has no shell yet when it is new. Give it back.

        Raises:
            TimedOut: all stayed in use.
            OpstermError: it is not known how to log in.
        """
        key = key_of(target)
        await self._enter(key, target.name)
        try:
            waiting = self._idle.get(key, [])
            while waiting:
                line = waiting.pop()
                if line.idle is not None:
                    line.idle.cancel()
                    line.idle = None
                return line
            return await self.fresh(target)
        except BaseException:
            self._leave(key)
            raise

    async def fresh(self, target: OrderTarget) -> WinrmLine:
        """Return a new line, which counts for nobody."""
        log_in = await self._log_in(target)
        return WinrmLine(key_of(target), log_in, await self.aside(log_in.wire), self._run)

    def give_back(self, line: WinrmLine) -> None:
        """Let another one use a line, or close it when it is broken or has served long enough."""
        if line.broken or self._closed or line.began >= MOST_COMMANDS or not self._settings.idle_timeout_s:
            self._begin(line.end)
        else:
            waiting = self._idle.setdefault(line.key, [])
            waiting.append(line)
            loop = asyncio.get_running_loop()
            line.idle = loop.call_later(self._settings.idle_timeout_s, self._expire, line)
        self._leave(line.key)

    def discard(self, line: WinrmLine) -> None:
        """Close a line whose place another one has taken."""
        self._begin(line.end)

    def close_wire(self, wire: Wire) -> None:
        """Close a connection that was made to end something on another one."""
        self._begin(wire.close)

    def _expire(self, line: WinrmLine) -> None:
        waiting = self._idle.get(line.key, [])
        if line in waiting:
            waiting.remove(line)
            if not waiting:
                del self._idle[line.key]
            self._begin(line.end)

    async def close(self) -> None:
        """Close every line that nobody uses, and wait a little for that; safe to call twice."""
        self._closed = True
        lines = [line for waiting in self._idle.values() for line in waiting]
        self._idle.clear()
        for line in lines:
            if line.idle is not None:
                line.idle.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await asyncio.gather(*(self.aside(line.end) for line in lines))

    async def _enter(self, key: Key, name: str) -> None:
        gate, users = self._gates.get(key) or (asyncio.Semaphore(self._settings.shells_per_host), 0)
        self._gates[key] = gate, users + 1
        entered = False
        try:
            async with asyncio.timeout(self._settings.wait_timeout_s):
                await gate.acquire()
                entered = True
                await self._all.acquire()
        except BaseException as error:
            if entered:
                gate.release()
            self._forget(key)
            if isinstance(error, TimeoutError):
                raise TimedOut(
                    f"No shell on {name} was free within {self._settings.wait_timeout_s:g} s.",
                    why="All that may be open are in use. Nothing was sent.",
                    next_step="Wait for other commands to end, or raise winrm.shells_per_host or winrm.commands.",
                ) from error
            raise

    def _leave(self, key: Key) -> None:
        self._all.release()
        self._gates[key][0].release()
        self._forget(key)

    def _forget(self, key: Key) -> None:
        gate, users = self._gates.pop(key)
        if users > 1:
            self._gates[key] = gate, users - 1
