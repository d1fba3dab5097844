"""What it costs to make an index over many vectors, to ask it, and what the screen's loop notices of either.

Run with `OPSTERM_VECTORS=1000000 python -m pytest -m speed -n 0 tests/speed/test_vector_speed.py -s`; 20,000 are the
default. On a busy machine a loop that does nothing has gaps as well: its longest, taken beside them, is printed.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles

import numpy as np
import pytest

from opsterm.knowledge.collection import CollectionName, CollectionScope, EmbedderStamp, Item, Trust
from opsterm.runtime.collection_upkeep import CollectionUpkeep
from opsterm.storage.vectors.index import ChromaIndex
from tests.runtime.stage import opened

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(6 * 3600)]

VECTORS = int(os.environ.get("OPSTERM_VECTORS", "20000"))
DIMENSION = 384
CENTRES = 2_000
ROUNDS = 200
LARGE = EmbedderStamp(rung="onnx", name="of a test", version="1", digest="", dimension=DIMENSION)
SCOPES = {"no filter": 0, "0.1 %": 1_000, "2 %": 50}
"""What is asked for -> of how many parts it is one."""


def unit(vectors: np.ndarray) -> np.ndarray:
    made: np.ndarray = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype("<f4")
    return made


def memory_of(pid: int) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return ", ".join(" ".join(line.split()) for line in lines if line.startswith(("VmRSS", "RssAnon")))


async def idle() -> float:
    return await longest_gap(lambda: asyncio.sleep(20))


async def longest_gap(work: Callable[[], Awaitable[object]]) -> float:
    """Return the longest time in ms for which the loop did not come back to a task that only waits."""
    done, longest = asyncio.Event(), 0.0

    async def watch() -> None:
        nonlocal longest
        while not done.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, (time.perf_counter() - began - 0.005) * 1000)

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        await work()
        done.set()
    return longest


async def test_an_index_over_many_vectors(home: Path) -> None:
    dice = np.random.default_rng(46)
    centres = dice.standard_normal((CENTRES, DIMENSION)).astype("f4")
    async with opened(home) as runtime:
        collections, store = runtime.collections, runtime.collections.store
        _, index = await collections.opened()
        assert isinstance(index, ChromaIndex)
        for at in range(0, VECTORS, 2_000):
            noise = dice.standard_normal((2_000, DIMENSION)).astype("f4")
            vectors = unit(centres[dice.integers(0, CENTRES, 2_000)] + 0.6 * noise)
            items = [
                Item(collection=CollectionName.KNOWLEDGE, name=f"n{number}", kind="concept", trust=Trust.SITE, title="",
                     about=f"part-{number % (1_000 if number % 2 else 50)}-{number % 2}", body=f"text {number}", at=1.0)
                for number in range(at, at + 2_000)
            ]  # fmt: skip
            await store.keep(items, LARGE, [vector.tobytes() for vector in vectors])
        standing = await store.standing(LARGE)
        began = time.perf_counter()
        making = await longest_gap(lambda: index.build(LARGE, standing))
        made_s = time.perf_counter() - began
        began = time.perf_counter()
        opening = await longest_gap(lambda: index.open(LARGE))
        opened_s = time.perf_counter() - began
        (pid,) = index.children
        memory = memory_of(pid)
        print(f"\n{VECTORS:,} vectors: made in {made_s:.0f} s, opened in {opened_s:.1f} s, {memory}, "
              f"load {os.getloadavg()[0]:.0f}; longest gap of the loop {making:.0f} and {opening:.0f} ms")  # fmt: skip
        for name, parts in SCOPES.items():
            took = []
            for number in range(ROUNDS):
                vector = unit(centres[dice.integers(CENTRES)] + 0.6 * dice.standard_normal(DIMENSION)).tobytes()
                about = [f"part-{number % parts * 2 % parts + (parts == 1_000)}-{int(parts == 1_000)}"] if parts else []
                scope = CollectionScope(collections=[CollectionName.KNOWLEDGE], asker="nobody", about=about)
                began = time.perf_counter()
                found = await collections._nearest(LARGE, vector, scope, 10)
                took.append((time.perf_counter() - began) * 1000)
                assert len(found) == 10 or parts
            cut = quantiles(took[10:], n=100)
            print(f"  {name}: p50 {cut[49]:.1f}, p95 {cut[94]:.1f} ms")
        beside = await idle()
        print(f"  longest gap of a loop that does nothing: {beside:.0f} ms")
        assert max(making, opening) < max(50, 2 * beside)


async def test_the_loop_while_the_collections_are_filled(home: Path) -> None:
    dice = random.Random(46)
    async with opened(home) as runtime:
        items = [
            Item(collection=CollectionName.KNOWLEDGE, name=f"n{number}", kind="concept", trust=Trust.SITE, title="",
                 about="", body=" ".join(f"w{dice.randrange(5_000)}" for _ in range(40)), at=1.0)
            for number in range(2_000)
        ]  # fmt: skip
        upkeep = CollectionUpkeep(runtime.collections, runtime.store.preferences, runtime.clock, [])
        filling = await longest_gap(lambda: runtime.collections.keep(items))
        indexing = await longest_gap(upkeep.index_once)
        print(f"\n2,000 texts kept: longest gap of the loop {filling:.0f} ms, indexed: {indexing:.0f} ms, "
              f"load {os.getloadavg()[0]:.0f}")  # fmt: skip
        beside = await idle()
        print(f"  longest gap of a loop that does nothing: {beside:.0f} ms")
        assert max(filling, indexing) < max(50, 2 * beside)
