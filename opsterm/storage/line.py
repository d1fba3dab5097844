"""Connections to the database: each with a thread of its own that runs whole pieces of work.

aiosqlite hops into its thread and back for every statement. A transaction of five statements would pay five times
and, cancelled between two of them, stay open. So a piece of work is a plain function over a `sqlite3.Connection`,
run in the connection's thread in one hop: whoever waits for it may be cancelled, the work still ends properly.
"""

from __future__ import annotations

import asyncio
import sqlite3
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

    async def opened(self) -> Line:
        """Open it; return it."""
        await self
        return self

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in the thread and return what it returns, or raise what it raises."""
        result: T = await self._execute(partial(work, self._conn))  # type: ignore[no-untyped-call]  # aiosqlite's
        return result


def connect_for_writing(database: Path) -> sqlite3.Connection:
    """Open the one connection that writes. Blocking.

    Every commit is forced to the disk (synchronous FULL): what was acknowledged survives a power cut.
    """
    connection = sqlite3.connect(
        f"{database.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False
    )
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
    else:
        connection.execute("ROLLBACK")


def connect_for_reading(database: Path, *, frozen: bool) -> sqlite3.Connection:
    """Open a connection that only reads. Blocking.

    Args:
        database: the SQLite file.
        frozen: open it without the files that SQLite keeps beside it: the only way on a disk that takes no writes.
            What another process writes meanwhile, or left there when it was killed, is not seen.
    """
    how = "mode=ro&immutable=1" if frozen else "mode=rw"
    connection = sqlite3.connect(
        f"{database.as_uri()}?{how}", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


class Readers:
    """A few connections for reading; each piece of work sees one consistent state. Used from one event loop.

    Attributes:
        frozen: see `connect_for_reading`; `thaw` ends it.
    """

    def __init__(self, database: Path, *, lines: int = 2, frozen: bool = False) -> None:
        self.frozen = frozen
        self._database = database
        self._lines = lines
        self._idle: list[tuple[Line, bool]] = []  # with how it was opened
        self._room = asyncio.Semaphore(lines)
        self._closed = False

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` inside a read transaction.

        Raises:
            StorageError: the database cannot be read, or the store is closed.
        """
        async with self._room:
            line, frozen = await self._take()
            try:
                return await line.run(partial(_in_transaction, work))
            except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
                raise fault(error, self._database, "read") from error
            finally:
                if frozen == self.frozen:
                    self._idle.append((line, frozen))
                else:
                    await line.close()

    async def _take(self) -> tuple[Line, bool]:
        if self._closed:
            raise closed()
        if self._idle:
            return self._idle.pop()
        connect = partial(connect_for_reading, self._database, frozen=self.frozen)
        try:
            return await Line(connect).opened(), self.frozen
        except sqlite3.Error as error:
            raise fault(error, self._database, "opened") from error

    async def thaw(self) -> None:
        """Let go of frozen connections: the disk takes writes again."""
        if self.frozen:
            self.frozen = False
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


def _in_transaction(work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        connection.execute("ROLLBACK")
