"""Approvals on SQLite, and the key of their seals in a file beside it."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from opsterm.core.errors import StorageError
from opsterm.core.events import Fact
from opsterm.policy.approval_record import Approval, ApprovalKind
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_store import Spending
from opsterm.storage.line import Readers
from opsterm.storage.private_file import locked, read, replace
from opsterm.storage.writer import Writer

_COLUMNS = "change_id, kind, who, at, digest, note, proof, signature, seal"
OF_CHANGE = f"SELECT {_COLUMNS} FROM approval WHERE change_id = ? ORDER BY id"  # noqa: S608 (constants only)
OF_KIND = f"SELECT {_COLUMNS} FROM approval WHERE kind = ? AND at >= ? ORDER BY id"  # noqa: S608 (constants only)
INSERT_APPROVAL = f"INSERT INTO approval ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 (constants only)
SPENT = "SELECT count(*) FROM approval WHERE kind = ? AND note = ? AND at >= ?"

KEY_BYTES = 32


class SqliteApprovals:
    """Approvals; see `runtime.ports_store.ApprovalStore`."""

    def __init__(self, writer: Writer, readers: Readers, key_file: Path, pool: Run) -> None:
        self._writer = writer
        self._readers = readers
        self._key_file = key_file
        self._pool = pool
        self._key = b""

    async def of(self, change_id: int) -> Sequence[Approval]:
        """Return what was said of a change, oldest first."""
        return await self._readers.read(lambda db: _approvals(db.execute(OF_CHANGE, (change_id,))))

    async def of_kind(self, kind: ApprovalKind, since: float) -> Sequence[Approval]:
        """Return all of a kind that are not older, oldest first."""
        return await self._readers.read(lambda db: _approvals(db.execute(OF_KIND, (kind.value, since))))

    async def add(self, approval: Approval, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep an approval that moves no change, with its facts; () when its person has said the same before."""
        return await self._writer.write(lambda tx: tx.append(facts) if save_approval(tx.db, approval) else ())

    async def key(self) -> bytes:
        """Return the key of the seals, made when there is none.

        Raises:
            StorageError: its file cannot be read or made, or does not hold a key.
        """
        if not self._key:
            self._key = await self._pool(self._read_key)
        return self._key

    def _read_key(self) -> bytes:
        kept = read(self._key_file)
        if kept is None:
            with locked(self._key_file):
                kept = read(self._key_file)  # another process may have made it meanwhile
                if kept is None:
                    kept = secrets.token_bytes(KEY_BYTES)
                    replace(self._key_file, kept)
        if len(kept) != KEY_BYTES:
            raise StorageError(
                f"{self._key_file} does not hold the key of the approvals.",
                why=f"It has {len(kept)} bytes, not {KEY_BYTES}.",
                next_step="Put it back from a copy, or move it away: what was approved before then counts no more.",
            )
        return kept


def save_approval(db: sqlite3.Connection, approval: Approval) -> bool:
    """Keep an approval; return whether it is new: nobody says the same of a change twice."""
    values = (
        approval.change, approval.kind.value, approval.who, approval.at, approval.digest, approval.note,
        approval.proof, approval.signature, approval.seal,
    )  # fmt: skip
    try:
        db.execute(INSERT_APPROVAL, values)
    except sqlite3.IntegrityError:
        return False
    return True


def is_spent(db: sqlite3.Connection, spending: Spending) -> bool:
    """Return whether a budget is used up."""
    row = db.execute(SPENT, (ApprovalKind.AUTONOMY.value, spending.grant, spending.since)).fetchone()
    return int(row[0]) >= spending.at_most


def _approvals(rows: sqlite3.Cursor) -> list[Approval]:
    return [
        Approval(
            change=change, kind=ApprovalKind(kind), who=who, at=at, digest=digest, note=note, proof=proof,
            signature=signature, seal=seal,
        )
        for change, kind, who, at, digest, note, proof, signature, seal in rows
        if kind in list(ApprovalKind)  # a word that nobody here writes says nothing
    ]  # fmt: skip
