"""The index over vectors, from the parent's side: generations are made by one child and read by another."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from opsterm.core.errors import StorageError
from opsterm.knowledge.collection import CollectionScope, EmbedderStamp
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_vectors import IndexKept, IndexStanding, IndexState, Scored, Vector
from opsterm.storage.vectors import generation
from opsterm.storage.vectors.child_process import ChildGone, ChildProcess

BUILD_LIMIT_S = 6 * 3600.0
OPEN_LIMIT_S = 600.0
ANSWER_LIMIT_S = 2.0
"""An index that takes longer is no help: its process is ended, and the search goes on without it."""

NOTHING = IndexState(counts={})
PROGRAM = "index_child"


class ChromaIndex:
    """Implements `runtime.ports_vectors.VectorIndex`."""

    def __init__(self, root: Path, database: Path, run: Run) -> None:
        """Keep generations below `root`, made from `database`; `run` calls off the loop."""
        self._root = root
        self._database = database
        self._run = run
        self._reader = ChildProcess(PROGRAM, root, run)
        self._maker = ChildProcess(PROGRAM, root, run)
        self._state = NOTHING
        self._crashes: dict[str, int] = {}

    @property
    def state(self) -> IndexState:
        """How it stands: what it answers from now."""
        return self._state if self._reader.is_there else NOTHING

    @property
    def children(self) -> Sequence[int]:
        """The numbers of its processes that run."""
        return [child.pid for child in (self._reader, self._maker) if child.is_there]

    async def kept(self, stamp: EmbedderStamp) -> IndexKept | None:
        """Return what the newest whole index on the disk says of itself, None when there is none."""
        found = await self._run(lambda: generation.newest(self._root, stamp.key))
        if found is None:
            return None
        about = found[1]
        return IndexKept(
            upto=about.upto, mark=about.mark, vectors=sum(about.counts.values()), built_in_s=about.seconds
        )  # fmt: skip

    async def open(self, stamp: EmbedderStamp) -> bool:
        """Answer from the newest whole index from now on; return whether there is one that is as it was made.

        One that is not, or that has ended its reader twice, is removed.
        """
        found = await self._run(lambda: generation.newest(self._root, stamp.key))
        if found is None:
            return False
        folder, about = found
        self._state = NOTHING
        try:
            await self._reader.close()
            answer, _ = await self._reader.ask({"verb": "open", "folder": str(folder)}, timeout_s=OPEN_LIMIT_S)
        except ChildGone:
            self._crashes[folder.name] = self._crashes.get(folder.name, 0) + 1
            if self._crashes[folder.name] >= 2:
                await self._run(lambda: generation.discard(folder))
            return False
        except StorageError:
            await self._discard(folder)
            return False
        if "broken" in answer:
            await self._discard(folder)
            return False
        self._state = IndexState(
            embedder=about.embedder, upto=about.upto, counts=about.counts, built_in_s=about.seconds
        )
        await self._run(lambda: generation.tidy(self._root, stamp.key))  # nobody reads the older ones any more
        return True

    async def _discard(self, folder: Path) -> None:
        await self._reader.close()
        await self._run(lambda: generation.discard(folder))

    async def build(self, stamp: EmbedderStamp, standing: IndexStanding) -> None:
        """Make an index over every vector up to where the embedder has come; the one that serves goes on serving.

        Raises:
            StorageError: it could not be made.
        """
        await self._run(lambda: generation.tidy(self._root, stamp.key))
        try:
            await self._maker.ask(
                {"verb": "build", "root": str(self._root), "database": str(self._database), "embedder": stamp.key,
                 "upto": standing.upto, "mark": standing.mark, "dimension": stamp.dimension},
                timeout_s=BUILD_LIMIT_S,
            )  # fmt: skip
        finally:
            await self._maker.close()

    async def remove_all(self, stamp: EmbedderStamp) -> None:
        """Remove the index: it is to be made anew."""
        self._state = NOTHING
        await self._reader.close()
        while found := await self._run(lambda: generation.newest(self._root, stamp.key)):
            await self._run(lambda: generation.discard(found[0]))

    async def near(self, vector: Vector, scope: CollectionScope, limit: int) -> Sequence[Scored]:
        """Return the nearest of its vectors in a scope. Raises StorageError."""
        head = {
            "verb": "near", "collections": [one.value for one in scope.collections], "asker": scope.asker,
            "kinds": list(scope.kinds), "about": list(scope.about), "since": scope.since, "limit": limit,
        }  # fmt: skip
        return _scored(*await self._reader.ask(head, vector, timeout_s=ANSWER_LIMIT_S))

    async def close(self) -> None:
        """End its processes; safe to call twice."""
        self._state = NOTHING
        await self._reader.close()
        await self._maker.close()


def _scored(head: Mapping[str, object], body: bytes) -> Sequence[Scored]:
    count = head["count"]
    assert isinstance(count, int)  # noqa: S101 (of our own child)
    numbers = struct.unpack_from(f"<{count}q", body)
    return list(zip(numbers, struct.unpack_from(f"<{count}f", body, 8 * count), strict=True))
