"""The targets of a guarded change that are changed together: each is confirmed when all of them are well, else none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence


class Wave:
    """A place where the targets of one wave wait for one another.

    Args:
        names: of its targets.

    Attributes:
        trouble: which of them is not well, "" while none is known not to be. It never changes back.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.trouble = ""
        self._awaited = set(names)
        self._settled = asyncio.Event()

    def fail(self, name: str) -> None:
        """Take note that one of them is not well: none that is not confirmed yet will be."""
        if not self.trouble and not self._settled.is_set():
            self.trouble = name
        self._settled.set()

    async def all_well(self, name: str) -> bool:
        """Take note that one of them is well, and wait for the others; return whether all are."""
        self._awaited.discard(name)
        if not self._awaited:
            self._settled.set()
        await self._settled.wait()
        return not self.trouble
