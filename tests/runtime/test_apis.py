"""An API from its description to an answer; and no write leaves without an order that was approved."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.core.errors import BadInput, NotApproved, NotFound, OpstermError, Refused
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.inventory.apis.calls import Call
from opsterm.inventory.target import Protocol
from opsterm.policy.approval import POLICY
from opsterm.policy.risk import RiskLevel
from opsterm.runtime.api_names import name_of_title
from opsterm.runtime.api_tokens import TokenPlace
from opsterm.runtime.apis import Apis
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from tests.adapters.petstore_stage import TOKEN, Petstore, petstore
from tests.runtime.stage import opened

IN_MEMORY = '[storage]\nkeyring = "memory"\n'


@pytest.fixture
def store() -> Iterator[Petstore]:
    with petstore() as shop:
        yield shop


@asynccontextmanager
async def knowing(home: Path, store: Petstore, *, settings: str = IN_MEMORY) -> AsyncIterator[tuple[Runtime, Apis]]:
    """Open a runtime that knows the pet store and how it is let in."""
    async with opened(home, settings=settings) as runtime:
        apis = await runtime.apis()
        await apis.add(await apis.read(f"{store.url}/openapi.json", name="pets"))
        await apis.keep_secret("pets", "token", Secret(TOKEN))
        yield runtime, apis


def create(name: str = "fido") -> Call:
    return Call(operation="createPet", words=(("name", name),))


async def test_an_added_api_is_known_and_its_server_is_a_target(tmp_path: Path, store: Petstore) -> None:
    async with knowing(tmp_path, store) as (runtime, _apis):
        target = await runtime.inventory.get("pets")
        port = int(store.url.rpartition(":")[2])
        assert (target.protocol, target.address, target.port, target.tags) == (
            Protocol.HTTP, "127.0.0.1", port, ("api",),
        )  # fmt: skip
    async with opened(tmp_path, settings=IN_MEMORY) as later:
        (api,) = await (await later.apis()).all()
        assert (api.name, api.title, api.operations, api.server) == ("pets", "Pet Store", 7, f"{store.url}/v1")
        assert len((await (await later.apis()).known())["pets"].operations) == 7


async def test_a_read_runs_at_once_as_a_change_of_the_policy(tmp_path: Path, store: Petstore) -> None:
    async with knowing(tmp_path, store) as (_runtime, apis):
        reply = await apis.ask("pets", Call(operation="listPets", words=(("limit", "1"),)), origin="chat")
        assert (reply.change.state, reply.change.decided_by) == (ChangeState.DONE, POLICY)
        assert reply.output.endswith(b'[{"id": 1, "name": "rex", "kind": "dog"}]')
        assert store.came[0].target == "/v1/pets?limit=1"
        assert "Authorization" not in store.came[0].headers


async def test_a_write_is_sent_once_somebody_has_approved_it_and_as_it_was_shown(
    tmp_path: Path, store: Petstore
) -> None:
    async with knowing(tmp_path, store) as (runtime, apis):
        change = await apis.call("pets", create(), origin="screen", reason="a dog")
        assert (change.state, store.came) == (ChangeState.PROPOSED, [])
        assert "{credential:token}" in change.order.command
        assert TOKEN not in change.order.command
        await runtime.changes.approve(change.id, digest=change.digest)
        assert store.came == []
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.DONE
        (came,) = store.came
        assert came.method == "POST"
        assert came.headers["Authorization"] == f"Bearer {TOKEN}"
        assert came.body.decode() == change.order.command.partition("\n\n")[2]
        assert store.faults == []
        with pytest.raises(NotApproved):
            await runtime.changes.run(change.id)
        assert len(store.writes) == 1
        output = await runtime.changes.output(change.id, "pets")
        assert output.startswith(b"HTTP 201 Created\n")


class TestNoWriteLeavesWithoutAnApprovedOrder:
    """Every way that is there to try."""

    async def test_by_asking(self, tmp_path: Path, store: Petstore) -> None:
        async with knowing(tmp_path, store) as (runtime, apis):
            for operation, words in (("createPet", (("name", "x"),)), ("deletePet", (("petId", "1"),)),
                                     ("notePet", (("petId", "1"), ("note", "n")))):  # fmt: skip
                reply = await apis.ask("pets", Call(operation=operation, words=words), origin="chat")
                assert reply.change.state is ChangeState.PROPOSED
                with pytest.raises(NotApproved):
                    await runtime.changes.run(reply.change.id)
            assert store.came == []

    async def test_by_a_query_that_is_none(self, tmp_path: Path, store: Petstore) -> None:
        async with knowing(tmp_path, store) as (runtime, _apis):
            for text in ("uptime", f"get {store.url}/v1/pets", "DELETE https://other.example/v1/pets/1"):
                with pytest.raises(BadInput):
                    await runtime.changes.query(
                        Proposal(command=text, selector="pets", shell="http", origin="chat")
                    )  # fmt: skip
            for text in (f"DELETE {store.url}/v1/pets/1", f"GET {store.url}/v1/pets\n\nbody"):
                change = await runtime.changes.query(
                    Proposal(command=text, selector="pets", shell="http", origin="chat")
                )  # fmt: skip
                assert change.state is ChangeState.PROPOSED
            assert store.came == []

    async def test_by_a_shell(self, tmp_path: Path, store: Petstore) -> None:
        async with knowing(tmp_path, store) as (runtime, _apis):
            for selector, shell in (("pets", "sh"), ("localhost", "http"), ("all", "http")):
                with pytest.raises(OpstermError):
                    await runtime.changes.query(
                        Proposal(command=f"GET {store.url}/x", selector=selector, shell=shell, origin="chat")
                    )  # fmt: skip
            assert store.came == []

    async def test_by_another_digest_or_another_text(self, tmp_path: Path, store: Petstore) -> None:
        async with knowing(tmp_path, store) as (runtime, apis):
            change = await apis.call("pets", create(), origin="chat")
            other = await apis.call("pets", create("other"), origin="chat")
            with pytest.raises(NotApproved):
                await runtime.changes.approve(change.id, digest=other.digest)
            approved = await runtime.changes.approve(change.id, digest=change.digest)
            forged = replace(approved, order=replace(approved.order, command=other.order.command))
            assert forged.order.digest() != approved.approved_digest
            with pytest.raises(NotApproved):
                await runtime.changes.run(other.id)
            assert store.came == []

    async def test_by_moving_the_target(self, tmp_path: Path, store: Petstore) -> None:
        async with knowing(tmp_path, store) as (runtime, apis):
            change = await apis.call("pets", create(), origin="chat")
            await runtime.changes.approve(change.id, digest=change.digest)
            target = await runtime.inventory.get("pets")
            with petstore() as another:
                port = int(another.url.rpartition(":")[2])
                await runtime.inventory.edit("pets", replace(target, port=port))
                with pytest.raises(NotApproved):
                    await runtime.changes.run(change.id)
                with pytest.raises(BadInput, match="another server"):
                    await apis.call("pets", create(), origin="chat")
                assert (another.came, store.came) == ([], [])

    async def test_in_read_only_mode(self, tmp_path: Path, store: Petstore) -> None:
        async with knowing(tmp_path, store):
            pass
        settings = IN_MEMORY + "[changes]\nread_only = true\n"
        async with opened(tmp_path, settings=settings) as runtime:
            apis = await runtime.apis()
            with pytest.raises(Refused):
                await apis.ask("pets", Call(operation="listPets"), origin="chat")
            with pytest.raises(Refused):
                await apis.again.read("pets")
            assert store.came == []


async def test_a_server_that_says_no_is_a_failed_change(tmp_path: Path, store: Petstore) -> None:
    async with knowing(tmp_path, store) as (_runtime, apis):
        await apis.keep_secret("pets", "key", Secret("wrong-key"))
        reply = await apis.ask("pets", Call(operation="getPet", words=(("petId", "1"),)), origin="chat")
        assert (reply.change.state, reply.change.outcomes[0].exit_status) == (ChangeState.FAILED, 1)
        assert reply.output.startswith(b"HTTP 401 ")


async def test_a_refresh_says_what_changed_and_keeps_the_server(tmp_path: Path, store: Petstore) -> None:
    async with knowing(tmp_path, store) as (_runtime, apis):
        assert (await apis.again.read("pets")).differences.none
        store.extra_paths["/fresh"] = {"get": {"operationId": "getFresh"}}
        read = await apis.again.read("pets")
        assert (read.waits, read.differences.added) == (True, ("getFresh",))
        with pytest.raises(NotFound, match="no operation"):
            await apis.call("pets", Call(operation="getFresh"), origin="chat")
        assert (await apis.get("pets")).operations == 7, "what nobody has said yes to is not in force"
        await apis.again.accept(read)
        assert (await apis.description("pets")).operation("getFresh").path == "/fresh"
        assert (await apis.get("pets")).operations == 8
        with pytest.raises(BadInput, match="accepted meanwhile"):
            await apis.again.accept(read)


@pytest.mark.parametrize(("before", "after", "says"), [
    ("Get all", "Starts all", "is asked about now, ran at once"), ("Starts all", "Get all", "runs at once now"),
])  # fmt: skip
async def test_an_operation_that_would_run_at_once_from_now_on_does_not_before_that_is_accepted(
    tmp_path: Path, store: Petstore, before: str, after: str, says: str
) -> None:
    store.extra_paths["/pump"] = {"get": {"operationId": "pump", "summary": before, "security": []}}
    call = Call(operation="pump")
    async with knowing(tmp_path, store) as (_runtime, apis):
        first = (await apis.call("pets", call, origin="chat")).state
        store.extra_paths["/pump"] = {"get": {"operationId": "pump", "summary": after, "security": []}}
        read = await apis.again.read("pets")
        assert [name for name, what in read.differences.changed if says in what] == ["pump"]
        assert (await apis.call("pets", call, origin="chat")).state is first
        await apis.again.accept(read)
        assert (await apis.call("pets", call, origin="chat")).state is not first


async def test_removed_means_forgotten_with_the_target(tmp_path: Path, store: Petstore) -> None:
    async with knowing(tmp_path, store) as (runtime, apis):
        assert await apis.remove("pets") == [f"token@{store.url}"]
        assert await apis.all() == []
        assert runtime.inventory.target("pets") is None
        with pytest.raises(NotFound):
            await apis.call("pets", create(), origin="chat")
        rows = [row.what for row in await runtime.audit.rows()]
        assert "removed the API pets" in rows
        await apis.add(await apis.read(f"{store.url}/openapi.json", name="pets"))


@pytest.mark.parametrize(
    ("server", "error", "said"),
    [
        ("http://169.254.169.254/latest", Refused, "metadata"), ("ftp://x.example", BadInput, "not the URL"),
        ("https://ana:pw@x.example", BadInput, "password"), ("https://x.example/?a=b", BadInput, "query"),
        ("https://x.example/a/../b", BadInput, "path"),
    ],
)  # fmt: skip
async def test_servers_that_are_not_taken(
    tmp_path: Path, server: str, error: type[OpstermError], said: str
) -> None:  # fmt: skip
    file = tmp_path / "api.yaml"
    file.write_text(f"openapi: 3.1.0\nservers: [{{url: '{server}'}}]\npaths: {{/x: {{get: {{}}}}}}\n")
    async with opened(tmp_path, settings=IN_MEMORY) as runtime:
        apis = await runtime.apis()
        with pytest.raises(error) as refused:
            await apis.read(str(file))
        assert said in str(refused.value)
        new = await apis.read(str(file), server="https://good.example/v2/", name="good")
        assert (new.api.server, new.api.source) == ("https://good.example/v2", str(file))


async def test_a_server_elsewhere_is_said_before_anybody_says_yes(tmp_path: Path, store: Petstore) -> None:
    async with opened(tmp_path, settings=IN_MEMORY) as runtime:
        apis = await runtime.apis()
        store.servers = [{"url": "http://elsewhere.example/v1"}, {"url": "https://second.example"}]
        new = await apis.read(f"{store.url}/openapi.json")
        assert new.api.name == "pet-store"
        assert f"comes from {store.url}; its requests would go to http://elsewhere.example" in new.warnings[0]
        assert "over http" in new.warnings[1]
        assert "https://second.example" in new.warnings[2]
        for url, server in (("/v9", f"{store.url}/v9"), ("/", store.url), ("", store.url), (".", store.url)):
            store.servers = [{"url": url}]
            assert (await apis.read(f"{store.url}/openapi.json")).api.server == server


async def test_a_name_that_is_taken_or_means_something_else_is_refused(tmp_path: Path, store: Petstore) -> None:
    async with knowing(tmp_path, store) as (_runtime, apis):
        for name in ("pets", "all", "not", "a b", "-x", "localhost", "x" * 61):
            with pytest.raises(BadInput):
                await apis.read(f"{store.url}/openapi.json", name=name)
        new = await apis.read(f"{store.url}/openapi.json", name="second", server="https://second.example")
        await apis.add(new)
        await apis.remove("second")
        with pytest.raises(NotFound, match="no API"):
            await apis.get("pest")


async def test_a_get_that_does_not_say_that_it_reads_is_asked_about_until_it_is_accepted(
    tmp_path: Path, store: Petstore
) -> None:
    store.extra_paths["/pump"] = {"get": {"operationId": "pump", "security": []}}
    call = Call(operation="pump")
    async with knowing(tmp_path, store) as (runtime, apis):
        asked = await apis.ask("pets", call, origin="chat")
        assert (asked.change.state, asked.change.risk.level) == (ChangeState.PROPOSED, RiskLevel.MEDIUM)
        assert "does not say it of pump" in asked.change.risk.reasons[0]
        assert "opsterm apis accept pets pump" in asked.change.risk.reasons[0]
        assert not [came for came in store.came if "/pump" in came.target]
        await apis.accept("pets", "pump")
        assert (await apis.ask("pets", call, origin="chat")).change.decided_by == POLICY
        (row,) = [row for row in await runtime.audit.rows(limit=50) if row.kind == "api.operation_accepted"]
        assert row.what == "accepted that pump of pets only reads"
        with pytest.raises(BadInput, match="is not a read"):
            await apis.accept("pets", "deletePet")
        store.extra_paths["/pump"] = {"get": {"operationId": "pump", "summary": "Starts it", "security": []}}
        await apis.again.accept(await apis.again.read("pets"))
        assert (await apis.call("pets", call, origin="chat")).state is ChangeState.PROPOSED, "its words have changed"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Pet Store", "pet-store"), ("Caf\u00e9 au lait", "cafe-au-lait"), ("Pet\u202eerotS", "peterots"),
        ("\x1b[31mred\x1b[0m \x07bell", "red-bell"), ("\x1b]52;c;AAAA\x07shop", "shop"), ("\u202e\u200b", "api"),
        ("\u4e2d\u6587", "api"), ("a" * 90, "a" * 40),
    ],
)  # fmt: skip
def test_a_name_is_made_of_the_plain_letters_of_a_title(title: str, name: str) -> None:
    assert name_of_title(clean_line(title)) == name


async def test_the_secret_of_an_oauth_client_goes_only_where_the_operator_says(tmp_path: Path) -> None:
    """A description is a stranger's text: it may name any token endpoint."""

    def scheme(url: str) -> dict[str, object]:
        return {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": url, "scopes": {"read": "", "a b": ""}}}}

    described = {
        "openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "servers": [{"url": "https://shop.example/v1"}],
        "paths": {"/things": {"get": {"operationId": "things", "security": [{"ours": []}], "responses": {}}}},
        "components": {"securitySchemes": {
            "ours": scheme("/oauth/token"), "theirs": scheme("https://thief.example/token"), "bare": {"type": "oauth2"},
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        }},
    }  # fmt: skip
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(described))
    client = Secret("ops:s3cret")
    async with opened(tmp_path, settings=IN_MEMORY) as runtime:
        apis = await runtime.apis()
        await apis.add(await apis.read(str(file), name="shop"))
        known = (await apis.description("shop")).scheme("ours")
        assert known is not None
        assert known.scopes == ("read",)
        assert await apis.keep_secret("shop", "ours", client, tokens=TokenPlace()) == "https://shop.example/oauth/token"
        for name, sentence in (
            ("theirs", "another server"),
            ("bare", "must be said"),
            ("key", "not a scheme of OAuth"),
        ):
            with pytest.raises(BadInput, match=sentence):
                await apis.keep_secret("shop", name, client, tokens=TokenPlace())
        assert await apis.kept("shop") == {"ours"}
        with pytest.raises(BadInput, match="not https"):
            await apis.keep_secret("shop", "theirs", client, tokens=TokenPlace(url="http://thief.example/token"))
        url = "https://login.example/token"
        assert await apis.keep_secret("shop", "theirs", client, tokens=TokenPlace(url=url)) == url
