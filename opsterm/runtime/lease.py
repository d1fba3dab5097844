"""Which of several processes runs the workers: one, by a lease that passes on when its holder dies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from opsterm.core.clock import Clock
from opsterm.core.errors import StorageError
from opsterm.runtime.ports_store import Fence, LeaseRow, LeaseStore
from opsterm.runtime.supervisor import Heart

RENEW_EVERY_S = 2.0
HOLDS_FOR_S = 6.0
"""A holder that lives and has not renewed for this long hangs: well inside the promise of 10 s. One that is dead is
replaced at the next look."""


class Lease:
    """Competes for the lease and says when it was won or lost.

    Attributes:
        row: who held it when we last looked; None before the first look.
    """

    def __init__(
        self, store: LeaseStore, clock: Clock, *, holder: str, boot: str, face: str,
        won: Callable[[Fence], Awaitable[None]], lost: Callable[[], Awaitable[None]],
        alive: Callable[[str], Awaitable[bool]],
    ) -> None:  # fmt: skip
        self.row: LeaseRow | None = None
        self._store = store
        self._clock = clock
        self._holder = holder
        self._boot = boot
        self._face = face
        self._won = won
        self._lost = lost
        self._alive = alive
        self._fence: Fence | None = None

    @property
    def fence(self) -> Fence | None:
        """Proof that we hold it, None when we do not."""
        return self._fence

    async def keep(self, heart: Heart) -> None:
        """Compete for the lease for ever. Run by the supervisor.

        When the disk takes no writes nobody can renew, so nobody can take over either: what we hold we go on
        holding, and the fence in every write keeps the truth.
        """
        while True:
            heart.beat()
            try:
                await self._look()
            except StorageError:
                if self._fence is None:
                    raise
            await asyncio.sleep(RENEW_EVERY_S)

    async def _look(self) -> None:
        row = await self._acquire()
        if row.holder != self._holder and not await self._alive(row.holder):
            # It was killed. Given up in its name, by its epoch: whoever was quicker than us keeps the lease.
            await self._store.release(Fence(holder=row.holder, epoch=row.epoch))
            row = await self._acquire()
        self.row = row
        held = Fence(holder=row.holder, epoch=row.epoch) if row.holder == self._holder else None
        if held == self._fence:
            return
        if self._fence is not None:
            self._fence = None
            await self._lost()
        if held is not None:
            self._fence = held
            await self._won(held)

    async def _acquire(self) -> LeaseRow:
        return await self._store.acquire(
            holder=self._holder,
            face=self._face,
            boot=self._boot,
            monotonic=self._clock.monotonic(),
            now=self._clock.now(),
            ttl_s=HOLDS_FOR_S,
        )

    async def release(self) -> None:
        """Give it up, so that the next process need not wait."""
        if self._fence is not None:
            fence, self._fence = self._fence, None
            await self._store.release(fence)
