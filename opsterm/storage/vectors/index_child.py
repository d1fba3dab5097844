"""The child that owns Chroma: it makes a generation from the database, or answers from one. Nobody else opens it.

Run as `python -P -m opsterm.storage.vectors.index_child`; it speaks the frames of `serving`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.config import Settings

from opsterm.knowledge.collection import RULES, CollectionName, CollectionScope
from opsterm.storage.vectors import generation
from opsterm.storage.vectors.columns import ColumnWriter, Numbers, Row, VectorColumns
from opsterm.storage.vectors.frames import Head
from opsterm.storage.vectors.serving import Answer, serve
from opsterm.storage.vectors.sketches import Matrix

PAGE = 2_000
"""Rows that are read in one transaction: the database goes on being written meanwhile."""

NICENESS = 10
"""Of what makes an index, which can take an hour; what answers is waited for."""

FLUSH_AT_MOST = 50_000
"""Vectors between two writes of the whole index to the disk."""

PROBES = 16
"""Vectors of each collection that have to find themselves before an index is believed."""

NEIGHBOURS, EF_BUILD, EF_SEARCH = 16, 100, 400
"""Of the graph. To a million vectors 120 found 0.96 of the exact ten, 400 finds 0.99 and takes 4 ms instead of 2."""

_PAGE = """
SELECT v.item_seq, v.vector, i.kind, i.owner, i.about, i.at FROM item_vector v JOIN item i ON i.seq = v.item_seq
WHERE v.embedder = ? AND v.item_seq > ? AND v.item_seq <= ? AND i.collection = ? ORDER BY v.item_seq LIMIT ?
"""
_COUNT = """
SELECT count(*) FROM item_vector v JOIN item i ON i.seq = v.item_seq
WHERE v.embedder = ? AND v.item_seq <= ? AND i.collection = ?
"""


class _Indexed:
    """One collection of a generation: its columns, and Chroma's graph over it."""

    def __init__(self, columns: VectorColumns, name: CollectionName, collection: Any) -> None:
        self._columns = columns
        self._name = name
        self._collection = collection  # Any: of chromadb, whose types are not looked at

    def near(self, vector: Matrix, scope: CollectionScope, limit: int) -> tuple[Numbers, Matrix]:
        """Return the nearest in a scope, with their cosines: by the graph when all of many are asked for."""
        if self._columns.is_large and not scope.narrows(self._name):
            return self._by_graph(vector, limit)
        return self._columns.near(vector, scope, limit)

    def _by_graph(self, vector: Matrix, limit: int) -> tuple[Numbers, Matrix]:
        limit = min(limit, len(self._columns.numbers))
        found = self._collection.query(query_embeddings=vector[None, :], n_results=limit, include=["distances"])
        numbers = np.array([int(one) for one in found["ids"][0]], np.int64)
        return numbers, 1 - np.array(found["distances"][0], np.float32)

    def probes_fail(self) -> int:
        """Return how many of some vectors do not find themselves."""
        count = len(self._columns.numbers)
        if not count:
            return 0
        failed = 0
        for place in np.unique(np.linspace(0, count - 1, min(PROBES, count)).astype(int)):
            _, scores = self._by_graph(np.array(self._columns.vectors[place]), 1)
            failed += not len(scores) or float(scores[0]) < 0.999
        return failed


class IndexChild:
    """Its state: at most one generation is open."""

    def __init__(self) -> None:
        self._indexed: dict[CollectionName, _Indexed] = {}
        self._locks: list[int] = []

    def build(self, head: Head, _: bytes) -> Answer:
        """Make a generation from the database."""
        os.nice(NICENESS)
        began = time.perf_counter()
        root, embedder, upto = Path(head["root"]), str(head["embedder"]), int(head["upto"])
        self._lock(root, "making")
        folder = generation.begin(root, embedder)
        counts = {}
        client = _client(folder / generation.CHROMA)
        with contextlib.closing(sqlite3.connect(f"{Path(head['database']).as_uri()}?mode=ro", uri=True)) as db:
            for kind in CollectionName:
                counts[kind.value] = _fill(client, db, folder, kind, head)
        client.close()
        about = generation.Seal(
            shape=generation.SHAPE, embedder=embedder, upto=upto, mark=str(head["mark"]), counts=counts,
            dimension=int(head["dimension"]), files=generation.sums_of(folder), seconds=time.perf_counter() - began,
        )  # fmt: skip
        generation.seal(folder, about)
        place = generation.finish(folder, about)
        return {"folder": str(place), "counts": counts, "seconds": about.seconds}, b""

    def open(self, head: Head, _: bytes) -> Answer:
        """Open a generation, if it is as it was when it was sealed."""
        folder = Path(head["folder"])
        self._lock(folder.parent, "reading")
        about = generation.read_seal(folder)
        if about is None or generation.sums_of(folder) != about.files:
            return {"broken": "its files are not those that were sealed"}, b""
        client = _client(folder / generation.CHROMA)
        indexed = {}
        for name in map(CollectionName, about.counts):
            collection = client.get_collection(name.value, embedding_function=None)
            one = indexed[name] = _Indexed(VectorColumns(folder, name, about.dimension), name, collection)
            if one.probes_fail():
                return {"broken": f"vectors of {name} do not find themselves"}, b""
        self._indexed = indexed
        return {"upto": about.upto, "counts": dict(about.counts)}, b""

    def near(self, head: Head, body: bytes) -> Answer:
        """Answer which vectors in a scope are nearest."""
        vector, limit = np.frombuffer(body, "<f4"), int(head["limit"])
        scope = CollectionScope(
            collections=[CollectionName(name) for name in head["collections"]], asker=str(head["asker"]),
            kinds=head["kinds"], about=head["about"], since=float(head["since"]),
        )  # fmt: skip
        return _answer([self._indexed[name].near(vector, scope, limit) for name in scope.collections], limit)

    def _lock(self, root: Path, name: str) -> None:
        """Insist on being the only one. Raises OSError: another child has not ended yet."""
        number = os.open(root / f".{name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._locks.append(number)


def _answer(found: list[tuple[Numbers, Matrix]], limit: int) -> Answer:
    numbers = np.concatenate([one for one, _ in found] or [np.zeros(0, np.int64)])
    scores = np.concatenate([one for _, one in found] or [np.zeros(0, np.float32)])
    best = np.argsort(-scores, kind="stable")[:limit]
    return {"count": len(best)}, numbers[best].astype("<i8").tobytes() + scores[best].astype("<f4").tobytes()


def _client(folder: Path) -> Any:
    """Return Chroma over a folder, whatever a `.env` or the environment says, and without its telemetry.

    Any: chromadb's types are not looked at.
    """
    settings = Settings(
        _env_file=None, chroma_api_impl="chromadb.api.rust.RustBindingsAPI", is_persistent=True,
        persist_directory=str(folder), anonymized_telemetry=False,
    )  # fmt: skip
    return chromadb.PersistentClient(str(folder), settings=settings)


def _fill(client: Any, db: sqlite3.Connection, folder: Path, kind: CollectionName, head: Head) -> int:
    """Make one collection; return how many vectors it has."""
    embedder, upto, dimension = str(head["embedder"]), int(head["upto"]), int(head["dimension"])
    name, rules = kind.value, RULES[kind]
    (count,) = db.execute(_COUNT, (embedder, upto, name)).fetchone()
    rounds = max(1, -(-count // FLUSH_AT_MOST))
    flush = max(2, -(-count // rounds))  # so that the last write is that of the last vector
    collection = client.create_collection(
        name, embedding_function=None,
        metadata={"schema": ",".join(rules.kinds), "owner": rules.owner, "trust": rules.trust.value,
                  "retention_d": rules.retention_d or 0.0},
        configuration={"hnsw": {
            "space": "cosine", "ef_construction": EF_BUILD, "ef_search": EF_SEARCH, "max_neighbors": NEIGHBOURS,
            "sync_threshold": flush, "batch_size": min(flush, 100),
        }},
    )  # fmt: skip
    made = 0
    with ColumnWriter(folder, name, dimension, count) as writer:
        for rows in _pages(db, kind, embedder, upto):
            numbers, vectors = writer.write(rows)
            collection.add(ids=[str(one) for one in numbers], embeddings=vectors)
            made += len(rows)
    return made


def _pages(db: sqlite3.Connection, kind: CollectionName, embedder: str, upto: int) -> Iterator[Sequence[Row]]:
    last = 0
    while rows := db.execute(_PAGE, (embedder, last, upto, kind.value, PAGE)).fetchall():
        yield rows
        last = rows[-1][0]


def main() -> None:
    """Serve."""
    child = IndexChild()
    serve({"build": child.build, "open": child.open, "near": child.near})


if __name__ == "__main__":
    main()
