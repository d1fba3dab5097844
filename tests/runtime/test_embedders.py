"""What makes vectors is a ladder: the best that answers is used, and each one's vectors are compared with its like."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.core.errors import BadSetting, StorageError
from opsterm.knowledge.collection import CollectionName, Item, Trust
from opsterm.runtime.collection_upkeep import CollectionUpkeep
from opsterm.runtime.runtime import Runtime
from opsterm.storage.vectors.child_process import ChildGone, ChildProcess
from opsterm.storage.vectors.frames import BODY_LIMIT, LENGTHS, BadFrame, head_of, lengths, pack
from tests.knowledge.cards import here
from tests.runtime.stage import opened
from tests.runtime.tiny_embedder import WIDTH, write_embedder


def card(name: str, body: str) -> Item:
    return Item(
        collection=CollectionName.SOLUTIONS, name=name, kind="solution", trust=Trust.SITE, about=name, title=name,
        body=body, at=1000.0,
    )  # fmt: skip


def upkeep_of(runtime: Runtime) -> CollectionUpkeep:
    return CollectionUpkeep(runtime.collections, runtime.store.preferences, runtime.clock, [])


def settings(folder: Path) -> str:
    return f'[model]\nurl = ""\n[knowledge]\nembedder = "{folder}"\n'


async def test_an_embedder_of_the_operator_finds_what_no_word_says(home: Path) -> None:
    folder = write_embedder(home / "tiny")
    async with opened(home, settings=settings(folder)) as runtime:
        collections = runtime.collections
        await collections.keep([card("a", "filesystem crowded"), card("b", "gateway sluggish")])
        assert await collections.cards_by_meaning("disk full", 5) == []  # no vector of it is there yet
        await upkeep_of(runtime).embed()
        (name, score), *_ = await collections.cards_by_meaning("disk full", 5)
        assert (name, score > 0.9) == ("a", True)
        (stamp, *_), _ = await collections.rungs()
        assert (stamp.rung, stamp.dimension) == ("onnx", WIDTH)
        await collections.keep([card("late", "proxy slow")])  # no vector of it yet, but it is not lost
        assert "late" in [name for name, _ in await collections.cards_by_meaning("proxy slow", 5)]
        state = await collections.state()
        assert (state.stamp.rung, state.standing.waiting) == ("hashed", 0)  # which alone has come to the end


async def test_another_build_of_the_model_makes_its_own_vectors(home: Path) -> None:
    folder = write_embedder(home / "tiny")
    async with opened(home, settings=settings(folder)) as runtime:
        await runtime.collections.keep([card("a", "filesystem crowded"), card("b", "gateway sluggish")])
        await upkeep_of(runtime).embed()
    write_embedder(folder, turned=True)
    async with opened(home, settings=settings(folder)) as runtime:
        assert await runtime.collections.cards_by_meaning("disk full", 5) == []  # the old ones are not compared
        await upkeep_of(runtime).embed()
        assert (await runtime.collections.cards_by_meaning("disk full", 5))[0][0] == "a"
        assert len({stamp.digest for stamp in await runtime.collections.store.stamps()}) == 3


@pytest.mark.parametrize("fault", ["nothing", "no tokenizer", "no model", "rubbish"])
async def test_a_folder_that_is_none_is_refused_and_searches_go_on(home: Path, fault: str) -> None:
    folder = home / "tiny"
    if fault != "nothing":
        write_embedder(folder)
    if fault == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    if fault == "no model":
        (folder / "model.onnx").unlink()
    if fault == "rubbish":
        (folder / "model.onnx").write_bytes(b"rubbish")
    async with opened(home, settings=settings(folder)) as runtime:
        with pytest.raises(BadSetting) as caught:
            await runtime.collections.try_folder(str(folder))
        assert caught.value.next_step
        await runtime.collections.keep([card("a", "filesystem crowded")])
        assert [hit.item.name for hit in await runtime.collections.search("filesystem crowded")] == ["a"]
        _, faults = await runtime.collections.rungs()
        assert str(folder) in faults["onnx"]


@pytest.mark.blocking
async def test_a_child_that_is_late_or_talks_nonsense_is_ended(tmp_path: Path) -> None:
    child = ChildProcess("onnx_child", tmp_path / "scratch", here)
    with pytest.raises(StorageError, match="cannot be used") as caught:
        await child.ask({"verb": "no such verb"}, timeout_s=120)
    assert "KeyError" in caught.value.why
    assert child.is_there
    with pytest.raises(ChildGone):
        await child.ask({"verb": "embed"}, b"[]", timeout_s=0)
    assert not child.is_busy
    await child.close()
    assert not child.is_there


def test_a_frame_that_claims_too_much_is_none() -> None:
    frame = pack({"verb": "x"}, b"123")
    assert lengths(frame[: LENGTHS.size]) == (len(b'{"verb": "x"}'), 3)
    for data in (LENGTHS.pack(1, BODY_LIMIT + 1), LENGTHS.pack(2**31, 1)):
        with pytest.raises(BadFrame):
            lengths(data)
    for data in (b"[1]", b"{", b"\xff"):
        with pytest.raises(BadFrame):
            head_of(data)
