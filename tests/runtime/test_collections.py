"""What is in the collections is found, at once and by those whose it is, whatever happens to the index over it.

The index is Chroma's own, in processes of its own. By default it is killed a few times; OPSTERM_KILLS=all does so
fifty times.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, StorageError
from opsterm.knowledge.collection import RULES, CollectionName, Item, Trust
from opsterm.knowledge.embedding import embed_dense
from opsterm.runtime import collection_upkeep
from opsterm.runtime.collection_upkeep import CollectionUpkeep
from opsterm.runtime.collections import Collections
from opsterm.runtime.runtime import Runtime
from opsterm.storage.vectors import generation
from opsterm.storage.vectors.index import ChromaIndex
from tests.runtime.stage import opened

ALL = os.environ.get("OPSTERM_KILLS") == "all"
KILLS = 50 if ALL else 2
SYLLABLES = ("ba", "do", "fe", "gi", "ku", "la", "me", "no", "pi", "qu", "ra", "so", "ta", "ul", "vo", "we", "xi", "za")

pytestmark = pytest.mark.timeout(1800)


def text_of(dice: random.Random) -> str:
    return " ".join("".join(dice.choices(SYLLABLES, k=3)) for _ in range(12))


def fact(name: str, body: str, *, about: str = "", at: float = 1000.0) -> Item:
    return Item(
        collection=CollectionName.KNOWLEDGE, name=name, kind="concept", trust=Trust.SITE, about=about or name,
        title="", body=body, at=at,
    )  # fmt: skip


def asked_by(who: str, body: str, at: float) -> Item:
    return Item(
        collection=CollectionName.INTERACTIONS, name=f"{who} {at!r}", kind="question", owner=who, trust=Trust.SAID,
        about="knowledge", title="", body=body, at=at,
    )  # fmt: skip


class Site:
    """The collections of a runtime, beside what should be in them."""

    def __init__(self, runtime: Runtime, index: ChromaIndex) -> None:
        self.collections: Collections = runtime.collections
        self.upkeep = CollectionUpkeep(self.collections, runtime.store.preferences, runtime.clock, [])
        self.index = index
        self.runtime = runtime
        self.truth: dict[str, Item] = {}

    async def keep(self, items: Sequence[Item]) -> None:
        await self.collections.keep(items)
        self.truth |= {item.name: item for item in items}

    async def remove(self, names: Sequence[str]) -> None:
        await self.collections.store.remove(CollectionName.KNOWLEDGE, names)
        for name in names:
            del self.truth[name]

    def nearest(self, words: str, about: str = "") -> list[str]:
        """Return the five names that are right, by looking at each."""
        asked = np.frombuffer(embed_dense(words), "<f4")
        items = [item for item in self.truth.values() if not about or item.about == about]
        if not items:
            return []
        table = np.stack([np.frombuffer(embed_dense(f". {item.body}"), "<f4") for item in items])
        best = np.argsort(-(table @ asked), kind="stable")[:5]
        return [items[place].name for place in best]

    async def found(self, words: str, about: str = "") -> list[str]:
        hits = await self.collections.search(
            words, collections=[CollectionName.KNOWLEDGE], about=[about] if about else (), limit=5
        )
        for hit in hits:
            assert hit.item.body == self.truth[hit.item.name].body  # nothing that is older, nothing that was removed
        return [hit.item.name for hit in hits]

    async def check(self, dice: random.Random) -> None:
        """Ask for what is there, in its own words and in others."""
        for item in dice.sample(list(self.truth.values()), 4):
            for words in (item.body, " ".join(item.body.split()[:5]), text_of(dice)):
                assert await self.found(words) == self.nearest(words)


@asynccontextmanager
async def site(home: Path) -> AsyncIterator[Site]:
    async with opened(home) as runtime:
        _, index = await runtime.collections.opened()
        assert isinstance(index, ChromaIndex)
        yield Site(runtime, index)


async def test_the_index_answers_what_looking_at_each_answers(home: Path) -> None:
    dice = random.Random(46)
    async with site(home) as here:
        await here.keep([fact(f"n{number}", text_of(dice), about=f"host-{number % 30}") for number in range(400)])
        await here.check(dice)
        assert not here.index.children  # nothing was started: each was looked at
        assert await here.upkeep.index_once()
        assert here.index.state.upto == 400
        await here.check(dice)
        await here.keep([fact(f"late{number}", text_of(dice)) for number in range(20)])  # above the index
        await here.keep([fact(f"n{number}", text_of(dice), about="host-1") for number in range(0, 400, 40)])  # anew
        await here.remove([f"n{number}" for number in range(1, 400, 5)])
        await here.check(dice)
        for number in range(0, 30, 3):  # so few that the index names too few of them
            words = text_of(dice)
            assert await here.found(words, f"host-{number}") == here.nearest(words, f"host-{number}")
        assert "chromadb" not in sys.modules
        assert "onnxruntime" not in sys.modules


def lose_the_graph(here: Site, kept: Path) -> None:
    del here
    cut_short(kept, "data_level0.bin")


def lose_the_vectors(here: Site, kept: Path) -> None:
    del here
    (kept / "knowledge.f32").unlink()


def lose_the_seal(here: Site, kept: Path) -> None:
    del here
    (kept / generation.SEAL).write_text("{}")


def take_another_database(here: Site, kept: Path) -> None:
    """Make it look as if the same numbers had been given to other texts."""
    del kept
    with contextlib.closing(sqlite3.connect(here.runtime.paths.database)) as db:
        db.execute("UPDATE item SET at = at + 1")
        db.commit()


HARMS = (lose_the_graph, lose_the_vectors, lose_the_seal, take_another_database)


@pytest.mark.parametrize("harm", HARMS if ALL else HARMS[:1])
async def test_an_index_that_is_wrong_is_made_anew(home: Path, harm: Callable[[Site, Path], None]) -> None:
    dice = random.Random(47)
    async with site(home) as here:
        await here.keep([fact(f"n{number}", text_of(dice)) for number in range(60)])
        assert await here.upkeep.index_once()
        (kept,) = generations(here)
        await here.index.close()
        harm(here, kept)
        assert await here.upkeep.index_once()
        assert [kept] != generations(here)
        await here.check(dice)


@pytest.mark.skipif(not ALL, reason="OPSTERM_KILLS=all makes an index four times over")
async def test_an_index_that_is_behind_or_unwanted_is_made_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection_upkeep, "SMALLEST_TAIL", 5)
    dice = random.Random(48)
    async with site(home) as here:
        await here.keep([fact(f"n{number}", text_of(dice)) for number in range(60)])
        assert await here.upkeep.index_once()
        await here.keep([fact(f"more{number}", text_of(dice)) for number in range(40)])
        assert await here.upkeep.index_once()
        assert here.index.state.upto == 100
        (kept,) = generations(here)
        await here.collections.remake()
        assert await here.upkeep.index_once()
        assert [kept] != generations(here)
        await here.check(dice)


def generations(here: Site) -> list[Path]:
    root = here.runtime.paths.vectors
    return [path for path in root.iterdir() if path.is_dir() and not path.name.startswith("making")]


def cut_short(folder: Path, name: str) -> None:
    (largest,) = sorted(folder.rglob(name), key=lambda path: path.stat().st_size)[-1:]
    os.truncate(largest, largest.stat().st_size // 2)


async def test_no_answer_is_lost_or_stale_when_the_index_is_killed_at_any_moment(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_upkeep, "SMALLEST_TAIL", 5)
    dice = random.Random(49)
    async with site(home) as here:
        await here.keep([fact(f"n{number}", text_of(dice)) for number in range(150)])
        took_s = 2.0
        for turn in range(KILLS):
            await here.keep([fact(f"t{turn}-{number}", text_of(dice)) for number in range(30)])
            await here.keep([fact(name, text_of(dice)) for name in dice.sample(sorted(here.truth), 5)])
            await here.remove(dice.sample(sorted(here.truth), 5))
            killed = asyncio.Event()

            async def kill(after_s: float, killed: asyncio.Event) -> None:
                await asyncio.sleep(after_s)  # a moment that nobody chose
                for pid in here.index.children:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                killed.set()

            async def make() -> None:
                with contextlib.suppress(StorageError):
                    await here.upkeep.index_once()

            async with asyncio.TaskGroup() as group:
                group.create_task(make())
                group.create_task(kill(dice.uniform(0.0, took_s), killed))
                while not killed.is_set():
                    await here.check(dice)
                    await asyncio.sleep(0)
            await here.check(dice)
            began = here.runtime.clock.monotonic()
            if turn % 5 == 4:
                assert await settled(here)
                took_s = max(0.5, here.runtime.clock.monotonic() - began)
                await here.check(dice)
        assert await settled(here)
        assert here.index.state.embedder
        await here.check(dice)


async def settled(here: Site) -> bool:
    """Make the index without anybody who kills; a crash before may cost a second try."""
    for _ in range(4):
        with contextlib.suppress(StorageError):
            if await here.upkeep.index_once():
                return True
    return False


async def test_chroma_heeds_no_dot_env_and_opens_no_socket(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = home / "hostile"
    hostile.mkdir()
    (hostile / ".env").write_text("CHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\nCHROMA_SERVER_HOST=203.0.113.9\n")
    (hostile / "chromadb.py").write_text("raise SystemExit('the wrong one')\n")
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("CHROMA_API_IMPL", "chromadb.api.fastapi.FastAPI")
    dice = random.Random(50)
    async with site(home) as here:
        await here.keep([fact(f"n{number}", text_of(dice)) for number in range(30)])
        assert await here.upkeep.index_once()
        await here.check(dice)
        (pid,) = here.index.children
        assert not sockets_of(pid)
        assert folder_of(pid) == here.runtime.paths.vectors
    root = home / "opsterm" / "data" / "vectors"
    assert not list(root.rglob("onnx_models"))


def folder_of(pid: int) -> Path:
    return Path(f"/proc/{pid}/cwd").resolve()


def sockets_of(pid: int) -> set[str]:
    """Return the sockets of a process that reach over a network; the pipe to its parent is none."""
    place = Path(f"/proc/{pid}")
    held = {str(path.readlink()) for path in (place / "fd").iterdir()}
    tables = [(place / "net" / name).read_text().splitlines()[1:] for name in ("tcp", "tcp6", "udp", "udp6", "raw")]
    return held & {f"socket:[{line.split()[9]}]" for table in tables for line in table}


# ---------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (Item(collection=CollectionName.SOLUTIONS, name="a", kind="concept", trust=Trust.SITE, about="a", title="",
              body="b", at=0.0), "takes solution"),
        (asked_by("", "whose?", 0.0), "one operator's"),
        (Item(collection=CollectionName.SYSTEM_STATE, name="a", kind="target", trust=Trust.SITE, about="a", title="",
              body="b", at=0.0), "more trusted"),
        (fact("a", "  "), "no text"),
        (fact("a", "b" * 20_001), "longer"),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_not_kept(home: Path, item: Item, why: str) -> None:
    async with opened(home) as runtime:
        with pytest.raises(BadInput) as caught:
            await runtime.collections.keep([item])
        assert why in caught.value.why
        assert not sum((await runtime.collections.store.counts()).values())


async def test_what_one_operator_asked_is_found_by_nobody_else(home: Path) -> None:
    async with opened(home) as runtime:
        await runtime.collections.keep_question("how do I restart the proxy", taken_for="knowledge")
        await runtime.collections.keep([asked_by("somebody-else", "how do I restart the proxy", 1.0)])
        hits = await runtime.collections.search("restart the proxy")
        assert [hit.item.owner for hit in hits] == [runtime.operator.name]
        assert (await runtime.collections.store.counts())[CollectionName.INTERACTIONS] == 2


def holding(folder: Path, words: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and words in path.read_bytes()]


async def test_secrets_are_masked_before_they_are_kept_or_compared(home: Path) -> None:
    async with opened(home) as runtime:
        await runtime.collections.keep_question("log in with password=hunter2-and-more", taken_for="knowledge")
        (hit,) = await runtime.collections.search("log in with password")
        assert "hunter2" not in hit.item.body
    assert not holding(home, b"hunter2")


async def test_what_was_kept_long_enough_is_removed(home: Path) -> None:
    clock = StoppedClock()
    async with opened(home, clock=clock) as runtime:
        collections = runtime.collections
        upkeep = CollectionUpkeep(collections, runtime.store.preferences, clock, [])
        await collections.keep(
            [fact("for-ever", "this one stays"), asked_by(runtime.operator.name, "old", clock.now())]
        )
        clock.advance((RULES[CollectionName.INTERACTIONS].retention_d or 0) * 86_400 - 10)
        await upkeep.fill()
        assert (await collections.store.counts())[CollectionName.INTERACTIONS] == 1
        clock.advance(collection_upkeep.EXPIRE_EVERY_S)
        await upkeep.fill()
        counts = await collections.store.counts()
        assert (counts[CollectionName.INTERACTIONS], counts[CollectionName.KNOWLEDGE]) == (0, 1)
        assert not await collections.search("old", collections=[CollectionName.INTERACTIONS])


async def test_without_a_learnt_embedder_cards_are_ranked_as_ever(home: Path) -> None:
    async with opened(home) as runtime:
        await runtime.collections.keep([fact("disk-full", "the disk is full")])
        assert await runtime.collections.cards_by_meaning("the disk is full", 10) == []


def test_the_rules_are_those_that_are_written_down() -> None:
    text = (Path(__file__).parents[2] / "docs" / "decisions" / "0047-vector-index.md").read_text(encoding="utf-8")
    for name, rules in RULES.items():
        kept = f"{rules.retention_d:g} d" if rules.retention_d else "until removed"
        assert f"| {name} | {', '.join(rules.kinds)} | {rules.owner} | {kept} | {rules.trust} |" in text
    assert json.dumps(sorted(RULES)) == json.dumps(sorted(CollectionName))
