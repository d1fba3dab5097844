"""Use-cases of the five collections: keeping items, finding them by what they mean, saying how far the index is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.core.clock import Clock
from opsterm.core.errors import OpstermError, StorageError
from opsterm.knowledge.collection import BODY_LIMIT, CollectionName, CollectionScope, EmbedderStamp, Item, Trust
from opsterm.runtime.embedders import Embedders
from opsterm.runtime.masking import Masking
from opsterm.runtime.model import Models
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_store import PreferenceStore
from opsterm.runtime.ports_vectors import (
    Embedder,
    IndexKept,
    IndexStanding,
    IndexState,
    ItemStore,
    Scored,
    Vector,
    VectorEdges,
    VectorIndex,
)

log = logging.getLogger("opsterm.knowledge")

OVER_FETCH = (100, 400, 2_000)
"""Vectors that the index is asked for, more when few remain: what is not there any more is left out."""

SPARE = 10
"""Items beyond those asked for that are scored anew by their vectors in the tables."""

WAITING_LIMIT = 10_000
"""Items without a learnt vector that are compared by their hashed ones."""

AT_ONCE = 64
"""Items that are written together."""

REMAKE_KEY = "knowledge.remake"
"""Preference: that the process with the lease is to make the index anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemHit:
    """An item that is near to a question.

    Attributes:
        item: the item.
        score: the cosine, -1 to 1; only comparable within one embedder.
    """

    item: Item
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionsState:
    """How the collections stand.

    Attributes:
        counts: items by collection, from the tables.
        stamp: the embedder that searches use.
        standing: how far it has come.
        kept: the whole index on the disk, None for none.
        faults: rung -> why it cannot be used now.
        wants_index: whether the settings ask for one.
    """

    counts: Mapping[CollectionName, int]
    stamp: EmbedderStamp
    standing: IndexStanding
    kept: IndexKept | None
    faults: Mapping[str, str]
    wants_index: bool

    @property
    def behind(self) -> int:
        """Numbers that the index has not come to; 0 without one."""
        return max(0, self.standing.upto - self.kept.upto) if self.kept else 0


class Collections:
    """The collections.

    Args:
        store: where items are.
        preferences: where it is noted that the index is to be made anew.
        open_edges: finds the index and the embedders.
        models: the language models, whose server may have one for vectors.
    """

    def __init__(
        self, store: Callable[[], ItemStore], preferences: PreferenceStore, clock: Clock, *, operator: Operator,
        masking: Masking, models: Callable[[], Models], open_edges: Callable[[], Awaitable[VectorEdges]],
    ) -> None:  # fmt: skip
        self._store = store
        self._preferences = preferences
        self._clock = clock
        self._operator = operator
        self._masking = masking
        self._models = models
        self._open_edges = open_edges
        self._opening = asyncio.Lock()
        self._opened: tuple[Embedders, VectorIndex | None] | None = None

    async def opened(self) -> tuple[Embedders, VectorIndex | None]:
        """Return the embedders and the index, found when first asked for."""
        async with self._opening:
            if self._opened is None:
                edges = await self._open_edges()
                self._opened = Embedders(edges, self._models, self._clock), edges.index
        return self._opened

    @property
    def store(self) -> ItemStore:
        """Where items are; for the workers."""
        return self._store()

    async def close(self) -> None:
        """End what was started; safe to call twice."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened[0].close()
            if opened[1] is not None:
                await opened[1].close()

    # ------------------------------------------------------------------ writing

    async def keep(self, items: Sequence[Item]) -> None:
        """Keep items in the place of those with the same names; secrets are masked first.

        Raises:
            BadInput: one does not fit into its collection.
            StorageError: nothing can be written.
        """
        hashed = (await self.opened())[0].hashed
        stamp = await hashed.stamp()
        for at in range(0, len(items), AT_ONCE):
            some = items[at : at + AT_ONCE]
            texts = await self._masking.mask_all([text for one in some for text in (one.title, one.body)])
            masked = [
                replace(one, title=title, body=body)
                for one, title, body in zip(some, texts[::2], texts[1::2], strict=True)
            ]
            vectors = await hashed.embed([f"{one.title}. {one.body}" for one in masked])
            await self._store().keep(masked, stamp, vectors)

    async def keep_question(self, text: str, *, taken_for: str, at: float | None = None) -> None:
        """Keep what this operator asked, now or at a time; nobody else finds it. Raises StorageError."""
        at = self._clock.now() if at is None else at
        await self.keep([
            Item(
                collection=CollectionName.INTERACTIONS, name=self._question_name(at), kind="question",
                owner=self._operator.name, trust=Trust.SAID, about=taken_for, title="", body=text[:BODY_LIMIT], at=at,
            )
        ])  # fmt: skip

    async def forget_questions(self, at: Sequence[float]) -> None:
        """Forget what this operator asked at some times. Raises StorageError."""
        await self._store().remove(CollectionName.INTERACTIONS, [self._question_name(one) for one in at])

    def _question_name(self, at: float) -> str:
        return f"{self._operator.name} {at!r}"

    async def remake(self) -> None:
        """Ask the process that has the lease to make the index anew. Raises StorageError."""
        await self._preferences.put(REMAKE_KEY, repr(self._clock.now()))

    # ------------------------------------------------------------------ looking

    async def search(self, words: str, *, collections: Sequence[CollectionName] = tuple(CollectionName),
                     kinds: Sequence[str] = (), about: Sequence[str] = (), since: float = 0.0,
                     limit: int = 10) -> Sequence[ItemHit]:  # fmt: skip
        """Return the nearest items: everybody's, and this operator's own. Raises StorageError."""
        scope = CollectionScope(
            collections=collections, asker=self._operator.name, kinds=kinds, about=about, since=since
        )
        found = await self._found(words, scope, limit, learnt_only=False)
        items = await self._store().items([number for number, _ in found])
        return [ItemHit(item=items[number], score=score) for number, score in found if number in items]

    async def cards_by_meaning(self, words: str, limit: int) -> Sequence[tuple[str, float]]:
        """Return ids of cards with their cosines, the nearest first; none when only hashed vectors are there.

        A site's card that was written a moment ago may still be missing: words find it. Raises StorageError.
        """
        scope = CollectionScope(
            collections=(CollectionName.KNOWLEDGE, CollectionName.SOLUTIONS), asker=self._operator.name
        )
        found = await self._found(words, scope, limit, learnt_only=True)
        items = await self._store().items([number for number, _ in found])
        return [(items[number].about, score) for number, score in found if number in items]

    async def _found(self, words: str, scope: CollectionScope, limit: int, *, learnt_only: bool) -> Sequence[Scored]:
        if not words.strip():
            return ()
        embedders, _ = await self.opened()
        there = {stamp.key: stamp for stamp in await self._store().stamps()}
        rungs = {stamp.rung for stamp in there.values() if stamp.is_learnt or not learnt_only}
        for stamp, embedder in await embedders.usable(among=sorted(rungs)) if rungs else ():
            if stamp.key not in there:
                continue
            try:
                (vector,) = await embedder.embed([words])
            except OpstermError as error:
                embedders.failed(stamp.rung, error)
                continue
            found = await self._nearest(stamp, vector, scope, limit)
            return await self._with_waiting(found, stamp, words, scope, limit) if stamp.is_learnt else found
        return ()

    async def _with_waiting(
        self, found: Sequence[Scored], stamp: EmbedderStamp, words: str, scope: CollectionScope, limit: int
    ) -> Sequence[Scored]:  # fmt: skip
        """Add what has no vector of this embedder yet, by its hashed one: it is not lost meanwhile."""
        waiting = [number for number, _ in await self._store().waiting(stamp, WAITING_LIMIT)]
        if not waiting:
            return found
        hashed = (await self.opened())[0].hashed
        (vector,) = await hashed.embed([words])
        late = await self._store().within(await hashed.stamp(), vector, scope, waiting, WAITING_LIMIT)
        return best_of([*found, *late], limit)

    async def _nearest(
        self, stamp: EmbedderStamp, vector: Vector, scope: CollectionScope, limit: int
    ) -> Sequence[Scored]:
        """Return the nearest: by the index and exactly above it, or exactly alone while there is none."""
        _, index = await self.opened()
        state = index.state if index is not None else None
        if index is not None and state is not None and state.embedder == stamp.key:
            try:
                return await self._by_index(index, state, stamp, vector, scope, limit)
            except StorageError as error:
                log.info("the index over vectors did not answer: %s %s", error.what, error.why)
        return await self._store().nearest(stamp, vector, scope, above=0, limit=limit)

    async def _by_index(
        self, index: VectorIndex, state: IndexState, stamp: EmbedderStamp, vector: Vector, scope: CollectionScope,
        limit: int,
    ) -> Sequence[Scored]:  # fmt: skip
        store = self._store()
        newer = await store.nearest(stamp, vector, scope, above=state.upto, limit=limit)
        for wanted in (one * max(1, limit // 10) for one in OVER_FETCH):
            named = await index.near(vector, scope, wanted)
            found = await store.within(stamp, vector, scope, [number for number, _ in named], limit + SPARE)
            if len(found) >= limit or len(named) < wanted:
                return best_of([*found, *newer], limit)
        return await store.nearest(stamp, vector, scope, above=0, limit=limit)

    # ------------------------------------------------------------------ how they stand

    async def searching(self) -> tuple[EmbedderStamp, Embedder]:
        """Return the best rung with a vector for every item; the hashed one when no other has.

        Which of them answer is asked, so this may wait for a model server.
        """
        embedders, _ = await self.opened()
        rungs = await embedders.usable()
        for stamp, embedder in rungs:
            if not (await self._store().standing(stamp)).waiting:
                return stamp, embedder
        return rungs[-1]

    async def rungs(self) -> tuple[Sequence[EmbedderStamp], Mapping[str, str]]:
        """Return the rungs that answer, the best first, and why others do not."""
        embedders, _ = await self.opened()
        usable = [stamp for stamp, _ in await embedders.usable()]
        return usable, dict(embedders.faults)

    async def try_folder(self, folder: str) -> EmbedderStamp:
        """Load the embedder in a folder and return its stamp. Raises BadSetting."""
        trial = (await self._open_edges()).open_folder(folder)
        try:
            return await trial.stamp()
        finally:
            await trial.close()

    async def state(self) -> CollectionsState:
        """Return how they stand."""
        embedders, index = await self.opened()
        stamp, _ = await self.searching()
        return CollectionsState(
            counts=await self._store().counts(), stamp=stamp, standing=await self._store().standing(stamp),
            kept=await index.kept(stamp) if index is not None else None, faults=dict(embedders.faults),
            wants_index=index is not None,
        )  # fmt: skip


def best_of(found: Sequence[Scored], limit: int) -> Sequence[Scored]:
    """Return the best of several lists, each number once."""
    scores: dict[int, float] = {}
    for number, score in found:
        scores[number] = max(score, scores.get(number, score))
    return sorted(scores.items(), key=lambda one: (-one[1], one[0]))[:limit]
