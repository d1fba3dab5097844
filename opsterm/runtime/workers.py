"""The workers: the long-lived tasks that exactly one process of an account runs, the one that holds the lease."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from opsterm.core.clock import Clock
from opsterm.runtime.doctor import tasks_from_json, tasks_to_json
from opsterm.runtime.edges import Processes
from opsterm.runtime.lease import Lease
from opsterm.runtime.ports_store import Fence, LeaseRow, Store
from opsterm.runtime.supervisor import Heart, Supervisor, TaskStatus

REPORT_TASKS_EVERY_S = 5.0
TASKS_KEY = "runtime.tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker.

    Attributes:
        name: as doctor shows it.
        run: does the work for ever, given its heart and the proof of the lease.
        beat_every_s: seconds within which its heart beats; 0 for one that only beats when something happens.
    """

    name: str
    run: Callable[[Heart, Fence], Awaitable[None]]
    beat_every_s: float = 0.0


class Workers:
    """Competes for the lease and runs the workers while this process holds it.

    Args:
        works: returns what there is to run; asked each time the lease is won.
        face: what kind of process this is, shown to others.
        alive: whether the process with that name still runs.

    Attributes:
        lease: this process's part in the competition, None before it competes.
    """

    def __init__(
        self, store: Store, clock: Clock, supervisor: Supervisor, processes: Processes, *, face: str,
        works: Callable[[], Sequence[Worker]], alive: Callable[[str], Awaitable[bool]],
    ) -> None:  # fmt: skip
        self._store = store
        self._clock = clock
        self._supervisor = supervisor
        self._processes = processes
        self._face = face
        self._works = works
        self._alive = alive
        self.lease: Lease | None = None
        self._running: tuple[str, ...] = ()

    def compete(self) -> None:
        """Begin to compete for the lease."""
        lease = self.lease = Lease(
            self._store.lease, self._clock, holder=self._processes.me(), boot=self._processes.boot(),
            face=self._face, won=self._won_lease, lost=self.lost_lease, alive=self._alive,
        )  # fmt: skip
        self._supervisor.start("lease", lease.keep, beat_every_s=2.0)

    async def release(self) -> None:
        """Give up the lease if this process has it. Raises StorageError."""
        if self.lease is not None:
            await self.lease.release()

    @property
    def run_here(self) -> bool:
        """Whether this process is the one that runs them."""
        return self.lease is not None and self.lease.fence is not None

    async def _won_lease(self, fence: Fence) -> None:
        report = Worker(name="report", run=self._report_tasks, beat_every_s=REPORT_TASKS_EVERY_S)
        works = (*self._works(), report)
        self._running = tuple(work.name for work in works)
        for work in works:
            self._start(work, fence)

    def _start(self, work: Worker, fence: Fence) -> None:
        self._supervisor.start(work.name, lambda heart: work.run(heart, fence), beat_every_s=work.beat_every_s)

    async def lost_lease(self) -> None:
        """Stop them: another process runs them now."""
        names, self._running = self._running, ()
        for name in names:
            await self._supervisor.stop(name)

    async def _report_tasks(self, heart: Heart, fence: Fence) -> None:
        del fence  # what is said is only shown
        while True:
            heart.beat()
            if not self._store.read_only_because:
                said = tasks_to_json(self._supervisor.tasks(), self._clock.now())
                await self._store.preferences.put(TASKS_KEY, said)
            await asyncio.sleep(REPORT_TASKS_EVERY_S)

    async def tasks(self) -> Sequence[TaskStatus]:
        """Return the long-lived tasks: this process's, or those of the lease's holder when we run none."""
        if self.run_here:
            return self._supervisor.tasks()
        if await self.living_holder() is None:
            return []
        said_at, tasks = tasks_from_json(await self._store.preferences.get(TASKS_KEY) or "")
        age_s = self._clock.now() - said_at
        if not 0 <= age_s <= 3 * REPORT_TASKS_EVERY_S:
            return tasks
        return [replace(task, last_beat=task.last_beat + age_s) for task in tasks]  # as late as when it was said

    async def living_holder(self) -> LeaseRow | None:
        """Return which process runs the workers, None when none does."""
        row = await self._store.lease.holder()
        return row if row is not None and await self._alive(row.holder) else None
