"""APIs and their descriptions on SQLite."""

from __future__ import annotations

from dataclasses import replace

from opsterm.core.events import Fact
from opsterm.inventory.apis.events import ApiAdded
from opsterm.inventory.apis.openapi import read_openapi
from opsterm.runtime.ports_apis import Api
from opsterm.storage.store import SqliteStore
from tests.adapters.petstore_stage import described

DESCRIPTION = read_openapi(described("3.0.0", "https://pets.example"))
API = Api(
    name="pets", source="/x.json", server="https://pets.example/v1", title="Pet Store", version="1.2", openapi="3.0.0",
    operations=7, sha256="0" * 64, added_at=1.0, read_at=2.0,
)  # fmt: skip


async def test_an_api_comes_back_with_everything_that_was_read(store: SqliteStore) -> None:
    event = ApiAdded(api="pets", source="/x.json", server=API.server, operations=7)
    (told,) = await store.apis.save(API, DESCRIPTION, [Fact(event=event, at=1.0, by="ana")])
    assert told.seq == 1
    assert await store.apis.all() == [API]
    assert await store.apis.description("pets") == DESCRIPTION
    assert await store.apis.description("none") is None


async def test_saved_again_it_takes_the_place_of_what_was_there(store: SqliteStore) -> None:
    await store.apis.save(API, DESCRIPTION, [])
    fewer = replace(DESCRIPTION, operations=DESCRIPTION.operations[:1])
    await store.apis.save(replace(API, version="2", operations=1), fewer, [])
    assert [one.version for one in await store.apis.all()] == ["2"]
    assert await store.apis.description("pets") == fewer


async def test_removed_is_gone(store: SqliteStore) -> None:
    await store.apis.save(API, DESCRIPTION, [])
    await store.apis.remove("pets", [])
    assert (await store.apis.all(), await store.apis.description("pets")) == ([], None)
