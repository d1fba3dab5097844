"""The writer commits for everybody, undoes for one, and forgets nothing that it accepted."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, Bug, LeaseLost, SchemaTooNew, StorageError
from opsterm.core.paths import Paths, make_private
from opsterm.runtime.ports_store import Fence
from opsterm.storage.line import Line, Readers, connect_for_writing
from opsterm.storage.schema import prepare
from opsterm.storage.store import SqliteStore, open_store
from opsterm.storage.writer import Transaction, Writer
from tests.storage.samples_of_facts import alert, fact


@pytest.fixture
async def writer(paths: Paths, clock: StoppedClock) -> AsyncIterator[Writer]:
    def make_ready() -> None:
        make_private(paths.data)
        prepare(paths.database, stamp="now")

    made = Writer(paths.database, clock, make_ready=make_ready, readers=Readers(paths.database))
    await made.open()
    try:
        yield made
    finally:
        await made.close()


class Gate:
    """Work that holds up the writer until it is let go, so that others gather behind it."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._go = threading.Event()

    def __call__(self, _: Transaction) -> None:
        self._loop.call_soon_threadsafe(self.entered.set)
        self._go.wait(10)

    def open(self) -> None:
        self._go.set()


async def until_it_waits(gate: Gate, writer: Writer) -> asyncio.Future[None]:
    holding = asyncio.ensure_future(writer.write(gate))
    await gate.entered.wait()
    return holding


def put(name: str, *, then: Exception | None = None) -> Callable[[Transaction], str]:
    def work(tx: Transaction) -> str:
        tx.db.execute("INSERT INTO preference (name, body) VALUES (?, '')", (name,))
        if then is not None:
            raise then
        return name

    return work


def names(tx: Transaction) -> list[str]:
    return [name for (name,) in tx.db.execute("SELECT name FROM preference ORDER BY name")]


async def test_callers_who_wait_together_are_committed_together(writer: Writer) -> None:
    gate = Gate()
    holding = await until_it_waits(gate, writer)
    version = writer.elsewhere()
    commits: list[int] = []

    def counted(tx: Transaction) -> None:
        commits.append(tx.db.total_changes)
        tx.append([fact()])

    waiting = [asyncio.ensure_future(writer.write(counted)) for _ in range(50)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(holding, *waiting)
    await version
    assert len(set(commits)) == 1  # facts of the whole group are written at its end


async def test_one_who_fails_is_undone_alone(writer: Writer) -> None:
    gate = Gate()
    holding = await until_it_waits(gate, writer)
    works = [
        writer.write(put("a")),
        writer.write(put("b", then=BadInput("no"))),
        writer.write(put("a")),  # a second row of that name is refused by the table
        writer.write(put("c", then=ZeroDivisionError("oops"))),
        writer.accept(lambda tx: tx.append([fact("kept")]), only_facts=True, weight=1),
        writer.write(put("d")),
    ]
    gathered = asyncio.gather(*works, return_exceptions=True)
    await asyncio.sleep(0)
    gate.open()
    results = await gathered
    await holding
    assert results[0] == "a"
    assert results[5] == "d"
    assert isinstance(results[1], BadInput)
    assert isinstance(results[2], StorageError)
    assert isinstance(results[3], Bug)
    assert await writer.write(names) == ["a", "d"]
    assert isinstance(results[4], list)
    assert results[4][0].seq == 1


async def test_facts_of_one_who_fails_leave_no_hole(store: SqliteStore) -> None:
    gone = Fence(holder="nobody", epoch=1)
    results = await asyncio.gather(
        store.journal.append([fact("a")]),
        store.alerts.save(alert(), lambda _: [fact("b")], fence=gone),
        store.alerts.save(alert(), lambda _: [fact("c"), fact("d")]),
        store.alerts.save(alert(), lambda _: [BadInput("not a fact")]),  # type: ignore[list-item]  # a caller's mistake
        store.journal.append([fact("e")]),
        return_exceptions=True,
    )
    assert isinstance(results[1], LeaseLost)
    assert isinstance(results[3], Bug)
    assert [f.seq for f in await store.journal.after(0, 10)] == [1, 2, 3, 4]
    assert len(await store.alerts.open()) == 1


async def test_alone_and_failing_leaves_nothing(writer: Writer) -> None:
    with pytest.raises(BadInput):
        await writer.write(put("a", then=BadInput("no")))
    assert await writer.write(names) == []


async def test_a_cancelled_caller_does_not_cancel_the_commit(writer: Writer) -> None:
    gate = Gate()
    first = await until_it_waits(gate, writer)
    second = asyncio.ensure_future(writer.write(put("a")))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    gate.open()
    assert await writer.write(names) == ["a"]
    assert first.cancelled()
    assert second.cancelled()


async def test_closing_commits_what_was_accepted_and_refuses_what_comes_later(
    paths: Paths, clock: StoppedClock
) -> None:
    store = await open_store(paths, clock)
    accepted = [asyncio.ensure_future(store.journal.append([fact()])) for _ in range(100)]
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    assert sorted(f.seq for [f] in [task.result() for task in accepted]) == list(range(1, 101))
    with pytest.raises(StorageError, match="closed"):
        await store.journal.append([fact()])
    with pytest.raises(StorageError, match="closed"):
        await store.journal.last_seq()
    again = await open_store(paths, clock)
    assert await again.journal.last_seq() == 100
    await again.close()


async def test_closing_leaves_one_file_and_its_lock(paths: Paths, clock: StoppedClock) -> None:
    store = await open_store(paths, clock)
    await store.journal.append([fact()])
    await store.journal.last_seq()
    await store.close()
    left = ["audit.first-key", "audit.key", "opsterm.db", "opsterm.db.lock"]
    assert sorted(path.name for path in paths.data.iterdir()) == left
    assert {path.stat().st_mode & 0o777 for path in paths.data.iterdir()} == {0o600}
    assert paths.data.stat().st_mode & 0o777 == 0o700


def test_a_fresh_loop_can_open_it_again(paths: Paths, clock: StoppedClock) -> None:
    async def once() -> int:
        store = await open_store(paths, clock)
        try:
            return (await store.journal.append([fact()]))[0].seq
        finally:
            await store.close()

    assert [asyncio.run(once()) for _ in range(3)] == [1, 2, 3]


async def test_text_that_is_no_utf8_is_refused_in_a_sentence(store: SqliteStore) -> None:
    with pytest.raises(BadInput, match="UTF-8"):
        await store.preferences.put("theme", "\udcff")
    results = await asyncio.gather(
        store.preferences.put("a", "\udcff"), store.preferences.put("b", "x"), return_exceptions=True
    )
    assert isinstance(results[0], BadInput)
    assert await store.preferences.get("b") == "x"


async def test_a_transaction_of_another_process_is_waited_for(store: SqliteStore, paths: Paths) -> None:
    other = await Line(lambda: connect_for_writing(paths.database)).opened()
    await other.run(begin)
    waiting = asyncio.ensure_future(store.journal.append([fact()]))
    await asyncio.sleep(0)
    assert await store.journal.last_seq() == 0  # reading goes on
    assert not waiting.done()
    await other.run(commit)
    assert (await waiting)[0].seq == 1
    await other.close()


def begin(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO preference (name, body) VALUES ('held', '')")


def commit(db: sqlite3.Connection) -> None:
    db.execute("COMMIT")


async def test_tables_that_a_newer_opsterm_has_changed_meanwhile_are_written_no_more(
    writer: Writer, paths: Paths
) -> None:
    with closing(sqlite3.connect(paths.database)) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="newer opsterm"):
        await writer.write(lambda transaction: transaction.append([fact("late")]))
    with closing(sqlite3.connect(paths.database)) as later:
        assert later.execute("SELECT count(*) FROM journal").fetchone() == (0,)
