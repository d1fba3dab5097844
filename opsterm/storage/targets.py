"""The inventory on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opsterm.core.events import Fact
from opsterm.inventory.target import Protocol, Target
from opsterm.runtime.ports_store import Seen
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

_COLUMNS = "name, address, os, group_names, tags, protocol, port, account, environment, site, source"
ALL = f"SELECT {_COLUMNS} FROM target ORDER BY name"  # noqa: S608 (constants only)
ONE = f"SELECT {_COLUMNS} FROM target WHERE name = ?"  # noqa: S608 (constants only)
SAVE = f"INSERT OR REPLACE INTO target ({_COLUMNS}) VALUES ({', '.join('?' * 11)})"  # noqa: S608 (constants only)
REMOVE = "DELETE FROM target WHERE name = ?"
REMEMBER = "INSERT OR IGNORE INTO target_removed (name) VALUES (?)"
FORGET = "DELETE FROM target_removed WHERE name = ?"
REMOVED = "SELECT name FROM target_removed"
SEEN = "SELECT name, answered, tried_at, seen_at, reason FROM target_seen"
MARK_SEEN = "INSERT OR REPLACE INTO target_seen (name, answered, tried_at, seen_at, reason) VALUES (?, ?, ?, ?, ?)"


class SqliteTargets:
    """Targets; see `runtime.ports_store.TargetStore`. Group names and tags are JSON lists."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def all(self) -> Sequence[Target]:
        """Return every target, by name."""
        return await self._readers.read(lambda db: [_target(row) for row in db.execute(ALL)])

    async def save(self, targets: Sequence[Target], facts: Sequence[Fact]) -> Sequence[Fact]:
        """Insert or replace targets by name."""

        def work(tx: Transaction) -> Sequence[Fact]:
            _save(tx.db, targets)
            return tx.append(facts)

        return await self._writer.write(work, weight=len(targets) + len(facts))

    async def update(
        self,
        change: Callable[[Mapping[str, Target]], Sequence[Target]],
        facts: Callable[[Sequence[Target]], Sequence[Fact]],
        *,
        names: Sequence[str] | None = None,
    ) -> tuple[Sequence[Target], Sequence[Fact]]:
        """Change targets as they are at this moment; return what was saved.

        Args:
            change: called inside the transaction, in another thread, with the targets by name.
            facts: called with what `change` returned, if that is anything.
            names: which targets `change` needs to see; None for all.
        """

        def work(tx: Transaction) -> tuple[Sequence[Target], Sequence[Fact]]:
            rows = (
                tx.db.execute(ALL) if names is None else (row for name in names for row in tx.db.execute(ONE, (name,)))
            )
            changed = change({target.name: target for target in map(_target, rows)})
            _save(tx.db, changed)
            return changed, tx.append(facts(changed)) if changed else ()

        return await self._writer.write(work, weight=1000 if names is None else 1 + len(names))

    async def remove(self, names: Sequence[str], facts: Sequence[Fact]) -> Sequence[Fact]:
        """Remove targets by name and remember the names in `removed`."""

        def work(tx: Transaction) -> Sequence[Fact]:
            rows = [(name,) for name in names]
            tx.db.executemany(REMOVE, rows)
            tx.db.executemany(REMEMBER, rows)
            return tx.append(facts)

        return await self._writer.write(work, weight=len(names) + len(facts))

    async def removed(self) -> frozenset[str]:
        """Return names that the operator removed (and that were not saved again since)."""
        return await self._readers.read(lambda db: frozenset(name for (name,) in db.execute(REMOVED)))

    async def seen(self) -> Mapping[str, Seen]:
        """Return reachability by target name."""

        def work(db: sqlite3.Connection) -> Mapping[str, Seen]:
            return {
                name: Seen(answered=bool(answered), tried_at=tried_at, seen_at=seen_at, reason=reason)
                for name, answered, tried_at, seen_at, reason in db.execute(SEEN)
            }

        return await self._readers.read(work)

    async def mark_seen(self, seen: Mapping[str, Seen], facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep reachability by target name."""

        def work(tx: Transaction) -> Sequence[Fact]:
            rows = [(name, s.answered, s.tried_at, s.seen_at, s.reason) for name, s in seen.items()]
            tx.db.executemany(MARK_SEEN, rows)
            return tx.append(facts)

        return await self._writer.write(work, weight=len(seen) + len(facts))


def _save(db: sqlite3.Connection, targets: Sequence[Target]) -> None:
    db.executemany(FORGET, [(target.name,) for target in targets])
    db.executemany(SAVE, [_row(target) for target in targets])


def _row(target: Target) -> tuple[str | int | None, ...]:
    return (
        target.name, target.address, target.os, json.dumps(target.groups), json.dumps(target.tags),
        target.protocol.value, target.port, target.user, target.environment, target.site, target.source,
    )  # fmt: skip


def _target(row: tuple[Any, ...]) -> Target:  # a row of _COLUMNS as SQLite gives it
    name, address, os, group_names, tags, protocol, port, account, environment, site, source = row
    return Target(
        name=name,
        address=address,
        os=os,
        groups=_words(group_names),
        tags=_words(tags),
        protocol=Protocol(protocol),
        port=port,
        user=account,
        environment=environment,
        site=site,
        source=source,
    )


def _words(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(json.loads(text))
