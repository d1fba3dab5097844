"""APIs on the screen: choose an operation, give its values, see the answer or the approval."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.core.secret import Secret
from tests.adapters.petstore_stage import TOKEN, Petstore, petstore
from tests.tui.cockpit import STILL, Sitting, Stage, sitting
from tests.tui.test_dialogs import open_by_name


@pytest.fixture
def stage(tmp_path: Path, utc: None) -> Stage:
    return Stage(tmp_path, settings=STILL + '[storage]\nkeyring = "memory"\n')


@pytest.fixture
def store() -> Iterator[Petstore]:
    with petstore() as shop:
        yield shop


@asynccontextmanager
async def at_the_store(stage: Stage, store: Petstore) -> AsyncIterator[Sitting]:
    """Sit before a screen that knows the pet store."""
    async with sitting(stage) as there:
        apis = await there.app.runtime.apis()
        await apis.add(await apis.read(f"{store.url}/openapi.json", name="pets"))
        yield there


async def choose(there: Sitting, operation: str) -> None:
    await open_by_name(there, "APIs")
    await there.until("Operations of pets")
    await there.type(operation)
    await there.press("enter")


async def test_a_read_is_asked_and_its_answer_shown(stage: Stage, store: Petstore) -> None:
    async with at_the_store(stage, store) as there:
        await choose(there, "listPets")
        await there.until("limit: integer 1 to 100")
        await there.type("limit=300")
        await there.press("enter")
        await there.until("limit must be at most 100, not 300.")
        await there.press(*["backspace"] * 3)
        await there.type("3")
        await there.press("enter")
        await there.until('"name": "rex"')
        assert [one.target for one in store.came] == ["/v1/pets?limit=3"]


async def test_a_write_is_shown_whole_and_waits(stage: Stage, store: Petstore) -> None:
    async with at_the_store(stage, store) as there:
        apis = await there.app.runtime.apis()
        await apis.keep_secret("pets", "token", Secret(TOKEN))
        await choose(there, "createPet")
        await there.until("* name: string")
        await there.type("fido kind=dog")
        await there.press("enter")
        await there.until("Authorization: Bearer {credential:token}")
        assert "with the secret token" in there.text
        assert "POST creates or starts something" in " ".join(there.text.split())
        await asyncio.sleep(0)
        assert store.came == []


async def test_without_an_api_it_says_how_to_add_one(stage: Stage) -> None:
    async with sitting(stage) as there:
        await open_by_name(there, "APIs")
        await there.until("No API is known yet.")
