"""Facts are told in the order of the journal, and the lease has one holder, whatever the clocks and restarts do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import LeaseLost, StorageError
from opsterm.core.events import Fact
from opsterm.core.hub import Hub
from opsterm.core.paths import Paths
from opsterm.inventory.events import TargetAdded, TargetRemoved
from opsterm.monitoring.sample import Sample
from opsterm.runtime import lease as lease_module
from opsterm.runtime.lease import HOLDS_FOR_S, Lease
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.supervisor import Supervisor
from opsterm.storage.store import SqliteStore, open_store
from tests.runtime.stage import LOAD, until


@pytest.fixture
async def store(paths: Paths, clock: StoppedClock) -> AsyncIterator[SqliteStore]:
    opened = await open_store(paths, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def ledger(store: SqliteStore, clock: StoppedClock) -> Ledger:
    made = Ledger(store.journal, Hub(), clock, by="ana")
    await made.open()
    return made


async def test_a_fact_has_its_circumstances(ledger: Ledger, clock: StoppedClock) -> None:
    cause = ledger.fact(TargetAdded(target="a", source="manual"), correlation_id="c1")
    effect = ledger.fact(TargetRemoved(target="a"), by="monitor", cause=cause)
    assert (cause.by, cause.at, cause.causation_id) == ("ana", clock.now(), "")
    assert (effect.by, effect.correlation_id, effect.causation_id) == ("monitor", "c1", cause.id)
    with ledger.hub.listen("test") as ear:
        committed = await ledger.record(cause, effect)
        assert [fact.seq for fact in committed] == [1, 2]
        assert list(await ear.batch()) == list(committed)
    assert ledger.last == 2


async def test_what_was_committed_out_of_turn_waits_for_the_gap_to_be_read(
    ledger: Ledger, store: SqliteStore, clock: StoppedClock
) -> None:
    facts: Sequence[Fact] = []
    for number in range(4):
        facts = [*facts, *await store.journal.append([ledger.fact(TargetRemoved(target=str(number)))])]
    with ledger.hub.listen("test") as ear:
        ledger.committed(facts[3:])
        ledger.committed(facts[1:2])
        await asyncio.sleep(0)
        assert not ear.has_facts
        async with Supervisor(clock) as supervisor:
            supervisor.start("journal", ledger.follow)
            assert [fact.seq for fact in await ear.batch()] == [1, 2, 3, 4]
            ledger.committed(facts[2:3])
            ledger.committed(facts)
            await asyncio.sleep(0.3)
        assert not ear.has_facts, "none is told twice"


async def test_a_tail_that_failed_misses_nothing(
    ledger: Ledger, store: SqliteStore, paths: Paths, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.runtime.supervisor.FIRST_PAUSE_S", 0.01)
    other = await open_store(paths, clock)
    real, failed = store.journal.after, 0

    async def after(seq: int, limit: int) -> Sequence[Fact]:
        nonlocal failed
        if ledger.last == 0 and failed < 3 and await store.journal.last_seq():
            failed += 1
            raise StorageError("The database is in use by another process that does not let go.")
        return await real(seq, limit)

    monkeypatch.setattr(store.journal, "after", after)
    with ledger.hub.listen("test") as ear:
        async with Supervisor(clock) as supervisor:
            supervisor.start("journal", ledger.follow)
            await asyncio.sleep(0.05)
            await other.journal.append([ledger.fact(TargetRemoved(target="a"))])
            await other.close()
            async with asyncio.timeout(120):
                assert [fact.seq for fact in await ear.batch()] == [1]
    assert failed == 3


# ------------------------------------------------------------------------------------------------ the lease


class Candidate:
    """A process that competes, without being one."""

    def __init__(self, store: SqliteStore, clock: StoppedClock, name: str, boot: str = "boot-1") -> None:
        self.said: list[str] = []
        self.dead: set[str] = set()
        self.lease = Lease(
            store.lease, clock, holder=f"{name}@{boot}", boot=boot, face="serve", won=self.won, lost=self.lost,
            alive=self.alive,
        )  # fmt: skip

    async def alive(self, name: str) -> bool:
        return name not in self.dead

    async def won(self, fence: Fence) -> None:
        self.said.append(f"won {fence.epoch}")

    async def lost(self) -> None:
        self.said.append("lost")

    async def look(self) -> bool:
        await self.lease._look()
        return self.lease.fence is not None


async def test_one_holds_it_and_it_passes_on_when_it_is_not_renewed(store: SqliteStore, clock: StoppedClock) -> None:
    one, two = Candidate(store, clock, "1"), Candidate(store, clock, "2")
    assert await one.look()
    assert not await two.look()
    clock.advance(HOLDS_FOR_S - 0.1)
    assert not await two.look()
    assert await one.look(), "renewed"
    clock.advance(HOLDS_FOR_S - 0.1)
    assert not await two.look()
    clock.advance(0.2)
    assert await two.look()
    assert not await one.look()
    assert one.said == ["won 1", "lost"]
    assert two.said == ["won 2"]


async def test_a_holder_that_is_dead_is_replaced_at_the_next_look_by_one(
    store: SqliteStore, clock: StoppedClock
) -> None:
    one, two, three = (Candidate(store, clock, name) for name in "123")
    await one.look()
    two.dead = three.dead = {"1@boot-1"}
    won = await asyncio.gather(two.look(), three.look())
    assert sorted(won) == [False, True]
    assert sorted(two.said + three.said) == ["won 2"]


async def test_a_fence_of_earlier_holds_nothing(store: SqliteStore, clock: StoppedClock) -> None:
    one, two = Candidate(store, clock, "1"), Candidate(store, clock, "2")
    await one.look()
    old = one.lease.fence
    clock.advance(HOLDS_FOR_S + 1)
    await two.look()
    with pytest.raises(LeaseLost):
        await store.samples.write([LOAD_SAMPLE], fence=old)
    clock.advance(HOLDS_FOR_S + 1)
    assert await one.look()
    assert one.said == ["won 1", "lost", "won 3"], "it knows that it was away"
    with pytest.raises(LeaseLost):
        await store.samples.write([LOAD_SAMPLE], fence=old)
    await store.samples.write([LOAD_SAMPLE], fence=one.lease.fence)


async def test_after_a_reboot_it_is_free_at_once(store: SqliteStore, clock: StoppedClock) -> None:
    before = Candidate(store, clock, "1", boot="boot-1")
    assert await before.look()
    after = Candidate(store, StoppedClock(at=3.0), "1", boot="boot-2")  # the boot's clock began anew
    assert await after.look()


async def test_giving_it_up_frees_it_at_once_and_only_ones_own(store: SqliteStore, clock: StoppedClock) -> None:
    one, two = Candidate(store, clock, "1"), Candidate(store, clock, "2")
    await one.look()
    await two.lease.release()
    assert not await two.look()
    await one.lease.release()
    assert await two.look()


async def test_a_disk_that_takes_no_writes_does_not_end_the_holder(
    store: SqliteStore, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "RENEW_EVERY_S", 0.01)
    one = Candidate(store, clock, "1")
    async with Supervisor(clock) as supervisor:
        supervisor.start("lease", one.lease.keep, beat_every_s=2.0)
        await until(lambda: one.said)

        async def refuse(**_: object) -> None:
            raise StorageError("The disk is full.")

        monkeypatch.setattr(store.lease, "acquire", refuse)
        await asyncio.sleep(0.05)
        assert supervisor.tasks()[0].state == "running"
        assert one.said == ["won 1"]


LOAD_SAMPLE = Sample(LOAD, 1.0, 1.0)
