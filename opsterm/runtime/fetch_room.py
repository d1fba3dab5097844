"""How much may be fetched: a file's size at most, and what stays free on the operator's disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from opsterm.core.errors import BadInput, StorageFull
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text

LOOK_EVERY = 32_000_000
"""Bytes after which it is looked again how much is free: others write to the disk as well."""

Free = Callable[[Path], Awaitable[int]]
"""Returns the bytes that are free where a file would be."""


class FetchRoom:
    """The room for files of all fetches of this process.

    Args:
        reserve: bytes that stay free.
        free: asks the disk.
    """

    def __init__(self, reserve: int, free: Free) -> None:
        self._reserve = reserve
        self._free = free
        self._coming = 0

    @asynccontextmanager
    async def taken(self, name: str, size: int, local: Path, *, limit: int) -> AsyncIterator[Taking]:
        """Take room for a file; nothing has been written by then.

        Args:
            name: of the file and its target, for messages.
            size: bytes that it says it has.
            local: where it goes.
            limit: bytes that it may have.

        Raises:
            BadInput: it is larger than `limit`.
            StorageFull: less than the reserve would stay free.
        """
        taking = Taking(self, name, size, local, limit)
        taking.require_allowed(size)
        self._coming += size
        try:
            await self.require_free(taking)
            yield taking
        finally:
            self._coming -= taking.left

    def came(self, count: int) -> None:
        """Note that bytes which were expected are on the disk now."""
        self._coming -= count

    async def require_free(self, taking: Taking) -> None:
        """Look whether the reserve stays free when all has come that is on its way."""
        free = await self._free(taking.local)
        if free - self._coming >= self._reserve:
            return
        others = self._coming - taking.left
        also = f" {bytes_text(others)} more are on their way." if others > 0 else ""
        raise StorageFull(
            f"{taking.name} was not fetched: it has {bytes_text(taking.size)}, and {bytes_text(free)} are free here.",
            why=f"{bytes_text(self._reserve)} stay free (changes.get_reserve_mb).{also}",
            next_step="Make room, or choose a folder on another disk.",
        )


class Taking:
    """One file that is being fetched.

    Attributes:
        name: of the file and its target.
        size: bytes that it says it has.
        local: where it goes.
        left: bytes of it that are still expected.
    """

    def __init__(self, room: FetchRoom, name: str, size: int, local: Path, limit: int) -> None:
        self.name = clean_line(name, limit=400)
        self.size = size
        self.local = local
        self.left = size
        self._room = room
        self._limit = limit
        self._looked_at = 0

    def require_allowed(self, size: int) -> None:
        """Look whether a file may be as large. Raises BadInput."""
        if size > self._limit:
            raise BadInput(
                f"{self.name} was not fetched: it has {bytes_text(size)}, and at most {bytes_text(self._limit)} are.",
                next_step="Allow more with --limit-mb or the setting changes.get_limit_mb, or pack it there first.",
            )

    async def came(self, count: int, total: int) -> None:
        """Count a piece that came. Raises as `FetchRoom.taken`: a file may grow, and others fill the disk."""
        known = min(count, self.left)
        self.left -= known
        self._room.came(known)
        self.require_allowed(total)
        if total - self._looked_at >= LOOK_EVERY:
            self._looked_at = total
            await self._room.require_free(self)
