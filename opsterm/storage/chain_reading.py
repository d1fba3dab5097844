"""The audit chain as it is read; see `runtime.ports_audit.ChainStore`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from opsterm.core.secret import Secret
from opsterm.policy.chain import ChainVerdict, Checkpoint, Sealed, chain_id, export_line, key_id, verify
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports_audit import ChainHead
from opsterm.storage.chain_key import ChainKey
from opsterm.storage.faults import fault
from opsterm.storage.line import Readers

ENDS = """SELECT (SELECT hash FROM audit_chain WHERE n = 1), n, hash, body FROM audit_chain ORDER BY n DESC LIMIT 1"""
ALL = "SELECT body, hash, mac FROM audit_chain ORDER BY n"
AFTER = "SELECT body, hash, mac FROM audit_chain WHERE n > ? ORDER BY n LIMIT ?"


class SqliteChain:
    """The chain, for whoever looks at it."""

    def __init__(self, database: Path, readers: Readers, offload: Offload) -> None:
        self._readers = readers
        self._database = database
        self._key = ChainKey(database.parent)
        self._offload = offload

    async def head(self) -> ChainHead | None:
        """Return how it ends, None when nothing was entered yet. Cheap."""
        return await self._readers.read(self._ends)

    def _ends(self, db: sqlite3.Connection) -> ChainHead | None:
        row = db.execute(ENDS).fetchone()
        if row is None:
            return None
        first, count, head, body = row
        seq, at = _when(str(body))
        return ChainHead(
            chain=chain_id(_bytes(first)), count=int(count), head=_bytes(head).hex(), seq=seq, at=at,
            first_key_waits=self._key.first_file.exists(),
        )  # fmt: skip

    async def verify(self, *, keys: Sequence[bytes] = (), checkpoints: Sequence[Checkpoint] = ()) -> ChainVerdict:
        """Follow the chain, and see that it is as long as the key file says."""
        state = await self._offload.run("audit key", self._key_state)

        def work(db: sqlite3.Connection) -> ChainVerdict:
            return verify(_sealed(db.execute(ALL)), keys=keys, checkpoints=checkpoints, least=state)

        return await self._readers.read(work)

    def _key_state(self) -> int:
        try:
            state = self._key.read()
        except OSError as error:
            raise fault(error, self._database, "read") from error
        return state.n if state is not None else 0

    async def lines(self, after: int, limit: int) -> Sequence[str]:
        """Return up to `limit` entries behind number `after` as lines of an export, in order."""

        def work(db: sqlite3.Connection) -> list[str]:
            return [export_line(*one) for one in _sealed(db.execute(AFTER, (after, limit)))]

        return await self._readers.read(work)

    async def search(self, needles: Sequence[str], *, before: int, limit: int) -> Sequence[tuple[int, str]]:
        """Return the newest `limit` entries before number `before` that hold each needle, newest first."""

        def work(db: sqlite3.Connection) -> list[tuple[int, str]]:
            found = db.execute(search_statement(len(needles)), (before, *needles, limit))
            return [(int(n), str(body)) for n, body in found]

        return await self._readers.read(work)

    async def first_key_id(self) -> str:
        """Return the id of the first key that waits to be taken. Raises NotFound when it was taken."""
        return key_id(await self._offload.run("audit key", self._key.waiting))

    async def take_first_key(self) -> Secret:
        """Hand out the first key and forget it. Raises NotFound when it was taken."""
        return await self._offload.run("audit key", partial(_taken, self._key, self._database))


def search_statement(needles: int) -> str:
    """Return the statement for `search`."""
    each = " AND instr(body, ?) > 0" * needles
    return f"SELECT n, body FROM audit_chain WHERE n < ?{each} ORDER BY n DESC LIMIT ?"  # noqa: S608 (constants only)


def _taken(key: ChainKey, database: Path) -> Secret:
    try:
        return key.take()
    except OSError as error:
        raise fault(error, database, "written") from error


def _sealed(rows: Iterable[tuple[object, object, object]]) -> Iterator[Sealed]:
    """Yield rows as entries, also when somebody has put something else there."""
    for body, hash_, mac in rows:
        yield body if isinstance(body, str) else "", _bytes(hash_), _bytes(mac)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _when(body: str) -> tuple[int, float]:
    """Return an entry's place in the journal and its time, (0, 0.0) when it has none."""
    try:
        told = json.loads(body)
        return int(told["seq"]), told["at"] / 1000
    except (ValueError, TypeError, KeyError):
        return 0, 0.0
