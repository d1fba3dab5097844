"""Recovery points on this host, off the loop; implements `runtime.ports_recovery.RecoveryStore`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from opsterm.runtime.offload import Run
from opsterm.runtime.ports_recovery import RecoveryIntake, RecoveryRoom
from opsterm.storage.recovery.folder import FolderIntake, RecoveryFolder
from opsterm.storage.recovery.key import KeyPlace, RecoveryKey


class FolderRecoveryStore:
    """Opens the folder with its key when it is first asked something.

    Args:
        folder: where it is.
        place: the credentials, for the key.
        pool: calls off the loop.
        reserve: bytes that stay free on the disk.
    """

    def __init__(self, folder: Path, place: KeyPlace, pool: Run, *, reserve: int) -> None:
        self._path = folder
        self._keys = RecoveryKey(folder.with_name("recovery.key"), place, pool)
        self._pool = pool
        self._reserve = reserve
        self._opening = asyncio.Lock()
        self._opened: tuple[RecoveryFolder, bytes] | None = None

    async def _folder(self) -> tuple[RecoveryFolder, bytes]:
        async with self._opening:
            if self._opened is None:
                key, where = await self._keys.get()
                folder = await self._pool(lambda: RecoveryFolder(self._path, key, where, reserve=self._reserve))
                self._opened = folder, key
            return self._opened

    @asynccontextmanager
    async def taking(self) -> AsyncIterator[RecoveryIntake]:
        """Take a point; see `RecoveryStore.taking`."""
        folder, key = await self._folder()
        with ExitStack() as lock:
            await self._pool(lambda: lock.enter_context(folder.locked(alone=False)))
            intake = await self._pool(lambda: FolderIntake(folder, key))
            try:
                yield intake
            finally:
                await self._pool(intake.discard)

    async def manifests(self) -> Mapping[int, bytes]:
        """Return every point that can be read, by number."""
        folder, _ = await self._folder()
        return await self._pool(folder.manifests)

    async def read(self, sha256: str) -> bytes:
        """Return a content."""
        folder, _ = await self._folder()
        return await self._pool(lambda: folder.read(sha256))

    async def faults(self, contents: Collection[str]) -> Mapping[str, str]:
        """Read contents and hash them again; see `RecoveryStore.faults`."""
        folder, _ = await self._folder()
        return await self._pool(lambda: folder.faults(contents))

    async def prune(self, numbers: Collection[int], *, stay: Collection[int], keep: Collection[str]) -> int:
        """Forget points and what only they needed."""
        folder, _ = await self._folder()
        return await self._pool(lambda: folder.prune(numbers, stay, keep))

    async def room(self) -> RecoveryRoom:
        """Return how much room they take."""
        folder, _ = await self._folder()
        return await self._pool(folder.room)
