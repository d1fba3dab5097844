"""The journal keeps facts in order, gives each its place once, and finds them again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsterm.core.clock import StoppedClock
from opsterm.core.events import Event, Fact, UnknownEvent, event
from opsterm.core.paths import Paths
from opsterm.storage.store import SqliteStore, open_store
from tests.storage.samples_of_facts import fact


@event("storage_test.said")
@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Event):
    """Somebody said something."""

    text: str
    words: tuple[str, ...] = ()
    number: float | None = None


async def test_facts_come_back_as_they_were_with_their_place(store: SqliteStore) -> None:
    first = replace(fact(correlation_id="c1"), causation_id="ab" * 16)
    committed = await store.journal.append([first, fact("web-02")])
    assert [f.seq for f in committed] == [1, 2]
    assert await store.journal.after(0, 10) == committed
    assert committed[0] == replace(first, seq=1)
    assert await store.journal.last_seq() == 2
    assert await store.journal.after(1, 10) == committed[1:]


async def test_an_empty_append_changes_nothing(store: SqliteStore) -> None:
    assert await store.journal.append([]) == ()
    assert await store.journal.last_seq() == 0
    assert await store.journal.after(0, 10) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(codec=None)),  # lone surrogates, NUL and all
    words=st.lists(st.text(), max_size=3).map(tuple),
    number=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
async def test_any_text_survives(store: SqliteStore, text: str, words: tuple[str, ...], number: float | None) -> None:
    said = Fact(event=Said(text=text, words=words, number=number), at=1.5, by="ana")
    (committed,) = await store.journal.append([said])
    assert list(await store.journal.after(committed.seq - 1, 1)) == [committed]


async def test_a_kind_that_is_not_known_here_is_kept_as_it_is(store: SqliteStore) -> None:
    strange = Fact(
        event=UnknownEvent(name="future.happened", body_json='{"a":[1,{"b":null}]}', body_version=7), at=1.0, by="ana"
    )
    committed = await store.journal.append([strange])
    assert await store.journal.after(0, 10) == committed


async def test_many_writers_get_one_row_of_places_without_holes(store: SqliteStore) -> None:
    async def write(name: str) -> list[int]:
        return [(await store.journal.append([fact(name), fact(name)]))[0].seq for _ in range(20)]

    starts = await asyncio.gather(*(write(f"web-{number:02}") for number in range(20)))
    assert all(places == sorted(places) for places in starts)
    assert [f.seq for f in await store.journal.after(0, 10_000)] == list(range(1, 801))
    for f in await store.journal.after(0, 10_000):
        assert isinstance(f.seq, int)


async def test_search_finds_the_newest_by_kind_correlation_and_time(store: SqliteStore) -> None:
    facts = [fact(at=float(number), correlation_id=f"c{number % 3}") for number in range(30)]
    said = [Fact(event=Said(text=str(number)), at=float(number), by="bob", correlation_id="c1") for number in range(10)]
    committed = [*await store.journal.append(facts), *await store.journal.append(said)]

    def where(kind: str = "", correlation: str = "", since: float = 0.0) -> list[Fact]:
        return [
            f for f in committed
            if kind in ("", f.event.kind) and correlation in ("", f.correlation_id) and f.at >= since
        ]  # fmt: skip

    search = store.journal.search
    assert await search() == committed
    assert await search(limit=5) == committed[-5:]
    assert await search(kinds=["storage_test.said"]) == where("storage_test.said")
    assert await search(kinds=["storage_test.said", "target.added"], limit=12) == committed[-12:]
    assert await search(kinds=["target.added", "target.added"], limit=3) == where("target.added")[-3:]
    assert await search(correlation_id="c1") == where(correlation="c1")
    assert await search(correlation_id="c1", kinds=["target.added"]) == where("target.added", "c1")
    assert await search(since=25.0) == where(since=25.0)
    assert await search(kinds=["storage_test.said"], since=8.0) == where("storage_test.said", since=8.0)
    assert await search(kinds=["nobody.knows"]) == []


async def test_what_another_process_commits_is_noticed_and_what_this_one_commits_is_not(
    store: SqliteStore, paths: Paths, clock: StoppedClock
) -> None:
    other = await open_store(paths, clock)
    try:
        assert not await store.journal.changed_elsewhere()
        await store.journal.append([fact()])
        assert not await store.journal.changed_elsewhere()
        await other.journal.append([fact("web-02")])
        await store.journal.append([fact("web-03")])
        assert await store.journal.changed_elsewhere()
        assert not await store.journal.changed_elsewhere()
        assert [f.seq for f in await store.journal.after(0, 10)] == [1, 2, 3]
        assert await other.journal.changed_elsewhere() is False  # the first call only begins to watch
    finally:
        await other.close()


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
async def test_every_size_of_batch_is_written_whole(store: SqliteStore, count: int) -> None:
    committed = await store.journal.append([fact(f"web-{number}") for number in range(count)])
    assert await store.journal.after(0, 1000) == committed
