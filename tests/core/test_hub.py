"""The hub holds up nobody, sheds only what may be shed, and loses nothing that is journaled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.events import Event, Fact
from opsterm.core.hub import REPLAY_BATCH, Ear, Hub
from opsterm.inventory.events import TargetAdded, TargetRemoved
from opsterm.monitoring.events import SamplesTaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Event):
    """A fact that is not journaled and may not be shed."""

    text: str


Said.journaled = False


class Journal:
    """A list of facts that is sometimes ahead of what the hub has told."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.reads = 0
        self.chance = random.Random(1)

    def add(self, event: Event) -> Fact:
        fact = Fact(event=event, at=1.0, by="ana", seq=len(self.facts) + 1)
        self.facts.append(fact)
        return fact

    async def after(self, seq: int, limit: int) -> Sequence[Fact]:
        self.reads += 1
        found = self.facts[seq : seq + limit]
        for _ in range(self.chance.randrange(3)):
            await asyncio.sleep(0)
        return found


def added(name: str = "web-01") -> TargetAdded:
    return TargetAdded(target=name, source="manual")


def sample() -> Fact:
    return Fact(event=SamplesTaken(target="web-01", metrics=(), items=(), values=()), at=1.0, by="monitor")


async def everything(ear: Ear) -> list[Fact]:
    """Return what an ear gets until it is closed."""
    return [fact async for batch in ear.batches() for fact in batch]


async def test_every_ear_hears_everything_in_order_as_one_batch_a_turn() -> None:
    hub, journal = Hub(), Journal()
    first, second = hub.listen("first"), hub.listen("second")
    told = [journal.add(added(str(number))) for number in range(5)]
    hub.tell(told[0])
    hub.tell_all(told[1:])
    assert first.backlog == 0, "nobody is called from inside tell"
    assert list(await first.batch()) == told
    assert list(await second.batch()) == told
    assert hub.last_seq == 5


async def test_an_ear_hears_only_the_kinds_it_asked_for() -> None:
    hub, journal = Hub(), Journal()
    ear = hub.listen("removals", TargetRemoved)
    hub.tell(journal.add(added()))
    await asyncio.sleep(0)
    assert not ear.has_facts
    gone = journal.add(TargetRemoved(target="web-01"))
    hub.tell_all([journal.add(added()), gone, sample()])
    assert list(await ear.batch()) == [gone]


async def test_a_full_ear_sheds_only_what_may_be_shed_and_counts_it() -> None:
    hub = Hub()
    ear = hub.listen("slow", limit=2)
    said = [Fact(event=Said(text=str(number)), at=1.0, by="ana") for number in range(3)]
    hub.tell_all([sample(), sample(), sample(), *said, sample()])
    heard = await ear.batch()
    assert [fact.event for fact in heard if isinstance(fact.event, Said)] == [fact.event for fact in said]
    assert len(heard) == 2 + 3
    assert ear.shed == 2


async def test_memory_stays_bounded_however_slow_the_ear() -> None:
    journal = Journal()
    hub = Hub(journal.after)
    ear = hub.listen("asleep", limit=10)
    for _ in range(500):
        hub.tell_all([journal.add(added()), sample()])
        await asyncio.sleep(0)
        assert ear.backlog <= 10
    ear.close()
    heard = await everything(ear)
    assert [fact.seq for fact in heard if fact.seq] == list(range(1, 501))


async def test_what_did_not_fit_is_read_from_the_journal_in_whole_batches() -> None:
    journal = Journal()
    hub = Hub(journal.after)
    ear = hub.listen("slow", limit=1)
    hub.tell_all([journal.add(added()) for _ in range(2 * REPLAY_BATCH + 5)])
    await asyncio.sleep(0)
    ear.close()
    assert [fact.seq for fact in await everything(ear)] == list(range(1, 2 * REPLAY_BATCH + 6))
    assert journal.reads == 3


async def test_a_fact_in_the_journal_that_is_told_later_is_heard_once() -> None:
    journal = Journal()
    hub = Hub(journal.after)
    ear = hub.listen("slow", limit=1)
    hub.tell_all([journal.add(added()) for _ in range(3)])
    await asyncio.sleep(0)
    ahead = journal.add(added())  # committed by another process, not told here yet
    heard = [*await ear.batch(), *await ear.batch()]
    assert [fact.seq for fact in heard] == [1, 2, 3]
    hub.tell(ahead)
    assert [fact.seq for fact in await ear.batch()] == [4]


async def test_closing_wakes_who_waits_and_gives_what_is_left() -> None:
    hub, journal = Hub(), Journal()
    with hub.listen("one") as ear:
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(ear.batch())
            await asyncio.sleep(0)
            ear.close()
        assert waiting.result() == ()
    left = hub.listen("two")
    hub.tell(journal.add(added()))
    await asyncio.sleep(0)
    left.close()
    hub.tell(journal.add(added()))
    await asyncio.sleep(0)
    assert [fact.seq for fact in await left.batch()] == [1], "what came before the end"
    assert await left.batch() == ()
    assert hub.ears == ()
    left.close()


async def test_who_gives_up_waiting_loses_nothing() -> None:
    hub, journal = Hub(), Journal()
    ear = hub.listen("impatient")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await ear.batch()
    hub.tell(journal.add(added()))
    assert len(await ear.batch()) == 1


async def test_a_journal_that_cannot_be_read_now_is_read_later() -> None:
    journal = Journal()
    broken = True

    async def replay(seq: int, limit: int) -> Sequence[Fact]:
        if broken:
            raise OSError
        return await journal.after(seq, limit)

    hub = Hub(replay)
    ear = hub.listen("slow", limit=1)
    hub.tell_all([journal.add(added()) for _ in range(3)])
    assert len(await ear.batch()) == 1
    with pytest.raises(OSError):  # noqa: PT011 (ours, without words)
        await ear.batch()
    broken = False
    assert [fact.seq for fact in await ear.batch()] == [2, 3]


class World:
    """One writer, another process that commits ahead of us, ears of every speed; each method is a deed."""

    def __init__(self, limit: int, chance: random.Random) -> None:
        self.journal = Journal()
        self.journal.chance = chance
        self.hub = Hub(self.journal.after)
        self.told = self.said = self.samples = 0
        self.limit = limit
        self.late: list[tuple[Ear, int]] = []

    async def turn(self) -> None:
        await asyncio.sleep(0)

    async def add(self) -> None:
        self.journal.add(added())
        await self.tell_the_rest()

    async def remove(self) -> None:
        self.journal.add(TargetRemoved(target="web-01"))
        await self.tell_the_rest()

    async def commit_elsewhere(self) -> None:
        self.journal.add(added())

    async def tell_the_rest(self) -> None:
        self.hub.tell_all(self.journal.facts[self.told :])
        self.told = len(self.journal.facts)

    async def sample(self) -> None:
        self.hub.tell(sample())
        self.samples += 1

    async def say(self) -> None:
        self.hub.tell(Fact(event=Said(text=str(self.said)), at=1.0, by="ana"))
        self.said += 1

    async def listen_late(self) -> None:
        await asyncio.sleep(0)
        self.late.append((self.hub.listen("late", limit=self.limit), self.told))


DEEDS = [
    World.turn, World.add, World.remove, World.commit_elsewhere, World.tell_the_rest, World.sample, World.say,
    World.listen_late,
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(DEEDS), max_size=60), st.integers(1, 8), st.randoms(use_true_random=False))
def test_no_journaled_fact_is_lost_or_told_twice_whatever_the_order(
    deeds: list[Callable[[World], Awaitable[None]]], limit: int, chance: random.Random
) -> None:
    async def listen(ear: Ear, heard: list[Fact]) -> None:
        async for batch in ear.batches():
            heard.extend(batch)
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)

    async def play() -> None:
        world = World(limit, chance)
        ears = [world.hub.listen("all", limit=limit), world.hub.listen("additions", TargetAdded, limit=limit)]
        heard: list[list[Fact]] = [[], []]
        async with asyncio.TaskGroup() as group:
            for ear, facts in zip(ears, heard, strict=True):
                group.create_task(listen(ear, facts))
            for deed in deeds:
                await deed(world)
            await world.tell_the_rest()
            await asyncio.sleep(0)
            for ear in ears:
                ear.close()
        journal = world.journal.facts
        assert [f.seq for f in heard[0] if f.seq] == [f.seq for f in journal]
        assert [f.seq for f in heard[1] if f.seq] == [f.seq for f in journal if isinstance(f.event, TargetAdded)]
        assert [f.event.text for f in heard[0] if isinstance(f.event, Said)] == [str(n) for n in range(world.said)]
        assert sum(isinstance(f.event, SamplesTaken) for f in heard[0]) + ears[0].shed == world.samples
        for ear, since in world.late:
            ear.close()
            assert [f.seq for f in await everything(ear) if f.seq] == list(range(since + 1, world.told + 1))

    asyncio.run(play())
