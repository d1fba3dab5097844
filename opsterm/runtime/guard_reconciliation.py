"""Asks targets what became of guarded changes whose process is gone. Run by the process that holds the lease."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from opsterm.changes.change import Change, ChangeState
from opsterm.core.clock import Clock
from opsterm.core.errors import StorageError
from opsterm.runtime.guards import Guards
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.supervisor import Heart

LOOK_EVERY_S = 2.0
AGAIN_S, LONGEST_AGAIN_S = 5.0, 300.0
"""Seconds until a target that does not answer is asked again: at first, and at most."""

AFTER_DUE_S = 1.0


class GuardReconciliation:
    """Brings guarded changes into the state that their targets tell of.

    Args:
        guards: the use-cases.
        clock: says when one is due.
    """

    def __init__(self, guards: Guards, clock: Clock) -> None:
        self._guards = guards
        self._clock = clock
        self._next: dict[int, tuple[float, float]] = {}  # change -> when it is asked about, and the pause after that

    async def run(self, heart: Heart, fence: Fence) -> None:
        """Look for ever."""
        del fence  # what is learned is written by compare-and-set
        while True:
            heart.beat()
            with suppress(StorageError):
                await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Ask about every open change whose time has come; a change that runs is its own process's business."""
        changes = [change for change in await self._guards.open_changes() if change.state is not ChangeState.RUNNING]
        self._next = {change.id: self._next.get(change.id, (0.0, AGAIN_S)) for change in changes}
        for change in changes:
            at, pause_s = self._next[change.id]
            if self._clock.now() >= at:
                await self._ask(change, pause_s)

    async def _ask(self, change: Change, pause_s: float) -> None:
        _, seen = await self._guards.look(change)
        now = self._clock.now()
        if any(one.is_open and not one.answered for one in seen):
            self._next[change.id] = now + pause_s, min(2 * pause_s, LONGEST_AGAIN_S)
            return
        due = max((one.due_at for one in seen if one.is_open), default=0.0)
        self._next[change.id] = max(now + AGAIN_S, due + AFTER_DUE_S), AGAIN_S
