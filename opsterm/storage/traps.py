"""Received traps on SQLite: the newest of each target and of all together."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opsterm.core.events import Fact
from opsterm.monitoring.traps import Trap
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.ports_traps import TrapFacts
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

KEPT_OF_TARGET = 1000
KEPT = 20_000

_COLUMNS = """id, target, sender, version, user_name, checked, is_inform, trap, name, up_time_s, at, last_at, count,
bindings"""
INSERT = f"INSERT INTO trap ({_COLUMNS}) VALUES ({', '.join('?' * 14)})"  # noqa: S608 (constants only)
AGAIN = "UPDATE trap SET count = count + ?, last_at = max(last_at, ?) WHERE id = ?"
NEWEST = f"SELECT {_COLUMNS} FROM trap WHERE last_at >= ? ORDER BY last_at DESC, id DESC LIMIT ?"  # noqa: S608 (constants only)
NEWEST_OF = f"SELECT {_COLUMNS} FROM trap WHERE target = ? AND last_at >= ? ORDER BY last_at DESC, id DESC LIMIT ?"  # noqa: S608 (constants only)
TIDY_TARGET = """DELETE FROM trap WHERE target = ? AND last_at <=
(SELECT last_at FROM trap WHERE target = ? ORDER BY last_at DESC LIMIT 1 OFFSET ?)"""
TIDY = "DELETE FROM trap WHERE last_at <= (SELECT last_at FROM trap ORDER BY last_at DESC LIMIT 1 OFFSET ?)"


class SqliteTraps:
    """Traps; see `runtime.ports_traps.TrapStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def keep(
        self, new: Sequence[Trap], again: Mapping[int, tuple[int, float]], facts: TrapFacts, *, fence: Fence
    ) -> tuple[Sequence[Trap], Sequence[Fact]]:
        """Keep new traps, and count others that came again; see `TrapStore.keep`."""

        def work(tx: Transaction) -> tuple[Sequence[Trap], Sequence[Fact]]:
            tx.check(fence)
            kept = [replace(trap, id=tx.db.execute(INSERT, _row(trap)).lastrowid or 0) for trap in new]
            tx.db.executemany(AGAIN, [(count, last_at, number) for number, (count, last_at) in again.items()])
            for target in {trap.target for trap in new}:
                tx.db.execute(TIDY_TARGET, (target, target, KEPT_OF_TARGET))
            if new:
                tx.db.execute(TIDY, (KEPT,))
            return kept, tx.append(facts(kept))

        return await self._writer.write(work, weight=2 + 2 * len(new) + len(again))

    async def list(self, *, targets: Collection[str] | None, since: float, limit: int) -> Sequence[Trap]:
        """Return traps, the newest first; see `TrapStore.list`."""
        if targets is None:
            return await self._readers.read(lambda db: [_trap(row) for row in db.execute(NEWEST, (since, limit))])
        found = await self._readers.read(
            lambda db: [_trap(row) for name in targets for row in db.execute(NEWEST_OF, (name, since, limit))]
        )
        return sorted(found, key=lambda trap: (trap.last_at, trap.id), reverse=True)[:limit]


def _row(trap: Trap) -> tuple[str | int | float | None, ...]:
    return (
        trap.id or None, trap.target, trap.sender, trap.version, trap.user, int(trap.checked), int(trap.is_inform),
        trap.trap, trap.name, trap.up_time_s, trap.at, trap.last_at, trap.count, json.dumps(trap.bindings),
    )  # fmt: skip


def _trap(row: tuple[Any, ...]) -> Trap:  # a row of _COLUMNS as SQLite gives it
    number, target, sender, version, user, checked, is_inform, trap, name, up_time_s, at, last_at, count, said = row
    return Trap(
        id=number, target=target, sender=sender, version=version, user=user, checked=bool(checked),
        is_inform=bool(is_inform), trap=trap, name=name, up_time_s=up_time_s, at=at, last_at=last_at, count=count,
        bindings=tuple((first, second) for first, second in json.loads(said)),
    )  # fmt: skip
