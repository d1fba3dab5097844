"""The index over cards: a file of its own, made from the cards whenever it is missing, old or broken.

Words are in FTS5, vectors beside them; the search over vectors is exact. A new index is written beside the old one
and takes its place whole, so a process that is killed leaves the old one, and nobody sees half of one.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from opsterm.core.paths import make_private
from opsterm.knowledge.card import Card, CardKind
from opsterm.knowledge.card_file import cards_of, write_cards
from opsterm.knowledge.card_text import PartTerms, index_word, terms_of_card
from opsterm.knowledge.embedding import EMBEDDER, Embedding, VectorTable, embed_card, embed_question, word_number
from opsterm.knowledge.fusion import COLUMN_WEIGHTS, Candidate
from opsterm.knowledge.spelling import KnownWords
from opsterm.knowledge.synonyms import card_terms
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_knowledge import CardFilter, Rankings
from opsterm.storage.faults import fault

LISTED = 100
"""Cards of each list that are looked at further."""

SHAPE = "2"
"""Of the tables below; another one is made anew."""

_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE card (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, systems TEXT NOT NULL,
  patterns TEXT NOT NULL, vector BLOB NOT NULL, body TEXT NOT NULL);
CREATE TABLE word (text TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE card_words USING fts5(title, symptoms, codes, body, content='',
  tokenize="unicode61 tokenchars '_'");
"""
_SEARCH = f"""
SELECT rowid FROM card_words WHERE card_words MATCH ?
ORDER BY bm25(card_words, {", ".join(map(str, COLUMN_WEIGHTS))}) LIMIT ?
"""  # noqa: S608 (numbers of ours)


class SqliteCardIndex:
    """Implements `runtime.ports_knowledge.CardIndex`."""

    def __init__(self, path: Path, run: Run) -> None:
        """Keep the index at `path`; `run` calls off the loop."""
        self._path = path
        self._run = run
        self._loaded: _Loaded | None = None

    async def stamp(self) -> str:
        """Return what the index was made from, "" when there is none that can be used."""
        return await self._run(self._stamp)

    async def build(self, cards: Sequence[Card], stamp: str) -> None:
        """Make the index anew."""
        await self._run(lambda: self._build(cards, stamp))

    async def rank(self, words: str, only: CardFilter, *, by_meaning: Sequence[tuple[str, float]] = ()) -> Rankings:
        """Return the cards that may answer."""
        return await self._run(lambda: self._rank(words, only, dict(by_meaning)))

    async def cards(self, ids: Sequence[str]) -> Sequence[Card]:
        """Return cards by their ids, in that order; those that are not there are left out."""
        return await self._run(lambda: self._cards(ids))

    # ------------------------------------------------------------------ in the thread

    def _stamp(self) -> str:
        if not self._path.exists():
            return ""
        try:
            with self._open() as db:
                about = dict(db.execute("SELECT name, body FROM about"))
        except sqlite3.Error:
            return ""
        mine = (about.get("shape"), about.get("embedder")) == (SHAPE, EMBEDDER)
        return str(about.get("stamp", "")) if mine else ""

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)
        try:
            yield db
        finally:
            db.close()

    def _build(self, cards: Sequence[Card], stamp: str) -> None:
        make_private(self._path.parent)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        try:
            os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with contextlib.closing(sqlite3.connect(fresh)) as db:
                db.executescript(f"PRAGMA journal_mode = OFF;{_TABLES}")
                about = {"shape": SHAPE, "embedder": EMBEDDER, "stamp": stamp}
                db.executemany("INSERT INTO about VALUES (?, ?)", about.items())
                words: set[str] = set()
                for number, card in enumerate(cards, 1):
                    terms = terms_of_card(card)
                    _insert(db, number, card, terms)
                    words.update(term for part in terms for term in part)
                db.executemany("INSERT INTO word VALUES (?)", sorted((word,) for word in words))
                db.commit()
            fresh.replace(self._path)
        except (sqlite3.Error, OSError) as error:
            raise fault(error, self._path, "written") from error
        finally:
            fresh.unlink(missing_ok=True)
        self._loaded = None

    def _rank(self, words: str, only: CardFilter, by_meaning: Mapping[str, float]) -> Rankings:
        try:
            with self._open() as db:
                loaded = self._load(db)
                asked = loaded.asked(words)
                terms = [f'"{index_word(term)}"' for term in dict.fromkeys(asked)]
                rows = db.execute(_SEARCH, (" OR ".join(terms), LISTED * 3)) if terms else ()
                by_words = [number - 1 for (number,) in rows]
        except (sqlite3.Error, OSError) as error:
            raise fault(error, self._path, "read") from error
        return loaded.rankings(words, asked, by_words, only, by_meaning)

    def _load(self, db: sqlite3.Connection) -> _Loaded:
        """Return what is kept in memory of the index, read anew when another process has replaced the file."""
        identity = self._path.stat().st_ino
        if self._loaded is None or self._loaded.identity != identity:
            rows = db.execute("SELECT id, kind, systems, patterns, vector FROM card ORDER BY n").fetchall()
            vocabulary = KnownWords(word for (word,) in db.execute("SELECT text FROM word"))
            self._loaded = _Loaded(identity, rows, vocabulary)
        return self._loaded

    def _cards(self, ids: Sequence[str]) -> Sequence[Card]:
        try:
            with self._open() as db:
                marks = ", ".join("?" * len(ids))
                question = f"SELECT id, body FROM card WHERE id IN ({marks})"  # noqa: S608 (question marks only)
                rows = dict(db.execute(question, list(ids)))
        except sqlite3.Error as error:
            raise fault(error, self._path, "read") from error
        return [
            cards_of(rows[name].partition("\n")[2], rows[name].partition("\n")[0])[0] for name in ids if name in rows
        ]


def _insert(db: sqlite3.Connection, number: int, card: Card, terms: PartTerms) -> None:
    db.execute(
        "INSERT INTO card VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, card.id, card.kind, " ".join(card.systems), "\n".join(one.pattern for one in card.errors),
         embed_card(terms).to_bytes(), f"{card.source}\n{write_cards([card])}"),
    )  # fmt: skip
    db.execute(
        "INSERT INTO card_words (rowid, title, symptoms, codes, body) VALUES (?, ?, ?, ?, ?)",
        (number, *(" ".join(map(index_word, part)) for part in terms)),
    )


class _Loaded:
    """What of an index is kept in memory: names, vectors, patterns; 6 bytes a feature, some 3 kB a card."""

    def __init__(
        self, identity: int, rows: Sequence[tuple[str, str, str, str, bytes]], vocabulary: KnownWords
    ) -> None:  # fmt: skip
        self.identity = identity
        self._vocabulary = vocabulary
        self._rows = [(name, kind, frozenset(systems.split()), patterns) for name, kind, systems, patterns, _ in rows]
        self._places = {row[0]: place for place, row in enumerate(rows)}
        self._table = VectorTable([Embedding.from_bytes(row[4]) for row in rows])

    def asked(self, words: str) -> list[str]:
        """Return the words of a question, those that were meant in the place of those that nobody knows."""
        terms = card_terms(words)
        meant = dict(self._vocabulary.meant(terms))
        return [word for term in terms for word in (card_terms(meant[term]) if term in meant else (term,))]

    def rankings(
        self, words: str, asked: Sequence[str], by_words: Sequence[int], only: CardFilter,
        by_meaning: Mapping[str, float],
    ) -> Rankings:  # fmt: skip
        near = self._table.nearness(embed_question(" ".join(asked)), [word_number(term) for term in asked])
        nearest = [int(row) for row in np.argsort(-near.likeness, kind="stable")[: LISTED * 3]]
        by_words = [row for row in by_words if self._wanted(row, only)][:LISTED]
        by_likeness = [row for row in nearest if near.likeness[row] > 0 and self._wanted(row, only)][:LISTED]
        near_by_meaning = [row for row in map(self._places.get, by_meaning) if row is not None]
        found: dict[str, Candidate] = {}
        for row in dict.fromkeys(
            (*by_words, *by_likeness, *(one for one in near_by_meaning if self._wanted(one, only)))
        ):
            name, kind, _, patterns = self._rows[row]
            found[name] = Candidate(
                id=name, likeness=float(near.likeness[row]), coverage=float(near.coverage[row]),
                shared=int(near.shared[row]), fits=any(one.search(words) for one in _compiled(patterns)),
                concept=kind == CardKind.CONCEPT, meaning=by_meaning.get(name, 0.0),
            )  # fmt: skip
        named: Mapping[int, str] = {row: self._rows[row][0] for row in (*by_words, *by_likeness)}
        return Rankings(
            by_words=tuple(named[row] for row in by_words), by_likeness=tuple(named[row] for row in by_likeness),
            candidates=found,
        )  # fmt: skip

    def _wanted(self, row: int, only: CardFilter) -> bool:
        _, kind, systems, _ = self._rows[row]
        return _is_among(kind, only.kinds) and (not only.systems or not systems.isdisjoint({*only.systems, "any"}))


def _is_among(word: str, wanted: Collection[str]) -> bool:
    return not wanted or word in wanted


@lru_cache(maxsize=4_096)
def _compiled(patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one, re.IGNORECASE) for one in patterns.split("\n") if one)
