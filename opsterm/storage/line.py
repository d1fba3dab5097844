"""Connections to the database: each with a thread of its own that runs whole pieces of work.

aiosqlite hops into its thread and back for every statement. A transaction of five statements would pay five times
and, cancelled between two of them, stay open. So a piece of work is a plain function over a `sqlite3.Connection`,
run in the connection's thread in one hop: whoever waits for it may be cancelled, the work still ends properly.
"""

from __future__ import annotations

import asyncio
import sqlite3
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from opsterm.core.errors import StorageError
from opsterm.storage.faults import code_of, fault

T = TypeVar("T")

BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for another process's transaction."""


class Line(aiosqlite.Connection):
    """An aiosqlite connection that runs functions. Await it to open it, `close` it in the end."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, 64)
        # A line that nobody closed must not hold up the end of the process: a thread that dies in the middle of a
        # commit is what kill -9 does too, and SQLite is made for that.
        self._thread.daemon = True
        self._stopped: asyncio.Future[None] | None = None

    def __del__(self) -> None:
        # aiosqlite's own tells a loop that may be gone by now, which ends in a traceback on the terminal.
        if self._connection is not None:
            warnings.warn(f"{self!r} was never closed", ResourceWarning, stacklevel=1)
            self._tx.put_nowait((None, self._connection.close))

    def stop(self) -> asyncio.Future[None] | None:
        """End the thread when it has done what waits; remember the future, for `opened`."""
        self._stopped = super().stop()
        return self._stopped

    async def opened(self) -> Line:
        """Open it; return it. Raises what `connect` raises, and leaves no thread behind then."""
        try:
            await self
        except BaseException:
            if self._stopped is not None:
                await self._stopped
            raise
        return self

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in the thread and return what it returns, or raise what it raises."""
        result: T = await self._execute(partial(work, self._conn))  # type: ignore[no-untyped-call]  # aiosqlite's
        return result


def connect_for_writing(database: Path) -> sqlite3.Connection:
    """Open the one connection that writes. Blocking.

    Every commit is forced to the disk (synchronous FULL): what was acknowledged survives a power cut.
    """
    connection = _connect(database, "mode=rw")
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _try_to_write(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _try_to_write(connection: sqlite3.Connection) -> None:
    """Find out now, not at the first fact, when the disk takes no writes."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if code_of(error) != sqlite3.SQLITE_BUSY:  # another process writes: so can we
            raise
        return
    try:
        connection.execute("DELETE FROM preference WHERE 0")  # BEGIN IMMEDIATE alone is content to read
    finally:
        connection.execute("ROLLBACK")


def connect_for_reading(database: Path, *, frozen: bool) -> sqlite3.Connection:
    """Open a connection that only reads. Blocking.

    Args:
        database: the SQLite file.
        frozen: open it without the files that SQLite keeps beside it: the only way on a disk that takes no writes.
            What another process writes meanwhile, or left there when it was killed, is not seen.
    """
    try:
        connection = _connect(database, "mode=ro&immutable=1" if frozen else "mode=rw")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -1000")  # 1 MB: the system's own cache is behind it
    except sqlite3.Error as error:
        raise fault(error, database, "opened") from error
    return connection


def _connect(database: Path, how: str) -> sqlite3.Connection:
    # Used in its own thread only, but closed in another one when nobody closed it.
    return sqlite3.connect(
        f"{database.as_uri()}?{how}", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False
    )


class Readers:
    """A few connections for reading; each piece of work sees one consistent state. Used from one event loop.

    Attributes:
        frozen: see `connect_for_reading`; `renew` changes it.
    """

    def __init__(self, database: Path, *, lines: int = 2, frozen: bool = False) -> None:
        self.frozen = frozen
        self._database = database
        self._lines = lines
        self._idle: list[tuple[Line, int]] = []  # with the round it was opened in
        self._round = 0
        self._room = asyncio.Semaphore(lines)
        self._closed = False

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` inside a read transaction.

        Raises:
            StorageError: the database cannot be read, or the store is closed.
        """
        async with self._room:
            line, opened_in = await self._take()
            try:
                return await line.run(partial(_in_transaction, work, self._database))
            finally:
                if opened_in == self._round:
                    self._idle.append((line, opened_in))
                else:
                    await line.close()

    async def _take(self) -> tuple[Line, int]:
        if self._closed:
            raise closed()
        if self._idle:
            return self._idle.pop()
        connect = partial(connect_for_reading, self._database, frozen=self.frozen)
        return await Line(connect).opened(), self._round

    async def renew(self, *, frozen: bool) -> None:
        """Open connections anew from now on: the disk has begun or ceased to take writes.

        SQLite shares its view of the files beside the database between the connections of a process: while one is
        left that was opened on a read-only disk, no new one can write.
        """
        self.frozen = frozen
        self._round += 1
        await self._close_idle()

    async def close(self) -> None:
        """Close every connection; work that is under way ends first."""
        self._closed = True
        for _ in range(self._lines):
            await self._room.acquire()
        await self._close_idle()
        for _ in range(self._lines):
            self._room.release()

    async def _close_idle(self) -> None:
        while self._idle:
            line, _ = self._idle.pop()
            await line.close()


def closed() -> StorageError:
    """Return the sentence for whoever comes after `close`."""
    return StorageError("The database is closed.", why="opsterm is ending.")


def _in_transaction(work: Callable[[sqlite3.Connection], T], database: Path, connection: sqlite3.Connection) -> T:
    try:
        connection.execute("BEGIN")
        try:
            return work(connection)
        finally:
            connection.execute("ROLLBACK")
    except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
        raise fault(error, database, "read") from error
