"""What keeps the collections and their index as they should be: two workers of the process that has the lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from opsterm.core.clock import Clock
from opsterm.core.errors import OpstermError, StorageError
from opsterm.knowledge.collection import CollectionName, EmbedderStamp, Item
from opsterm.runtime.collections import AT_ONCE, REMAKE_KEY, Collections
from opsterm.runtime.ports_store import Fence, PreferenceStore
from opsterm.runtime.ports_vectors import Embedder, IndexStanding, VectorIndex
from opsterm.runtime.supervisor import Heart
from opsterm.runtime.workers import Worker

log = logging.getLogger("opsterm.knowledge")

FIRST_AFTER_S = 10.0
"""When a process that has just won the lease looks first: it has to come up."""

LOOK_EVERY_S = 5.0
EXPIRE_EVERY_S = 3600.0
SMALLEST_TAIL = 500
"""Items above the index that are always compared one by one; more than a tenth of it, and it is made anew."""

AFTER_FAILURE_S = 60.0

Source = Callable[[], Awaitable[Mapping[CollectionName, Sequence[Item]] | None]]
"""Returns whole collections as they should be now, None when nothing can have changed since it was last asked."""


class CollectionUpkeep:
    """Fills the collections from what they are made of, removes what is old, makes vectors, makes the index."""

    def __init__(
        self, collections: Collections, preferences: PreferenceStore, clock: Clock, sources: Sequence[Source]
    ) -> None:  # fmt: skip
        self._collections = collections
        self._preferences = preferences
        self._clock = clock
        self._sources = sources
        self._expire_at = 0.0
        self._remade = ""

    def workers(self) -> Sequence[Worker]:
        """Return what the process with the lease runs."""
        return [
            Worker(name="collections", run=self.keep_for_ever),
            Worker(name="vector index", run=self.index_for_ever),
        ]

    # ------------------------------------------------------------------ items and vectors

    async def keep_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Fill, expire and make vectors, for ever."""
        del fence  # two that do it do the same
        await asyncio.sleep(FIRST_AFTER_S)
        while True:
            heart.beat()
            try:
                await self.fill()
                await self.embed()
            except StorageError as error:  # a full disk: what is there is still found
                log.info("the collections cannot be written: %s %s", error.what, error.why)
                await asyncio.sleep(AFTER_FAILURE_S)
            await asyncio.sleep(LOOK_EVERY_S)

    async def fill(self) -> int:
        """Bring the collections up to what they are made of; return how many items were written or removed."""
        touched = 0
        for source in self._sources:
            for name, items in (await source() or {}).items():
                touched += await self._sync(name, items)
        if self._clock.now() >= self._expire_at:
            touched += await self._collections.store.expire(self._clock.now())
            self._expire_at = self._clock.now() + EXPIRE_EVERY_S
        return touched

    async def _sync(self, name: CollectionName, items: Sequence[Item]) -> int:
        store = self._collections.store
        there = await store.digests(name)
        new = [one for one in items if there.get(one.name) != one.digest]
        gone = sorted(there.keys() - {one.name for one in items})
        await self._collections.keep(new)
        if gone:
            await store.remove(name, gone)
        return len(new) + len(gone)

    async def embed(self) -> None:
        """Make the vectors that are missing: hashed ones, and those of the best rung that answers."""
        embedders, _ = await self._collections.opened()
        rungs = await embedders.usable()
        wanted = [rungs[-1], *(one for one in rungs[:1] if one is not rungs[-1])]
        for stamp, embedder in wanted:
            try:
                await self._embed(stamp, embedder)
            except StorageError:
                raise
            except OpstermError as error:
                embedders.failed(stamp.rung, error)

    async def _embed(self, stamp: EmbedderStamp, embedder: Embedder) -> None:
        store = self._collections.store
        while waiting := await store.waiting(stamp, AT_ONCE):
            vectors = await embedder.embed([text for _, text in waiting])
            numbers = [number for number, _ in waiting]
            await store.put(stamp, list(zip(numbers, vectors, strict=True)), upto=numbers[-1])

    # ------------------------------------------------------------------ the index

    async def index_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Keep an index open that is as new as it need be, for ever; its processes end with this."""
        del fence  # the lock in the folder of the index keeps two apart
        _, index = await self._collections.opened()
        if index is None:
            return
        try:
            await asyncio.sleep(FIRST_AFTER_S)
            while True:
                heart.beat()
                try:
                    await self.index_once()
                except StorageError as error:
                    log.info("the index over vectors cannot be made: %s %s", error.what, error.why)
                    await asyncio.sleep(AFTER_FAILURE_S)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await index.close()

    async def index_once(self) -> bool:
        """Open the index, or make it and open it, if that is needed; return whether one serves. Raises StorageError."""
        _, index = await self._collections.opened()
        stamp, _ = await self._collections.searching()
        standing = await self._collections.store.standing(stamp)
        if index is None or not standing.upto:
            return False
        await self._heed_wish(index, stamp)
        if index.state.embedder != stamp.key and not (await self._is_ours(index, stamp) and await index.open(stamp)):
            await index.build(stamp, standing)
            return await index.open(stamp)
        if self._is_behind(index, standing):
            await index.build(stamp, standing)
            return await index.open(stamp)
        return True

    async def _heed_wish(self, index: VectorIndex, stamp: EmbedderStamp) -> None:
        wish = await self._preferences.get(REMAKE_KEY) or ""
        if wish != self._remade:
            if self._remade or wish:
                await index.remove_all(stamp)
            self._remade = wish

    async def _is_ours(self, index: VectorIndex, stamp: EmbedderStamp) -> bool:
        """See whether the index on the disk is of this database; one that is not is removed."""
        kept = await index.kept(stamp)
        if kept is None:
            return False
        store = self._collections.store
        mark = await store.mark(kept.upto)
        if kept.upto <= (await store.standing(stamp)).last and mark in ("", kept.mark):
            return True
        await index.remove_all(stamp)
        return False

    def _is_behind(self, index: VectorIndex, standing: IndexStanding) -> bool:
        size = sum(index.state.counts.values())
        return standing.upto - index.state.upto > max(SMALLEST_TAIL, size // 10)
