"""The one writer of a process: whoever waits to write is gathered into the next transaction.

While one transaction is forced to the disk, callers gather; the next one takes all of them (group commit, without
lingering: the first of a quiet moment does not wait for company). Nobody is told before COMMIT has returned. One
piece of work that fails is undone by its savepoint and fails alone. A caller who is cancelled leaves its work to be
committed. Other processes are kept out by BEGIN IMMEDIATE, so that `seq` is handed out in the order of commits.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from opsterm.core.clock import Clock
from opsterm.core.errors import Bug, LeaseLost, OpstermError, StorageError, StorageFull
from opsterm.core.events import Fact
from opsterm.runtime.ports_store import Fence
from opsterm.storage.chain import ChainWriter
from opsterm.storage.facts import fact_row, insert_rows, placed
from opsterm.storage.faults import ends_transaction, fault
from opsterm.storage.line import Line, Readers, closed, connect_for_writing
from opsterm.storage.schema import too_new, version_on_disk

T = TypeVar("T")

GROUP_WEIGHT = 4000
"""Rows gathered into one transaction at most: about 40 ms of work, so that nobody waits longer for their turn."""

TRY_AGAIN_S = 3.0
"""After the disk has refused, writes are refused at once for so long; then one is let through to see."""


class Transaction:
    """What a piece of work may do: change tables through `db`, append facts, insist on the lease.

    Attributes:
        db: the connection, inside the transaction. Work neither commits nor rolls back.
    """

    def __init__(self, db: sqlite3.Connection, chain: ChainWriter) -> None:
        self.db = db
        self._chain = chain
        self._rows: list[tuple[object, ...]] = []
        self._last: int | None = None

    def append(self, facts: Sequence[Fact]) -> list[Fact]:
        """Give facts their place in the journal; return them with `seq`."""
        if not facts:
            return []
        if self._last is None:
            self._last = self.db.execute("SELECT max(seq) FROM journal").fetchone()[0] or 0
        seq = self._last
        rows = [fact_row(fact, seq + number) for number, fact in enumerate(facts, 1)]
        self._rows.extend(rows)
        self._last = seq + len(rows)
        return [placed(fact, seq + number) for number, fact in enumerate(facts, 1)]

    def check(self, fence: Fence | None) -> None:
        """Insist that the lease is still held, when there is a fence.

        Raises:
            LeaseLost: somebody else holds it, or nobody.
        """
        if fence is None:
            return
        row = self.db.execute("SELECT holder, epoch FROM lease WHERE id = 1").fetchone()
        if row != (fence.holder, fence.epoch):
            raise LeaseLost(
                "Another opsterm process has taken over the measuring and watching.",
                why="This one did not renew its lease in time.",
            )

    def mark(self) -> tuple[int, int | None]:
        """Return how far the journal's part has come, for `back_to`."""
        return len(self._rows), self._last

    def back_to(self, mark: tuple[int, int | None]) -> None:
        """Forget facts appended since `mark`."""
        length, last = mark
        del self._rows[length:]
        self._last = last

    def flush(self) -> None:
        """Write the facts of everybody at once, and what of them is audited into the chain."""
        if self._rows:
            self._chain.add(self.db, self._rows)
            insert_rows(self.db, self._rows)


Work = Callable[[Transaction], T]


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    """A caller: its work, then what came of it.

    Attributes:
        work: runs inside the transaction.
        only_facts: it only appends facts, and so needs no savepoint.
        weight: rows it writes, roughly.
        done: what the caller waits for.
        result: what `work` returned; Any: of each caller's own type.
        error: why it failed.
    """

    work: Work[Any]
    only_facts: bool
    weight: int
    done: asyncio.Future[Any]
    result: Any = None
    error: OpstermError | None = None


class Writer:
    """Commits in groups. Used from one event loop.

    Attributes:
        refused_because: a sentence while the disk takes no writes, else "".
    """

    def __init__(
        self,
        database: Path,
        clock: Clock,
        *,
        make_ready: Callable[[], None],
        readers: Readers,
    ) -> None:
        """Make a writer that opens its connection at `open`, or when it is first needed after that failed.

        Args:
            database: the SQLite file.
            clock: when to try again.
            make_ready: makes the database ready; called in the connection's thread.
            readers: opened anew with the writer's connection, see `Readers.renew`.
        """
        self.refused_because = ""
        self._database = database
        self._clock = clock
        self._make_ready = make_ready
        self._readers = readers
        self._chain = ChainWriter(database)
        self._inode = 0
        self._version = ""
        self._line: Line | None = None
        self._waiting: deque[_Waiting] = deque()
        self._committing: asyncio.Future[None] | None = None
        self._refusal: StorageFull | None = None
        self._try_at = 0.0
        self._closed = False

    async def open(self) -> None:
        """Open the connection.

        Raises:
            StorageFull: the disk takes no writes; `write` will try again later.
            StorageError: see `schema.prepare`.
        """
        try:
            self._line = await Line(self._connect).opened()
        except StorageFull as error:
            self._note(error)
            raise

    def _connect(self) -> sqlite3.Connection:
        self._make_ready()
        try:
            connection = connect_for_writing(self._database)
            self._inode = self._database.stat().st_ino
            self._version = version_on_disk(connection) or ""
        except (sqlite3.Error, OSError) as error:
            raise fault(error, self._database, "opened") from error
        return connection

    async def write(self, work: Work[T], *, weight: int = 1) -> T:
        """Run `work` in the next transaction and return what it returned, once that is durable.

        Args:
            work: a plain function; it runs in another thread.
            weight: rows it writes, roughly.

        Raises:
            StorageFull: the disk takes no writes.
            StorageError: the database is damaged, busy for too long, or closed.
            OpstermError: whatever `work` raised; nothing of it was kept.
        """
        return await self.accept(work, only_facts=False, weight=weight)

    def accept(self, work: Work[T], *, only_facts: bool, weight: int) -> asyncio.Future[T]:
        """Take work for the next transaction; the future is done once it is durable. See `write`.

        Args:
            work: a plain function; it runs in another thread.
            only_facts: it only calls `Transaction.append`.
            weight: rows it writes, roughly.
        """
        if self._closed:
            raise closed()
        if self._refusal is not None and self._clock.monotonic() < self._try_at:
            raise _again(self._refusal)
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(work=work, only_facts=only_facts, weight=weight, done=done))
        if self._committing is None:
            # The first of a quiet moment commits for all who come meanwhile; shielded: nobody's cancellation stops it.
            self._committing = asyncio.shield(self._commit_all())
        return done

    async def elsewhere(self) -> int | None:
        """Return a number that changes when another connection has committed; None while there is no connection."""
        line = self._line
        if line is None:
            return None
        return await line.run(partial(_data_version, self._database))

    async def close(self) -> None:
        """Commit what was accepted, then close the connections. Safe to call twice.

        The one that writes goes last: only it can put the log back into the database and remove it.
        """
        self._closed = True
        while self._committing is not None:
            await asyncio.wait([self._committing])
        await self._readers.close()
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                await self._commit(self._next_group())
        finally:
            self._committing = None

    def _next_group(self) -> list[_Waiting]:
        group = [self._waiting.popleft()]
        weight = group[0].weight
        while self._waiting and weight + self._waiting[0].weight <= GROUP_WEIGHT:
            group.append(self._waiting.popleft())
            weight += group[-1].weight
        return group

    async def _commit(self, group: list[_Waiting]) -> None:
        """Commit one group and tell its callers. Raises nothing."""
        try:
            if self._refusal is not None:
                await self._open_again()
            if self._line is None:
                raise closed()
            await self._line.run(partial(_commit_group, group, self._chain, self._database, self._inode, self._version))
        except OpstermError as error:
            self._note(error)
            _tell_all(group, error)
        except Exception as error:  # noqa: BLE001 (whatever it is, the callers must not wait for ever)
            _tell_all(group, _bug(error))
        else:
            if self._refusal is not None:
                self._refusal = None
                self.refused_because = ""
            for one in group:
                _tell(one)

    async def _open_again(self) -> None:
        """Begin anew with a fresh connection: one that met a broken disk may never write again."""
        self._try_at = self._clock.monotonic() + TRY_AGAIN_S
        line, self._line = self._line, None
        if line is not None:
            await line.close()
        frozen = self._readers.frozen
        await self._readers.renew(frozen=False)
        try:
            await self.open()
        except StorageFull:
            await self._readers.renew(frozen=frozen)
            raise

    def _note(self, error: OpstermError) -> None:
        """Remember a refusal of the disk, for the sentence and for when to try again."""
        if isinstance(error, StorageFull):
            self._refusal = error
            self.refused_because = f"{error.what} {error.next_step}"
            self._try_at = self._clock.monotonic() + TRY_AGAIN_S


def _commit_group(
    group: list[_Waiting], chain: ChainWriter, database: Path, inode: int, version: str, db: sqlite3.Connection
) -> None:
    """Run everybody's work in one transaction. Raises when nothing was kept. In the connection's thread.

    Errors are put into sentences here, not on the loop: that asks the disk how it is.
    """
    try:
        _insist_on_file(database, inode)
        _run_group(group, chain, database, version, db)
        chain.committed()
    except Exception as error:
        raise _sentence(error, database) from error


def _insist_on_file(database: Path, inode: int) -> None:
    """Refuse to write into a file that is no longer where it was: whoever looks there would find nothing of it."""
    try:
        same = database.stat().st_ino == inode
    except FileNotFoundError:
        same = False
    if not same:
        raise StorageError(
            f"{database} was moved or removed while opsterm had it open; nothing more is kept.",
            next_step="Put it back and start opsterm again; or start it again to begin anew.",
        )


def _run_group(group: list[_Waiting], chain: ChainWriter, database: Path, version: str, db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        now = db.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        if now != version:  # another opsterm has changed the tables while this one ran
            raise too_new(database, now, version)
        transaction = Transaction(db, chain)
        for one in group:
            _run_one(one, transaction, database, alone=len(group) == 1)
        transaction.flush()
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _run_one(one: _Waiting, transaction: Transaction, database: Path, *, alone: bool) -> None:
    db = transaction.db
    guarded = not (alone or one.only_facts)  # a failing `Transaction.append` has changed nothing
    mark = transaction.mark() if guarded else (0, 0)
    if guarded:
        db.execute("SAVEPOINT one")
    try:
        one.result = one.work(transaction)
    except Exception as error:
        if alone or ends_transaction(error) or not db.in_transaction:
            raise
        one.error = _sentence(error, database)
        if guarded:
            transaction.back_to(mark)
            db.execute("ROLLBACK TO one")
    if guarded:
        db.execute("RELEASE one")


def _tell(one: _Waiting) -> None:
    if one.done.done():
        return
    if one.error is None:
        one.done.set_result(one.result)
    else:
        one.done.set_exception(one.error)


def _tell_all(group: list[_Waiting], error: OpstermError) -> None:
    for one in group:
        if not one.done.done():
            one.done.set_exception(error if len(group) == 1 else _again(error))


def _sentence(error: Exception, database: Path) -> OpstermError:
    if isinstance(error, OpstermError):
        return error
    if isinstance(error, sqlite3.Error | OSError | UnicodeEncodeError):
        return fault(error, database, "written")
    return _bug(error)


def _bug(error: BaseException) -> Bug:
    bug = Bug("Something of opsterm's own went wrong while it wrote.", why=f"{type(error).__name__}: {error}")
    bug.__cause__ = error
    return bug


def _again(error: OpstermError) -> OpstermError:
    """Return the same error anew: one exception raised in many tasks would gather all their tracebacks."""
    fresh = type(error)(error.what, why=error.why, next_step=error.next_step)
    fresh.__cause__ = error.__cause__
    return fresh


def _data_version(database: Path, db: sqlite3.Connection) -> int:
    try:
        return int(db.execute("PRAGMA data_version").fetchone()[0])
    except sqlite3.Error as error:
        raise fault(error, database, "read") from error
