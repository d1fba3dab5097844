"""The journal on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from opsterm.core.events import Fact
from opsterm.storage.facts import COLUMNS, facts_of
from opsterm.storage.line import Readers
from opsterm.storage.writer import Writer

AFTER = f"SELECT {COLUMNS} FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 (constants only)
LAST = "SELECT max(seq) FROM journal"


class SqliteJournal:
    """The list of facts; see `runtime.ports_store.JournalStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers
        self._elsewhere: int | None = None

    async def append(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Commit facts; return them with `seq` set. Concurrent calls share one commit."""
        if not facts:
            return ()
        return await self._writer.accept(lambda tx: tx.append(facts), only_facts=True, weight=len(facts))

    async def after(self, seq: int, limit: int) -> Sequence[Fact]:
        """Return up to `limit` facts whose `seq` is greater, in order."""
        return await self._readers.read(lambda db: facts_of(db.execute(AFTER, (seq, limit))))

    async def last_seq(self) -> int:
        """Return the highest `seq` there is, 0 for an empty journal."""
        return await self._readers.read(lambda db: int(db.execute(LAST).fetchone()[0] or 0))

    async def changed_elsewhere(self) -> bool:
        """Return whether another process has committed since the last call; what this one commits does not count.

        Costs one hop into the writer's thread, so it waits for a commit that is under way.
        """
        number = await self._writer.elsewhere()
        before, self._elsewhere = self._elsewhere, number
        return before is not None and number is not None and number != before

    async def search(
        self, *, kinds: Sequence[str] = (), correlation_id: str = "", since: float = 0.0, limit: int = 200
    ) -> Sequence[Fact]:
        """Return the newest `limit` matching facts, oldest first. Each kind is read from its own end of the index."""

        def work(db: sqlite3.Connection) -> list[Fact]:
            statement, values = search_statement(kinds, correlation_id, since, limit)
            return facts_of(reversed(db.execute(statement, values).fetchall()))

        return await self._readers.read(work)


def search_statement(
    kinds: Sequence[str], correlation_id: str, since: float, limit: int
) -> tuple[str, list[str | float | int]]:
    """Return the statement for `search` and its values; newest first."""
    conditions = ["at >= ?"]
    values: list[str | float | int] = [since]
    if correlation_id:
        conditions.append("correlation_id != '' AND correlation_id = ?")
        values.append(correlation_id)
        if kinds:
            conditions.append(f"kind IN ({', '.join('?' * len(kinds))})")
            values.extend(kinds)
    where = " AND ".join(conditions)
    one = f"SELECT {COLUMNS} FROM journal WHERE {where}"  # noqa: S608 (constants only)
    if correlation_id or not kinds:
        return f"{one} ORDER BY seq DESC LIMIT ?", [*values, limit]
    each = f"SELECT * FROM ({one} AND kind = ? ORDER BY seq DESC LIMIT ?)"  # noqa: S608 (constants only)
    every: list[str | float | int] = []
    for kind in dict.fromkeys(kinds):
        every.extend([*values, kind, limit])
    several = " UNION ALL ".join([each] * len(dict.fromkeys(kinds)))
    return f"{several} ORDER BY seq DESC LIMIT ?", [*every, limit]
