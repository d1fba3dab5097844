"""Facts as rows of the journal, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from opsterm.core.events import Fact, body_from_json, body_to_json, written_kind

COLUMNS = "seq, id, at, actor, correlation_id, causation_id, kind, kind_version, body"
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT = f"INSERT INTO journal ({COLUMNS}) VALUES "  # noqa: S608 (constants only)
_AT_ONCE = 64
_INSERT_MANY = _INSERT + ", ".join([_ROW] * _AT_ONCE)
_INSERT_ONE = _INSERT + _ROW


def fact_row(fact: Fact, seq: int) -> tuple[object, ...]:
    """Return a fact as the values of `COLUMNS`."""
    kind, version = written_kind(fact.event)
    body = body_to_json(fact.event)
    if not body.isascii():
        body = _storable(body)
    return (seq, fact.id, fact.at, fact.by, fact.correlation_id, fact.causation_id, kind, version, body)


def _storable(body: str) -> str:
    """Return JSON text that SQLite takes: a lone surrogate (a byte that is no UTF-8) only as its escape."""
    try:
        body.encode()
    except UnicodeEncodeError:
        return json.dumps(json.loads(body), separators=(",", ":"))
    return body


def placed(fact: Fact, seq: int) -> Fact:
    """Return a fact with its place; `dataclasses.replace` takes three times as long."""
    return Fact(
        event=fact.event,
        at=fact.at,
        by=fact.by,
        id=fact.id,
        correlation_id=fact.correlation_id,
        causation_id=fact.causation_id,
        seq=seq,
    )


def insert_rows(db: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Write rows, many with one statement: between statements the other threads would take their turn each time."""
    whole = len(rows) - len(rows) % _AT_ONCE
    for start in range(0, whole, _AT_ONCE):
        db.execute(_INSERT_MANY, [value for row in rows[start : start + _AT_ONCE] for value in row])
    db.executemany(_INSERT_ONE, rows[whole:])


def facts_of(rows: Iterable[tuple[int, str, float, str, str, str, str, int, str]]) -> list[Fact]:
    """Return rows of `COLUMNS` as facts."""
    return [
        Fact(
            event=body_from_json(kind, version, body),
            at=at,
            by=by,
            id=id_,
            correlation_id=correlation_id,
            causation_id=causation_id,
            seq=seq,
        )
        for seq, id_, at, by, correlation_id, causation_id, kind, version, body in rows
    ]
