"""HTTP APIs on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from opsterm.core.events import Fact
from opsterm.inventory.apis.description import ApiDescription, description_from_json, description_to_json
from opsterm.runtime.ports_apis import Api
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

_COLUMNS = "name, source, server, title, version, openapi, operations, sha256, added_at, read_at"
ALL = f"SELECT {_COLUMNS} FROM api ORDER BY name"  # noqa: S608 (constants only)
SAVE = f"INSERT OR REPLACE INTO api ({_COLUMNS}) VALUES ({', '.join('?' * 10)})"  # noqa: S608 (constants only)
BODY = "SELECT body FROM api_description WHERE name = ?"
SAVE_BODY = "INSERT OR REPLACE INTO api_description (name, body) VALUES (?, ?)"
FORGET_BODY = "DELETE FROM api_description WHERE name = ?"
FORGET = "DELETE FROM api WHERE name = ?"


class SqliteApis:
    """See `runtime.ports_apis.ApiStore`. A description becomes text, and text a description, in the store's threads."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def all(self) -> Sequence[Api]:
        """Return every API, by name, without descriptions."""
        return await self._readers.read(lambda db: [_api(row) for row in db.execute(ALL).fetchall()])

    async def description(self, name: str) -> ApiDescription | None:
        """Return an API's description, None when there is no such API."""

        def work(db: sqlite3.Connection) -> ApiDescription | None:
            row = db.execute(BODY, (name,)).fetchone()
            return None if row is None else description_from_json(row[0])

        return await self._readers.read(work)

    async def save(self, api: Api, description: ApiDescription, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep an API, new or read again."""

        def work(tx: Transaction) -> Sequence[Fact]:
            row = (
                api.name, api.source, api.server, api.title, api.version, api.openapi, api.operations, api.sha256,
                api.added_at, api.read_at,
            )  # fmt: skip
            tx.db.execute(FORGET_BODY, (api.name,))
            tx.db.execute(SAVE, row)
            tx.db.execute(SAVE_BODY, (api.name, description_to_json(description)))
            return tx.append(facts)

        return await self._writer.write(work, weight=100)

    async def remove(self, name: str, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Forget an API."""

        def work(tx: Transaction) -> Sequence[Fact]:
            tx.db.execute(FORGET_BODY, (name,))
            tx.db.execute(FORGET, (name,))
            return tx.append(facts)

        return await self._writer.write(work)


def _api(row: tuple[Any, ...]) -> Api:  # a row of _COLUMNS as SQLite gives it
    name, source, server, title, version, openapi, operations, sha256, added_at, read_at = row
    return Api(
        name=name,
        source=source,
        server=server,
        title=title,
        version=version,
        openapi=openapi,
        operations=operations,
        sha256=sha256,
        added_at=added_at,
        read_at=read_at,
    )
