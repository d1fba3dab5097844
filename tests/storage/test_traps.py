"""Kept traps: the newest of each target and of all together, and how often each came."""

from __future__ import annotations

import pytest

from opsterm.core.errors import LeaseLost
from opsterm.monitoring.traps import Trap
from opsterm.runtime.ports_store import Fence
from opsterm.storage import traps as kept_traps
from opsterm.storage.store import SqliteStore
from tests.storage.samples_of_facts import fact


def trap(target: str = "sw-1", *, at: float = 1000.0, text: str = "2") -> Trap:
    return Trap(
        target=target, sender="192.0.2.9", version="3", user="monitor", checked=True, is_inform=False,
        trap="1.3.6.1.6.3.1.1.5.3", name="linkDown", up_time_s=4.2, at=at, last_at=at, bindings=(("ifIndex.2", text),),
    )  # fmt: skip


@pytest.fixture
async def fence(store: SqliteStore) -> Fence:
    row = await store.lease.acquire(holder="p1", face="serve", boot="b1", monotonic=1.0, now=1.0, ttl_s=6.0)
    return Fence(holder="p1", epoch=row.epoch)


async def ids(store: SqliteStore, *targets: str, since: float = 0.0) -> list[int]:
    return [kept.id for kept in await store.traps.list(targets=targets or None, since=since, limit=100)]


async def test_what_is_kept_comes_back_as_it_was_with_its_fact(store: SqliteStore, fence: Fence) -> None:
    kept, facts = await store.traps.keep([trap()], {}, lambda traps: [fact(traps[0].target)], fence=fence)
    assert await store.traps.list(targets=["sw-1"], since=0.0, limit=9) == list(kept)
    assert kept[0].id == 1
    assert [one.seq for one in facts] == [1]


async def test_one_that_comes_again_is_counted_and_is_the_newest(store: SqliteStore, fence: Fence) -> None:
    await store.traps.keep([trap(at=1.0), trap("sw-2", at=2.0)], {}, lambda _: [], fence=fence)
    await store.traps.keep([], {1: (5, 9.0), 77: (1, 9.0)}, lambda _: [], fence=fence)
    first, second = await store.traps.list(targets=None, since=0.0, limit=9)
    assert (first.target, first.count, first.at, first.last_at) == ("sw-1", 6, 1.0, 9.0)
    assert (second.target, second.count) == ("sw-2", 1)
    assert await ids(store, since=5.0) == [1]
    assert await ids(store, "sw-2", "sw-3") == [2]


async def test_the_oldest_go_of_one_target_and_of_all(
    store: SqliteStore, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_traps, "KEPT_OF_TARGET", 3)
    monkeypatch.setattr(kept_traps, "KEPT", 5)
    for number in range(1, 6):
        await store.traps.keep([trap(at=float(number), text=str(number))], {}, lambda _: [], fence=fence)
    assert await ids(store) == [5, 4, 3]
    await store.traps.keep([trap("sw-2", at=10.0 + n) for n in range(3)], {3: (1, 20.0)}, lambda _: [], fence=fence)
    assert await ids(store, "sw-1") == [3, 5], "the one that came again is not the oldest any more"
    assert len(await ids(store)) == 5


async def test_who_lost_the_lease_keeps_nothing(store: SqliteStore, fence: Fence) -> None:
    with pytest.raises(LeaseLost):
        await store.traps.keep([trap()], {}, lambda _: [fact()], fence=Fence(holder="p2", epoch=fence.epoch))
    assert await ids(store) == []
