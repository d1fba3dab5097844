"""Cards of this site: kept, found at once, told to the audit; an index that is not that of the cards is made anew."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from opsterm.adapters.files import LocalFiles
from opsterm.core.errors import BadInput, NotFound
from opsterm.knowledge.card_file import write_cards
from opsterm.knowledge.events import CardKept, CardRemoved
from opsterm.runtime.knowledge import CardHit, Knowledge
from opsterm.runtime.runtime import Runtime
from opsterm.storage.card_index import SqliteCardIndex
from tests.runtime.stage import CHECKOUT, opened

OURS = """
[[solution]]
id = "our-turbine-feed"
title = "The turbine feed of Ploen stands still"
family = "ours"
systems = ["linux"]
symptoms = ["turbine feed empty", "Ploen delivers nothing"]
errors = ['turbinefeed: (stale|gap) :: turbinefeed: gap of 900 s']
checks = ["systemctl status turbinefeed --no-pager"]
cause = "The modem at Ploen hangs after a thunderstorm."
fix = ["Call Ploen, let them switch the modem off and on."]
risk = "low"
rollback = "None is needed."
verify = "The feed is younger than a minute."
"""


@pytest.fixture
def few(home: Path) -> Path:
    """Return a folder with two of the families that ship: what is tried here needs no more."""
    folder = home / "few"
    folder.mkdir()
    for family in ("disk", "web"):
        shutil.copy(CHECKOUT / "knowledge_seed" / "cards" / f"{family}.toml", folder)
    return folder


def room_of(runtime: Runtime, folder: Path) -> Knowledge:
    """Return the room over the cards of a folder."""
    files, path = LocalFiles(), runtime.paths.card_index
    index = SqliteCardIndex(path, runtime.offload.pool("cards", threads=1))

    async def open_index() -> SqliteCardIndex:
        return index

    return Knowledge(
        lambda: runtime.store.cards, runtime.ledger, runtime.clock, operator=runtime.operator, open_index=open_index,
        trials=lambda: runtime.store.trials, files=files, offload=runtime.offload, folder=folder,
        by_meaning=runtime.collections.cards_by_meaning,
    )  # fmt: skip


def files_below(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def folder_of(file: Path) -> list[Path]:
    return list(file.parent.glob("cards.index*"))


def ids(hits: Sequence[CardHit]) -> list[str]:
    return [hit.card.id for hit in hits]


async def test_a_card_of_this_site_is_found_at_once_and_gone_when_removed(home: Path, few: Path) -> None:
    async with opened(home) as runtime:
        room = room_of(runtime, few)
        assert ids(await room.search("turbinefeed: gap of 400 s")) == []
        (card,) = await room.add(OURS)
        found = await room.search("turbinefeed: gap of 400 s")
        assert (ids(found)[0], found[0].fits, found[0].card) == (card.id, True, card)
        assert (await room.stats()).own == 1
        await room.remove(card.id)
        assert ids(await room.search("turbinefeed: gap of 400 s")) == []
        with pytest.raises(NotFound):
            await room.get(card.id)


async def test_one_that_ships_is_hidden_by_another_and_back_when_that_is_removed(home: Path, few: Path) -> None:
    async with opened(home) as runtime:
        room = room_of(runtime, few)
        shipped = await room.get("web-502")
        text = write_cards([shipped]).replace(shipped.title, "502: call Ana")
        await room.edit("web-502", text)
        assert (await room.get("web-502")).title == "502: call Ana"
        assert (await room.stats()).hiding == ["web-502"]
        assert [card.id for card in await room.all(own=True)] == ["web-502"]
        await room.remove("web-502")
        assert await room.get("web-502") == shipped
        with pytest.raises(NotFound, match="ship cannot be removed"):
            await room.remove("web-502")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OURS.replace("systemctl status turbinefeed", "systemctl restart turbinefeed"), "does more than read"),
        (OURS.replace("our-turbine-feed", "web-502"), "There is a card web-502 already"),
        (OURS.replace('risk = "low"', 'risk = "none"'), "no grade"),
        ("", "It holds no card"),
        ("x" * 100_001, "longer than 100,000"),
    ],
    ids=["a check that changes", "an id that ships", "a fault", "nothing", "too much"],
)
async def test_a_card_that_is_not_sound_is_not_kept(home: Path, few: Path, text: str, says: str) -> None:
    async with opened(home) as runtime:
        with pytest.raises(BadInput, match=says):
            await room_of(runtime, few).add(text)
        assert (await room_of(runtime, few).stats()).own == 0


async def test_a_secret_in_a_card_is_masked_before_it_is_kept(home: Path, few: Path) -> None:
    async with opened(home) as runtime:
        leaky = OURS.replace("Call Ploen,", "Call Ploen, password=hunter2-Sesam!,")
        (card,) = await room_of(runtime, few).add(leaky)
        assert "hunter2" not in str(card)
        assert "masked" in card.fix[0].text
        await room_of(runtime, few).search("turbine feed")
    assert [path for path in files_below(home) if b"hunter2" in path.read_bytes()] == []


async def test_the_audit_tells_who_wrote_and_removed(home: Path, few: Path) -> None:
    async with opened(home) as runtime:
        await room_of(runtime, few).add(OURS)
        await room_of(runtime, few).edit("our-turbine-feed", OURS.replace("thunderstorm", "flood"))
        await room_of(runtime, few).remove("our-turbine-feed")
        facts = await runtime.store.journal.after(0, limit=100)
        told = [fact.event for fact in facts if isinstance(fact.event, CardKept | CardRemoved)]
        assert [type(one) for one in told] == [CardKept, CardKept, CardRemoved]


async def test_an_index_that_is_broken_is_made_anew(home: Path, few: Path) -> None:
    async with opened(home) as runtime:
        file = runtime.paths.card_index
        await room_of(runtime, few).search("disk full")
        whole = file.read_bytes()
    for harmed in (None, b"no database" * 500, whole[:3000], whole.replace(b"hashed-ngrams-1", b"hashed-ngrams-0")):
        file.unlink()
        if harmed is not None:
            file.write_bytes(harmed)
        async with opened(home) as runtime:
            assert ids(await room_of(runtime, few).search("no space left on device"))[0] == "disk-full"
        assert [path.name for path in folder_of(file)] == ["cards.index"]


async def test_another_process_that_writes_a_card_is_heard(home: Path, few: Path) -> None:
    async with opened(home) as one, opened(home) as other:
        first, second = room_of(one, few), room_of(other, few)
        assert ids(await first.search("turbinefeed: gap")) == []
        await second.add(OURS)
        assert ids(await first.search("turbinefeed: gap"))[0] == "our-turbine-feed"
        found = await asyncio.gather(*(room.search("turbinefeed: gap") for room in (first, second) * 5))
        assert {ids(hits)[0] for hits in found} == {"our-turbine-feed"}
