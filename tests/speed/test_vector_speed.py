"""What it costs to make an index over many vectors, to ask it, and what the screen's loop notices of either.

Run with `OPSTERM_VECTORS=1000000 python -m pytest -m speed -n 0 tests/speed/test_vector_speed.py -s`; 50,000 are the
default. OPSTERM_VECTORS_HOME names a folder that is kept: what is there is not made again. On a busy machine a loop
that does nothing has gaps as well: the longest of one in another process, at the same time, is printed beside ours.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles

import numpy as np
import pytest

from opsterm.knowledge.collection import CollectionName, CollectionScope, EmbedderStamp, Item, Trust
from opsterm.runtime.collection_upkeep import CollectionUpkeep
from opsterm.runtime.ports_vectors import ItemStore
from opsterm.storage.vectors.index import ChromaIndex
from tests.runtime.stage import opened

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(6 * 3600)]

VECTORS = int(os.environ.get("OPSTERM_VECTORS", "50000"))
DIMENSION = 384
CENTRES = 2_000
ROUNDS = 200
LARGE = EmbedderStamp(rung="onnx", name="of a test", version="1", digest="", dimension=DIMENSION)
SHARES = (1.0, 0.5, 0.2, 0.1, 0.02, 0.001)
"""Of the items, that a scope leaves."""

COMPARED = int(os.environ.get("OPSTERM_VECTORS_COMPARED", "5"))
"""Questions of each scope whose answers are held against looking at each vector: of a million that is 10 s."""


@pytest.fixture
def kept_home(home: Path) -> Path:
    place = os.environ.get("OPSTERM_VECTORS_HOME")
    return Path(place) if place else home


def unit(vectors: np.ndarray) -> np.ndarray:
    made: np.ndarray = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype("<f4")
    return made


def memory_of(pid: int) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return ", ".join(" ".join(line.split()) for line in lines if line.startswith(("VmRSS", "RssAnon")))


IDLE = """
import asyncio, sys, time
async def main():
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print("ready", flush=True)
    longest = 0.0
    while not ended.done():
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        longest = max(longest, (time.perf_counter() - began - 0.005) * 1000)
    print(longest)
asyncio.run(main())
"""


async def gaps(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Return the longest gap of our loop while it works, and of one in another process that does nothing, in ms."""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", IDLE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"ready\n"
    ours = await longest_gap(work)
    out, _ = await other.communicate(b"")
    return ours, float(out)


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


def said(found: tuple[float, float]) -> str:
    return f"{found[0]:.0f} ms (another that does nothing: {found[1]:.0f} ms)"


def check(*found: tuple[float, float]) -> None:
    for ours, others in found:
        assert ours < max(50, 2 * others)


def scope_of(share: float, number: int) -> CollectionScope:
    """Return a scope that leaves a share of the items: by when they were written, or by what they are about."""
    about = {0.1: 5, 0.02: 1}.get(share, 0)
    return CollectionScope(
        collections=[CollectionName.KNOWLEDGE], asker="nobody",
        about=[f"of 50: {(number + one) % 50}" for one in range(about)] or [f"of 1000: {number}"] * (share == 0.001),
        kinds=["runbook"] if share == 0.2 else (), since=VECTORS / 2 if share == 0.5 else 0.0,
    )  # fmt: skip


def item_of(number: int) -> Item:
    about = f"of 1000: {number % 1_000}" if number % 1_000 % 20 == 7 else f"of 50: {number % 50}"
    return Item(
        collection=CollectionName.KNOWLEDGE, name=f"n{number}", kind="concept" if number % 5 else "runbook",
        trust=Trust.SITE, title="", about=about, body=f"text {number}", at=float(number + 1),
    )  # fmt: skip


async def fill(store: ItemStore, dice: np.random.Generator, centres: np.ndarray) -> None:
    for at in range((await store.standing(LARGE)).last, VECTORS, 2_000):
        noise = dice.standard_normal((2_000, DIMENSION)).astype("f4")
        vectors = unit(centres[dice.integers(0, CENTRES, 2_000)] + 0.6 * noise)
        await store.keep(
            [item_of(number) for number in range(at, at + 2_000)], LARGE, [vector.tobytes() for vector in vectors]
        )


async def make(index: ChromaIndex, store: ItemStore) -> tuple[float, float]:
    """Make the index unless it is there; return the longest gaps meanwhile, see `gaps`."""
    if await index.kept(LARGE) is not None:
        return 0.0, 0.0
    standing = await store.standing(LARGE)
    return await gaps(lambda: index.build(LARGE, standing))


async def test_an_index_over_many_vectors(kept_home: Path) -> None:
    dice = np.random.default_rng(46)
    centres = dice.standard_normal((CENTRES, DIMENSION)).astype("f4")
    async with opened(kept_home) as runtime:
        collections, store = runtime.collections, runtime.collections.store
        _, index = await collections.opened()
        assert isinstance(index, ChromaIndex)
        await fill(store, dice, centres)
        making = await make(index, store)
        began = time.perf_counter()
        opening = await gaps(lambda: index.open(LARGE))
        opened_s = time.perf_counter() - began
        (pid,) = index.children
        size = sum(path.stat().st_size for path in runtime.paths.vectors.rglob("*") if path.is_file())
        print(f"\n{VECTORS:,} vectors: made in {index.state.built_in_s:.0f} s, {size / 1e9:.1f} GB of files, opened in "
              f"{opened_s:.1f} s, {memory_of(pid)}, load {os.getloadavg()[0]:.0f}; longest gap of the loop "
              f"{said(making)} while made, {said(opening)} while opened")  # fmt: skip
        slowest = 0.0
        for part in SHARES:
            took, right = [], 0
            for number in range(ROUNDS):
                vector = unit(centres[dice.integers(CENTRES)] + 0.6 * dice.standard_normal(DIMENSION)).tobytes()
                scope = scope_of(part, number * 20 % 1_000 + 7 if part == 0.001 else number % 50)
                began = time.perf_counter()
                found = await collections._nearest(LARGE, vector, scope, 10)
                took.append((time.perf_counter() - began) * 1000)
                if number < COMPARED:
                    exact = await store.nearest(LARGE, vector, scope, above=0, limit=10)
                    right += len({one for one, _ in found} & {one for one, _ in exact}) + 10 - len(exact)
            cut = quantiles(took[10:], n=100)
            slowest = max(slowest, cut[94])
            print(f"  {part:.1%}: p50 {cut[49]:.1f}, p95 {cut[94]:.1f} ms; of the exact ten {right / COMPARED:.1f}")
        assert slowest < 50
        check(making, opening)


async def test_the_loop_while_the_collections_are_filled(home: Path) -> None:
    dice = random.Random(46)
    async with opened(home) as runtime:
        items = [
            Item(collection=CollectionName.KNOWLEDGE, name=f"n{number}", kind="concept", trust=Trust.SITE, title="",
                 about="", body=" ".join(f"w{dice.randrange(5_000)}" for _ in range(40)), at=1.0)
            for number in range(2_000)
        ]  # fmt: skip
        upkeep = CollectionUpkeep(runtime.collections, runtime.store.preferences, runtime.clock, [])
        filling = await gaps(lambda: runtime.collections.keep(items))
        indexing = await gaps(upkeep.index_once)
        print(f"\n2,000 texts: longest gap of the loop {said(filling)} while kept, {said(indexing)} while indexed, "
              f"load {os.getloadavg()[0]:.0f}")  # fmt: skip
        check(filling, indexing)
