"""The child that owns Chroma: it makes a generation from the database, or answers from one. Nobody else opens it.

Run as `python -P -m opsterm.storage.vectors.index_child`; it speaks the frames of `serving`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
import numpy.typing as npt
from chromadb.config import Settings

from opsterm.knowledge.collection import RULES, CollectionName
from opsterm.storage.vectors import generation
from opsterm.storage.vectors.frames import Head
from opsterm.storage.vectors.serving import Answer, serve

PAGE = 2_000
"""Rows that are read in one transaction: the database goes on being written meanwhile."""

NICENESS = 10
"""Of what makes an index, which can take an hour; what answers is waited for."""

FLUSH_AT_MOST = 50_000
"""Vectors between two writes of the whole index to the disk."""

FEW = 20_000
"""Vectors of a collection that are compared one by one: that takes 5 to 20 ms, and misses none."""

PROBES = 16
"""Vectors of each collection that have to find themselves before an index is believed."""

NEIGHBOURS, EF_BUILD, EF_SEARCH = 16, 100, 120

_PAGE = """
SELECT v.item_seq, v.vector FROM item_vector v JOIN item i ON i.seq = v.item_seq
WHERE v.embedder = ? AND v.item_seq > ? AND v.item_seq <= ? AND i.collection = ? ORDER BY v.item_seq LIMIT ?
"""
_COUNT = """
SELECT count(*) FROM item_vector v JOIN item i ON i.seq = v.item_seq
WHERE v.embedder = ? AND v.item_seq <= ? AND i.collection = ?
"""

Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


class _Part:
    """One collection of a generation: Chroma's, and the vectors themselves for what must be exact."""

    def __init__(self, folder: Path, name: str, dimension: int, collection: Any) -> None:
        self.collection = collection  # Any: of chromadb, whose types are not looked at
        self.numbers: Numbers = np.fromfile(folder / f"{name}.seq", "<i8")
        shape = (len(self.numbers), dimension)
        place = folder / f"{name}.f32"
        self.vectors: Matrix = np.memmap(place, "<f4", "r", shape=shape) if len(self.numbers) else np.zeros(shape, "f4")

    def near(self, vector: Matrix, limit: int) -> tuple[Numbers, Matrix]:
        """Return the nearest, with their cosines: of few exactly, of many by the graph, which may miss one."""
        return self.among(vector, self.numbers, limit) if len(self.numbers) <= FEW else self._by_graph(vector, limit)

    def _by_graph(self, vector: Matrix, limit: int) -> tuple[Numbers, Matrix]:
        limit = min(limit, len(self.numbers))
        found = self.collection.query(query_embeddings=vector[None, :], n_results=limit, include=["distances"])
        numbers = np.array([int(one) for one in found["ids"][0]], np.int64)
        return numbers, 1 - np.array(found["distances"][0], np.float32)

    def among(self, vector: Matrix, wanted: Numbers, limit: int) -> tuple[Numbers, Matrix]:
        """Return the nearest of some, exactly."""
        places = np.searchsorted(self.numbers, wanted)
        there = places < len(self.numbers)
        there[there] = self.numbers[places[there]] == wanted[there]
        places = places[there]
        scores = self.vectors[places] @ vector
        best = np.argsort(-scores, kind="stable")[:limit]
        return self.numbers[places[best]], scores[best]

    def probes_fail(self) -> int:
        """Return how many of some vectors do not find themselves."""
        count = len(self.numbers)
        if not count:
            return 0
        failed = 0
        for place in np.unique(np.linspace(0, count - 1, min(PROBES, count)).astype(int)):
            _, scores = self._by_graph(np.array(self.vectors[place]), 1)
            failed += not len(scores) or float(scores[0]) < 0.999
        return failed


class IndexChild:
    """Its state: at most one generation is open."""

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}
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
                counts[kind.value] = _fill(client, db, folder, kind, embedder, upto)
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
        parts = {}
        for name in about.counts:
            collection = client.get_collection(name, embedding_function=None)
            part = parts[name] = _Part(folder, name, about.dimension, collection)
            if part.probes_fail():
                return {"broken": f"vectors of {name} do not find themselves"}, b""
        self._parts = parts
        return {"upto": about.upto, "counts": dict(about.counts)}, b""

    def near(self, head: Head, body: bytes) -> Answer:
        """Answer which vectors are nearest: of each collection that is asked for, by the index."""
        vector, limit = np.frombuffer(body, "<f4"), int(head["limit"])
        found = [
            self._parts[name].near(vector, limit) for name in head["collections"] if len(self._parts[name].numbers)
        ]
        return _answer(found, limit)

    def among(self, head: Head, body: bytes) -> Answer:
        """Answer which of some vectors are nearest, exactly; all of them when none is named."""
        length = 4 * int(head["dimension"])
        vector, wanted = np.frombuffer(body[:length], "<f4"), np.frombuffer(body[length:], "<i8")
        limit = int(head["limit"])
        parts = [self._parts[name] for name in head["collections"]]
        return _answer([part.among(vector, wanted if len(wanted) else part.numbers, limit) for part in parts], limit)

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


def _fill(client: Any, db: sqlite3.Connection, folder: Path, kind: CollectionName, embedder: str, upto: int) -> int:
    """Make one collection; return how many vectors it has."""
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
    with (folder / f"{name}.seq").open("wb") as numbers_file, (folder / f"{name}.f32").open("wb") as vectors_file:
        for numbers, vectors in _pages(db, kind, embedder, upto):
            collection.add(ids=[str(one) for one in numbers], embeddings=vectors)
            numbers.tofile(numbers_file)
            vectors.tofile(vectors_file)
            made += len(numbers)
    return made


def _pages(db: sqlite3.Connection, kind: CollectionName, embedder: str, upto: int) -> Iterator[tuple[Numbers, Matrix]]:
    last = 0
    while rows := db.execute(_PAGE, (embedder, last, upto, kind.value, PAGE)).fetchall():
        numbers = np.array([row[0] for row in rows], "<i8")
        vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1)
        yield numbers, vectors
        last = int(numbers[-1])


def main() -> None:
    """Serve."""
    child = IndexChild()
    serve({"build": child.build, "open": child.open, "near": child.near, "among": child.among})


if __name__ == "__main__":
    main()
