"""The one place where long-lived tasks are born, watched and restarted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TypeVar

from opsterm.core.clock import Clock
from opsterm.core.errors import OpstermError

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
CALM_AFTER_S = 120.0
"""A task that ran this long without failing starts again at FIRST_PAUSE_S."""

LATE_AFTER_S = 5.0
"""A task that beats more often than every second or two is late after this long."""

FAILURES_SHOWN = 20
"""Ended tasks whose failure is still shown; older ones are forgotten."""

T = TypeVar("T")

log = logging.getLogger("opsterm.supervisor")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """How one long-lived task is doing.

    Attributes:
        name: unique.
        state: "running", "waiting to restart", "ended" or "stopped".
        restarts: how often it was started again.
        last_beat: epoch seconds of its last sign of life.
        beat_every_s: how often it means to give one; 0 when it only waits for events.
        last_error: the newest failure in one line, "" for none.
    """

    name: str
    state: str
    restarts: int = 0
    last_beat: float
    beat_every_s: float = 0.0
    last_error: str = ""

    def late(self, now: float) -> bool:
        """Return whether it should have given a sign of life by now."""
        due_s = max(LATE_AFTER_S, 3 * self.beat_every_s)
        return self.state == "running" and self.beat_every_s > 0 and now - self.last_beat > due_s


class Heart:
    """What a task is handed to show that it lives."""

    def __init__(self, supervisor: Supervisor, name: str) -> None:
        self._supervisor = supervisor
        self._name = name

    def beat(self) -> None:
        """Say: I am alive and did a round of work."""
        self._supervisor.note(self._name, last_beat=self._supervisor.clock.now())


Work = Callable[[Heart], Awaitable[None]]


class Supervisor:
    """Runs named tasks until it is closed; one that fails is started again, later each time.

    Attributes:
        clock: what the time stamps are taken from.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._status: dict[str, TaskStatus] = {}
        self._on_failure: list[Callable[[TaskStatus], None]] = []
        self._closed = False

    def start(self, name: str, work: Work, *, beat_every_s: float = 0.0, restart: bool = True) -> None:
        """Begin a task; a task of that name that still runs is left alone. After `close` nothing is begun.

        Args:
            name: unique, a noun: "journal tail".
            work: called with a `Heart`; returns when it is done for good.
            beat_every_s: how often it will beat; 0 when it only waits.
            restart: whether a failure starts it again; one that is not and ends well is forgotten.
        """
        if self._closed or self.running(name):
            return
        self._status[name] = TaskStatus(
            name=name, state="running", last_beat=self.clock.now(), beat_every_s=beat_every_s
        )
        self._tasks[name] = asyncio.create_task(self._keep(name, work, restart=restart), name=f"opsterm {name}")

    async def _keep(self, name: str, work: Work, *, restart: bool) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            began = self.clock.monotonic()
            try:
                await work(Heart(self, name))
            except asyncio.CancelledError:
                self.note(name, state="stopped")
                raise
            except Exception as error:
                self._note_failure(name, error)
                if _is_being_stopped():
                    self.note(name, state="stopped")
                    return
                if not restart:
                    self.note(name, state="ended")
                    for old in [s.name for s in self._status.values() if s.state == "ended"][:-FAILURES_SHOWN]:
                        self._forget(old)
                    return
                if self.clock.monotonic() - began > CALM_AFTER_S:
                    pause_s = FIRST_PAUSE_S
                self.note(name, state="waiting to restart")
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                status = self._status[name]
                self.note(name, state="running", restarts=status.restarts + 1, last_beat=self.clock.now())
            else:
                self.note(name, state="ended")
                if not restart:
                    self._forget(name)
                return

    def _forget(self, name: str) -> None:
        self._tasks.pop(name, None)
        self._status.pop(name, None)

    def _note_failure(self, name: str, error: Exception) -> None:
        said = str(error) if isinstance(error, OpstermError) else f"{type(error).__name__}: {error}"
        self.note(name, last_error=" ".join(said.split()))
        if not isinstance(error, OpstermError):
            log.error("task %s failed", name, exc_info=error)
        for tell in self._on_failure:
            try:
                tell(self._status[name])
            except Exception:
                log.exception("the failure of task %s could not be told", name)

    def on_failure(self, tell: Callable[[TaskStatus], None]) -> None:
        """Call `tell` with the status of every task that fails, each time."""
        self._on_failure.append(tell)

    def note(
        self, name: str, *, state: str | None = None, restarts: int | None = None, last_beat: float | None = None,
        last_error: str | None = None,
    ) -> None:  # fmt: skip
        """Change what is known of a task; None leaves a field as it is."""
        old = self._status[name]
        self._status[name] = replace(
            old,
            state=old.state if state is None else state,
            restarts=old.restarts if restarts is None else restarts,
            last_beat=old.last_beat if last_beat is None else last_beat,
            last_error=old.last_error if last_error is None else last_error,
        )

    async def stop(self, name: str) -> None:
        """End one task and wait for it; harmless when there is none."""
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if name in self._status:
                self.note(name, state="stopped")  # it may have been waiting to restart

    def tasks(self) -> Sequence[TaskStatus]:
        """Return the status of every task ever started, by name."""
        return [self._status[name] for name in sorted(self._status)]

    def running(self, name: str) -> bool:
        """Return whether a task of that name has been started and has not ended."""
        task = self._tasks.get(name)
        return task is not None and not task.done()

    async def close(self) -> None:
        """End every task and wait for all of them, the youngest first; start no more."""
        self._closed = True
        for name in reversed(list(self._tasks)):
            await self.stop(name)

    async def __aenter__(self) -> Supervisor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()


async def to_the_end(work: Awaitable[T], *, grace_s: float | None = None) -> T:
    """Wait for something short that must not be left half done; return what it returned.

    A cancellation of the caller is raised when the work has ended, and its result is lost then.

    Args:
        work: what is waited for.
        grace_s: seconds that it may go on after a cancellation before it is cancelled too; None for ever.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            done, _ = await asyncio.wait([task], timeout=grace_s if cancelled else None)
        except asyncio.CancelledError as error:
            cancelled = error
        else:
            if not done:
                task.cancel()
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # looked at: nobody else will
    raise cancelled


def _is_being_stopped() -> bool:
    """Return whether somebody cancelled this task: its work may have failed in the same moment and raised that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
