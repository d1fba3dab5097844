"""The items of the collections and their vectors, on SQLite; the search here looks at each vector."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np

from opsterm.core.clock import Clock
from opsterm.knowledge.collection import CollectionName, CollectionScope, EmbedderStamp, Item, Trust
from opsterm.runtime.ports_vectors import IndexStanding, Scored, Vector
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

BLOCK = 2_000
"""Vectors that are compared at once: other threads have their turn in between."""

_COLUMNS = "collection, name, kind, owner, trust, about, title, body, at"
_ADD = f"""
INSERT INTO item ({_COLUMNS}, expires_at, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608 (names of ours)
_REMOVE_VECTOR = "DELETE FROM item_vector WHERE embedder = ? AND item_seq = ?"
_REMOVE = "DELETE FROM item WHERE seq = ?"
_PUT = "INSERT OR REPLACE INTO item_vector (embedder, item_seq, vector) SELECT ?, seq, ? FROM item WHERE seq = ?"
_KNOW = """
INSERT OR IGNORE INTO embedder (key, rung, name, version, digest, dimension, at, upto) VALUES (?, ?, ?, ?, ?, ?, ?, 0)
"""
_REACH = "UPDATE embedder SET upto = max(upto, ?) WHERE key = ?"
_REACHED = "SELECT ifnull(max(upto), 0) FROM embedder WHERE key = ?"
_MISSING = """
FROM item i WHERE i.seq > ?
AND NOT EXISTS (SELECT 1 FROM item_vector v WHERE v.embedder = ? AND v.item_seq = i.seq)
"""
_STAMPS = """
SELECT rung, name, version, digest, dimension FROM embedder e
WHERE EXISTS (SELECT 1 FROM item_vector v WHERE v.embedder = e.key) ORDER BY at
"""


class SqliteItems:
    """Implements `runtime.ports_vectors.ItemStore`."""

    def __init__(self, writer: Writer, readers: Readers, clock: Clock) -> None:
        self._writer = writer
        self._readers = readers
        self._clock = clock

    # ------------------------------------------------------------------ writing

    async def keep(self, items: Sequence[Item], stamp: EmbedderStamp, vectors: Sequence[Vector]) -> None:
        """Keep items with a vector each, all or none."""
        for item in items:
            item.check()

        def work(tx: Transaction) -> None:
            _know(tx.db, stamp, self._clock.now())
            for item, vector in zip(items, vectors, strict=True):
                _remove(tx.db, item.collection, item.name)
                row = (item.collection, item.name, item.kind, item.owner, item.trust, item.about, item.title, item.body)
                seq = tx.db.execute(_ADD, (*row, item.at, item.expires_at, item.digest)).lastrowid
                tx.db.execute(_PUT, (stamp.key, vector, seq))

        await self._writer.write(work, weight=1 + 4 * len(items))

    async def remove(self, collection: CollectionName, names: Sequence[str]) -> None:
        """Remove items."""

        def work(tx: Transaction) -> None:
            for name in names:
                _remove(tx.db, collection, name)

        await self._writer.write(work, weight=1 + 2 * len(names))

    async def expire(self, now: float) -> int:
        """Remove what has been kept long enough; return how many."""

        def work(tx: Transaction) -> int:
            old = tx.db.execute("SELECT seq FROM item WHERE expires_at <= ? LIMIT ?", (now, BLOCK)).fetchall()
            _drop(tx.db, [seq for (seq,) in old])
            return len(old)

        removed = 0
        while count := await self._writer.write(work, weight=BLOCK):
            removed += count
        return removed

    async def put(self, stamp: EmbedderStamp, vectors: Sequence[tuple[int, Vector]], *, upto: int) -> None:
        """Keep vectors of items, and that all up to a number have one now; what was removed meanwhile is left out."""

        def work(tx: Transaction) -> None:
            _know(tx.db, stamp, self._clock.now())
            tx.db.executemany(_PUT, [(stamp.key, vector, seq) for seq, vector in vectors])
            tx.db.execute(_REACH, (upto, stamp.key))

        await self._writer.write(work, weight=1 + 2 * len(vectors))

    async def forget(self, stamp: EmbedderStamp) -> None:
        """Remove all vectors that something made, some at a time: others write in between."""

        def work(tx: Transaction) -> int:
            tx.db.execute("UPDATE embedder SET upto = 0 WHERE key = ?", (stamp.key,))
            return tx.db.execute(
                "DELETE FROM item_vector WHERE rowid IN (SELECT rowid FROM item_vector WHERE embedder = ? LIMIT ?)",
                (stamp.key, BLOCK),
            ).rowcount

        while await self._writer.write(work, weight=BLOCK):
            pass

    # ------------------------------------------------------------------ what is there

    async def digests(self, collection: CollectionName) -> Mapping[str, str]:
        """Return name -> digest of all items of a collection."""
        question = "SELECT name, digest FROM item WHERE collection = ?"
        return await self._readers.read(lambda db: dict(db.execute(question, (collection,))))

    async def counts(self) -> Mapping[CollectionName, int]:
        """Count the items of each collection."""
        question = "SELECT collection, count(*) FROM item GROUP BY collection"
        found = await self._readers.read(lambda db: dict(db.execute(question)))
        return {name: int(found.get(name.value, 0)) for name in CollectionName}

    async def stamps(self) -> Sequence[EmbedderStamp]:
        """Return what has made vectors that are there."""
        rows = await self._readers.read(lambda db: db.execute(_STAMPS).fetchall())
        return [
            EmbedderStamp(rung=rung, name=name, version=version, digest=digest, dimension=dimension)
            for rung, name, version, digest, dimension in rows
        ]

    async def standing(self, stamp: EmbedderStamp) -> IndexStanding:
        """Return how far an embedder has come."""

        def work(db: sqlite3.Connection) -> IndexStanding:
            (last,) = db.execute("SELECT ifnull(max(seq), 0) FROM item").fetchone()
            (reached,) = db.execute(_REACHED, (stamp.key,)).fetchone()
            (waiting,) = db.execute(f"SELECT count(*) {_MISSING}", (reached, stamp.key)).fetchone()
            upto = reached if waiting else last
            return IndexStanding(last=last, upto=upto, mark=_mark(db, upto), waiting=waiting)

        return await self._readers.read(work)

    async def mark(self, seq: int) -> str:
        """Return the mark of an item, "" when it is not there."""
        return await self._readers.read(lambda db: _mark(db, seq))

    async def waiting(self, stamp: EmbedderStamp, limit: int) -> Sequence[tuple[int, str]]:
        """Return number and text of items without a vector, the oldest first."""
        question = f"SELECT i.seq, i.title || '. ' || i.body {_MISSING} ORDER BY i.seq LIMIT ?"

        def work(db: sqlite3.Connection) -> Sequence[tuple[int, str]]:
            (reached,) = db.execute(_REACHED, (stamp.key,)).fetchone()
            return db.execute(question, (reached, stamp.key, limit)).fetchall()

        return await self._readers.read(work)

    async def items(self, numbers: Sequence[int]) -> Mapping[int, Item]:
        """Return items by their numbers; those that are not there are left out."""
        question = f"SELECT seq, {_COLUMNS} FROM item WHERE seq = ?"  # noqa: S608 (names of ours)

        def work(db: sqlite3.Connection) -> Mapping[int, Item]:
            rows = (db.execute(question, (number,)).fetchone() for number in numbers)
            return {row[0]: _item(row[1:]) for row in rows if row is not None}

        return await self._readers.read(work)

    # ------------------------------------------------------------------ looking

    async def nearest(
        self, stamp: EmbedderStamp, vector: Vector, scope: CollectionScope, *, above: int, limit: int
    ) -> Sequence[Scored]:  # fmt: skip
        """Return the nearest of the items in a scope with numbers above one, exactly."""
        where, values = _where(scope)
        question = f"""
            SELECT v.item_seq, v.vector FROM item_vector v JOIN item i ON i.seq = v.item_seq
            WHERE v.embedder = ? AND v.item_seq > ? AND {where} ORDER BY v.item_seq
        """  # noqa: S608 (names of ours and question marks)

        def work(db: sqlite3.Connection) -> Sequence[Scored]:
            rows = db.execute(question, (stamp.key, above, *values))
            best: list[Scored] = []
            while block := rows.fetchmany(BLOCK):
                best = sorted((*best, *_scored(block, vector)), key=lambda one: (-one[1], one[0]))[:limit]
            return best

        return await self._readers.read(work)

    async def within(
        self, stamp: EmbedderStamp, vector: Vector, scope: CollectionScope, numbers: Sequence[int], limit: int
    ) -> Sequence[Scored]:  # fmt: skip
        """Return the first few of some items that are there and in a scope, with their cosines, the nearest first."""
        where, values = _where(scope)
        question = f"""
            SELECT v.item_seq, v.vector FROM item i JOIN item_vector v ON v.embedder = ? AND v.item_seq = i.seq
            WHERE i.seq = ? AND {where}
        """  # noqa: S608 (as above)

        def work(db: sqlite3.Connection) -> Sequence[Scored]:
            rows = (db.execute(question, (stamp.key, number, *values)).fetchone() for number in numbers)
            there = list(islice((row for row in rows if row is not None), limit))
            return sorted(_scored(there, vector), key=lambda one: (-one[1], one[0]))

        return await self._readers.read(work)


def _know(db: sqlite3.Connection, stamp: EmbedderStamp, now: float) -> None:
    db.execute(_KNOW, (stamp.key, stamp.rung, stamp.name, stamp.version, stamp.digest, stamp.dimension, now))


def _remove(db: sqlite3.Connection, collection: CollectionName, name: str) -> None:
    question = "SELECT seq FROM item WHERE collection = ? AND name = ?"
    _drop(db, [seq for (seq,) in db.execute(question, (collection, name))])


def _drop(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    for (key,) in db.execute("SELECT key FROM embedder").fetchall() if numbers else ():
        db.executemany(_REMOVE_VECTOR, [(key, seq) for seq in numbers])
    db.executemany(_REMOVE, [(seq,) for seq in numbers])


def _mark(db: sqlite3.Connection, seq: int) -> str:
    row = db.execute("SELECT digest, at FROM item WHERE seq = ?", (seq,)).fetchone()
    return f"{row[0]} {row[1]!r}" if row else ""


def _where(scope: CollectionScope) -> tuple[str, list[object]]:
    """Return the condition of a scope, over `item i`, and its values."""
    parts, values = ["i.owner IN ('', ?)"], list[object]([scope.asker])
    for column, wanted in (("collection", scope.collections), ("kind", scope.kinds), ("about", scope.about)):
        if wanted or column == "collection":
            parts.append(f"i.{column} IN ({', '.join('?' * len(wanted))})")
            values += [str(one) for one in wanted]
    if scope.since:
        parts.append("i.at >= ?")
        values.append(scope.since)
    return " AND ".join(parts), values


def _scored(rows: Sequence[tuple[int, bytes]], vector: Vector) -> Sequence[Scored]:
    if not rows:
        return ()
    table = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1)
    scores = table @ np.frombuffer(vector, "<f4")
    return [(row[0], score) for row, score in zip(rows, scores.tolist(), strict=True)]


def _item(row: tuple[str, str, str, str, str, str, str, str, float]) -> Item:
    collection, name, kind, owner, trust, about, title, body, at = row
    return Item(
        collection=CollectionName(collection), name=name, kind=kind, owner=owner, trust=Trust(trust), about=about,
        title=title, body=body, at=at,
    )  # fmt: skip
