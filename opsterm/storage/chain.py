"""The audit chain on SQLite: entries are added in the transaction of the facts that they tell of."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from secrets import token_bytes, token_hex

from opsterm.core.secret import Secret
from opsterm.policy.audit_entry import entry_body, is_chained
from opsterm.policy.chain import GENESIS, KEY_BEGUN, entry_hash, key_id, next_key, seal
from opsterm.storage.chain_key import ChainKey, KeyState
from opsterm.storage.facts import COLUMNS

LAST = "SELECT n, hash, mac FROM audit_chain ORDER BY n DESC LIMIT 1"
HASH_AT = "SELECT hash FROM audit_chain WHERE n = ?"
BEGUN_AT = "SELECT max(n) FROM audit_chain WHERE instr(body, ?) > 0"
ADD = "INSERT INTO audit_chain (n, body, hash, mac) VALUES (?, ?, ?, ?)"
JOURNAL_SO_FAR = f"SELECT {COLUMNS} FROM journal ORDER BY seq"  # noqa: S608 (constants only)

Row = tuple[object, ...]
"""Values of `facts.COLUMNS`."""


@dataclass(slots=True, kw_only=True, eq=False)
class _End:
    """Where the chain ends while entries are added; `key` seals the next one."""

    n: int
    head: bytes
    key: bytes


class ChainWriter:
    """Adds facts to the chain, inside the writer's transactions. Used in the connection's thread."""

    def __init__(self, database: Path) -> None:
        self._key = ChainKey(database.parent)
        self._added: KeyState | None = None

    def add(self, db: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Add those of the journal's new rows that belong into the chain, before they are in the journal.

        Raises:
            sqlite3.Error, OSError, StorageError: nothing of the transaction may be kept.
        """
        self._added = None
        chained = [row for row in rows if _belongs(row)]
        if not chained:
            return
        end, told = self._end(db, float(str(chained[0][2])))
        told += [_sealed(end, _entry(end.n + 1, row)) for row in chained]
        db.executemany(ADD, told)
        self._added = KeyState(n=end.n, head=end.head, key=Secret(end.key.hex()))

    def adopt(self, db: sqlite3.Connection) -> None:
        """Begin the chain of an older database, with what its journal has so far. Raises as `add`."""
        newest = db.execute("SELECT max(at) FROM journal").fetchone()[0]
        if newest is None or db.execute(LAST).fetchone() is not None:
            return
        end, told = self._end(db, float(newest))
        db.executemany(ADD, told)
        self._added = KeyState(n=end.n, head=end.head, key=Secret(end.key.hex()))

    def committed(self) -> None:
        """Keep the next key; when the disk refuses, the next entry makes up for it."""
        added, self._added = self._added, None
        if added is not None:
            with suppress(OSError):
                self._key.keep(added)

    def _end(self, db: sqlite3.Connection, now: float) -> tuple[_End, list[Row]]:
        """Return where the chain ends, and the entries that begin it, or a new key, where that is needed."""
        last = db.execute(LAST).fetchone()
        if last is None:
            why = "The chain begins."
            before = [row for row in db.execute(JOURNAL_SO_FAR) if _belongs(row)]
            end, begun = self._begin(_End(n=0, head=GENESIS, key=b""), now, why, len(before))
            return end, [begun, *(_sealed(end, _entry(end.n + 1, row)) for row in before)]
        n, head, mac = int(last[0]), bytes(last[1]), bytes(last[2])
        state = self._key.read()
        key = _forward(db, state, n, head, mac) if state is not None else None
        key = key or self._from_first(db, n, head, mac)
        if key is not None:
            return _End(n=n, head=head, key=key), []
        why = _why_anew(state, n)
        end, begun = self._begin(_End(n=n, head=head, key=b""), now, why, 0)
        return end, [begun]

    def _begin(self, end: _End, now: float, why: str, adopted: int) -> tuple[_End, Row]:
        """Begin to seal with a new first key, which is offered for safekeeping."""
        first = token_bytes(32)
        self._key.offer(first)
        fields = f'{{"key":"{key_id(first)}","why":"{why}","adopted":{adopted}}}'
        end.key = first
        body = entry_body(
            end.n + 1, seq=0, fact=token_hex(16), at=now, by="opsterm", correlation="", cause="",
            kind=KEY_BEGUN, version=1, body=fields,
        )  # fmt: skip
        return end, _sealed(end, body)

    def _from_first(self, db: sqlite3.Connection, n: int, head: bytes, mac: bytes) -> bytes | None:
        """Return the next key, made from a first key that nobody has taken yet; None when that is not the chain's."""
        first = self._key.offered()
        begun = db.execute(BEGUN_AT, (f'"key":"{key_id(first)}"',)).fetchone()[0] if first is not None else None
        if first is None or begun is None:
            return None
        return _evolved(first, n - begun, head, mac)


def _forward(db: sqlite3.Connection, state: KeyState, n: int, head: bytes, mac: bytes) -> bytes | None:
    """Return the key after entry `n`; None when the key file does not belong to this chain or is ahead of it."""
    key = bytes.fromhex(state.key.reveal())
    if state.n == n:
        return key if state.head == head else None
    before = db.execute(HASH_AT, (state.n,)).fetchone() if state.n < n else None
    if before is None or bytes(before[0]) != state.head:
        return None
    return _evolved(key, n - state.n - 1, head, mac)


def _evolved(key: bytes, steps: int, head: bytes, mac: bytes) -> bytes | None:
    """Return the key after the one that is `steps` further, if that one has made the last seal."""
    for _ in range(steps):
        key = next_key(key)
    return next_key(key) if compare_digest(seal(key, head), mac) else None


def _why_anew(state: KeyState | None, n: int) -> str:
    if state is None:
        return "The key file was missing or spoilt."
    if state.n > n:
        return f"Entries are missing: {state.n} were sealed and {n} are here. Was an older database put back?"
    return "The key file was of another chain. Was another database put here?"


def _sealed(end: _End, body: str) -> Row:
    """Put an entry at the end and return its row."""
    hash_ = entry_hash(end.head, body)
    mac = seal(end.key, hash_)
    end.n, end.head, end.key = end.n + 1, hash_, next_key(end.key)
    return end.n, body, hash_, mac


def _belongs(row: Row) -> bool:
    return is_chained(str(row[6]), str(row[8]))


def _entry(n: int, row: Row) -> str:
    seq, id_, at, by, correlation, cause, kind, version, body = row
    return entry_body(
        n, seq=int(str(seq)), fact=str(id_), at=float(str(at)), by=str(by), correlation=str(correlation),
        cause=str(cause), kind=str(kind), version=int(str(version)), body=str(body),
    )  # fmt: skip
