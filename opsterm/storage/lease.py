"""The lease and the preferences on SQLite: the two smallest tables."""

from __future__ import annotations

import sqlite3

from opsterm.runtime.ports_store import Fence, LeaseRow
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

HOLDER = "SELECT holder, epoch, face, renewed_at, boot, since FROM lease WHERE id = 1"
TAKE = """INSERT OR REPLACE INTO lease (id, holder, epoch, face, renewed_at, boot, since)
VALUES (1, ?, ?, ?, ?, ?, ?)"""
RELEASE = "UPDATE lease SET holder = '' WHERE holder = ? AND epoch = ?"
GET = "SELECT body FROM preference WHERE name = ?"
PUT = "INSERT OR REPLACE INTO preference (name, body) VALUES (?, ?)"


class SqliteLease:
    """The one row that says which process runs the workers; see `runtime.ports_store.LeaseStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def acquire(
        self, *, holder: str, face: str, boot: str, monotonic: float, now: float, ttl_s: float
    ) -> LeaseRow:
        """Take or renew the lease if free, ours, of an earlier boot, or older than `ttl_s`; return who holds it."""

        def work(tx: Transaction) -> LeaseRow:
            held = _held(tx.db)
            if held is not None and held.holder == holder and held.boot == boot:
                mine = LeaseRow(
                    holder=holder, epoch=held.epoch, face=face, renewed_at=monotonic, boot=boot, since=held.since
                )
            elif held is None or not held.holder or held.boot != boot or abs(monotonic - held.renewed_at) > ttl_s:
                epoch = held.epoch + 1 if held is not None else 1
                mine = LeaseRow(holder=holder, epoch=epoch, face=face, renewed_at=monotonic, boot=boot, since=now)
            else:
                return held
            tx.db.execute(TAKE, (mine.holder, mine.epoch, mine.face, mine.renewed_at, mine.boot, mine.since))
            return mine

        return await self._writer.write(work)

    async def release(self, fence: Fence) -> None:
        """Give the lease up if we still hold it. The epoch stays, so that it only ever rises."""
        await self._writer.write(lambda tx: tx.db.execute(RELEASE, (fence.holder, fence.epoch)).rowcount)

    async def holder(self) -> LeaseRow | None:
        """Return who holds it, None for nobody. The row may be older than its time: its holder may be dead."""
        held = await self._readers.read(_held)
        return held if held is not None and held.holder else None


def _held(db: sqlite3.Connection) -> LeaseRow | None:
    row = db.execute(HOLDER).fetchone()
    if row is None:
        return None
    holder, epoch, face, renewed_at, boot, since = row
    return LeaseRow(holder=holder, epoch=epoch, face=face, renewed_at=renewed_at, boot=boot, since=since)


class SqlitePreferences:
    """Small things that stick; see `runtime.ports_store.PreferenceStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def get(self, key: str) -> str | None:
        """Return the kept text."""
        row = await self._readers.read(lambda db: db.execute(GET, (key,)).fetchone())
        return None if row is None else str(row[0])

    async def put(self, key: str, text: str) -> None:
        """Keep a text."""
        await self._writer.write(lambda tx: tx.db.execute(PUT, (key, text)).rowcount)
