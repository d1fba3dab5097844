"""Commands that suggestions are made from, on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

from opsterm.core.events import Fact
from opsterm.knowledge.command_use import CommandUse
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

LATE = 500
"""Changes back from the newest that was taken: one that ends later than so many others is not learned from."""

NOT_TAKEN = f"""SELECT c.id, c.requested_by, c.command, c.shell, c.targets, c.requested_at, CASE
  WHEN c.state = 'done' THEN 1
  WHEN c.state IN ('rolled back', 'rollback failed') THEN 0
  WHEN EXISTS (
    SELECT 1 FROM outcome o WHERE o.change_id = c.id AND o.state IN ('failed', 'timed out', 'not verified')) THEN 0
END FROM change c
WHERE c.state IN ('done', 'failed', 'cancelled', 'interrupted', 'rolled back', 'rollback failed') AND c.started_at > 0
AND c.shell IN ('sh', 'bash', 'powershell', 'cmd')
AND c.id > (SELECT ifnull(max(change_id), 0) FROM command_use) - {LATE}
AND NOT EXISTS (SELECT 1 FROM command_use u WHERE u.change_id = c.id) ORDER BY c.id LIMIT ?"""  # noqa: S608 (constants only)
KEEP = """INSERT INTO command_use (actor, command, shell, host_class, directory, at, ended_well, change_id)
SELECT ?, ?, ?, ?, ?, ?, ?, ?
WHERE ? = 0 OR NOT EXISTS (SELECT 1 FROM command_use WHERE change_id = ?)"""
SINCE = """SELECT id, actor, command, shell, host_class, directory, at, ended_well, change_id FROM command_use
WHERE id > ? AND actor = ? AND command != '' ORDER BY id"""
NEWEST = "SELECT ifnull(max(id), 0), ifnull(sum(command = ''), 0) FROM command_use"
FORGET = """UPDATE command_use SET command = '', directory = ''
WHERE actor = ? AND command != '' AND (? = '' OR command = ?)"""


class SqliteCommandUses:
    """Commands that were run; see `runtime.ports_habits.CommandUseStore`.

    What is forgotten leaves a row without its command, so that its change is not taken in once more.
    """

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def not_taken(self, limit: int) -> Sequence[tuple[CommandUse, Sequence[str]]]:
        """Return what ended changes ran, as it stands there, each with the names of its targets; the oldest first."""

        def work(db: sqlite3.Connection) -> Sequence[tuple[CommandUse, Sequence[str]]]:
            return [
                (
                    CommandUse(
                        actor=actor, command=command, shell=shell, at=at, change=number,
                        ended_well=None if well is None else bool(well),
                    ),
                    [target[0] for target in json.loads(targets)],
                )
                for number, actor, command, shell, targets, at, well in db.execute(NOT_TAKEN, (limit,))
            ]  # fmt: skip

        return await self._readers.read(work)

    async def keep(self, uses: Sequence[CommandUse]) -> None:
        """Keep uses; one of a change that is kept already is left out."""
        rows = [
            (one.actor, one.command, one.shell, one.host_class, one.directory, one.at, one.ended_well, one.change,
             one.change, one.change)
            for one in uses
        ]  # fmt: skip

        def work(tx: Transaction) -> None:
            tx.db.executemany(KEEP, rows)

        await self._writer.write(work, weight=1 + len(rows))

    async def since(self, number: int, actor: str) -> Sequence[CommandUse]:
        """Return the uses of an account with a greater id, by id."""

        def work(db: sqlite3.Connection) -> Sequence[CommandUse]:
            return [
                CommandUse(
                    id=row[0], actor=row[1], command=row[2], shell=row[3], host_class=row[4], directory=row[5],
                    at=row[6], ended_well=None if row[7] is None else bool(row[7]), change=row[8],
                )
                for row in db.execute(SINCE, (number, actor))
            ]  # fmt: skip

        return await self._readers.read(work)

    async def newest(self) -> tuple[int, int]:
        """Return the greatest id, and how many were forgotten."""

        def work(db: sqlite3.Connection) -> tuple[int, int]:
            newest, forgotten = db.execute(NEWEST).fetchone()
            return newest, forgotten

        return await self._readers.read(work)

    async def forget(self, actor: str, command: str, facts: Callable[[int], Sequence[Fact]]) -> Sequence[Fact]:
        """Forget an account's uses of a command, "" for all."""

        def work(tx: Transaction) -> Sequence[Fact]:
            count = tx.db.execute(FORGET, (actor, command, command)).rowcount
            return tx.append(facts(count)) if count else ()

        return await self._writer.write(work)
