"""`opsterm apis`: learn an API, look at it, call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsterm.cli.json_keys import JSON_KEYS
from tests.adapters.petstore_stage import PASSWORD, TOKEN, Petstore, petstore
from tests.cli.account import Account


@pytest.fixture
def store() -> Iterator[Petstore]:
    with petstore("3.0.3") as shop:
        yield shop


@pytest.fixture
def knowing(account: Account, store: Petstore) -> Account:
    """An account that knows the pet store."""
    account.run("apis", "add", f"{store.url}/openapi.json", "--name", "pets", "--yes", expect=0)
    return account


@pytest.fixture
def let_in(knowing: Account) -> Account:
    """The same, with the store's secrets in a vault."""
    passphrase = knowing.write("passphrase", "of the vault\n")
    passphrase.chmod(0o600)
    knowing.environment["OPSTERM_VAULT_PASSPHRASE_FILE"] = str(passphrase)
    knowing.run("apis", "login", "pets", "token", stdin=f"{TOKEN}\n", expect=0)
    return knowing


def test_adding_says_what_it_means_and_waits_for_a_yes(account: Account, store: Petstore) -> None:
    asked = account.run("apis", "add", f"{store.url}/openapi.json", "--name", "pets")
    assert asked.code == 4
    assert "7 operations: 3 only read, 4 need an approval" in asked.err
    assert f"Requests go to {store.url}/v1, as the target pets." in asked.err
    assert "nobody said yes" in asked.err
    assert account.run("apis", "list", "--json").out == ""
    added = account.run(
        "apis", "add", f"{store.url}/openapi.json", "--name", "pets", "--yes", "--json", expect=0
    ).record()
    assert set(added) == set(JSON_KEYS["apis add"])
    assert (added["name"], added["server"], added["added"]) == ("pets", f"{store.url}/v1", True)
    assert account.run("targets", "list", "tag:api", "--json").record()["name"] == "pets"


def test_on_a_terminal_it_asks(account: Account, store: Petstore) -> None:
    with account.on_terminal("apis", "add", f"{store.url}/openapi.json", "--name", "pets") as terminal:
        terminal.wait_for("Type y to add it:")
        terminal.send("y\r")
        terminal.wait_for("pets is added")


def test_what_an_api_offers(knowing: Account) -> None:
    listed = knowing.run("apis", "show", "pets", expect=0)
    assert "createPet   POST    /pets               Create a pet" in listed.out
    one = knowing.run("apis", "show", "pets", "listPets", expect=0).out
    assert "limit    query     integer 1 to 100" in one
    assert "It only reads: it runs at once." in one
    records = knowing.run("apis", "show", "pets", "--json", expect=0).records()
    assert [record["reads"] for record in records] == [True, False, True, False, False, False, True]
    assert all(set(record) == set(JSON_KEYS["apis show"]) for record in records)


def test_a_read_runs_at_once(knowing: Account, store: Petstore) -> None:
    got = knowing.run("apis", "call", "pets", "listPets", "limit=3", expect=0)
    assert (got.out, got.err) == ('[{"id": 1, "name": "rex", "kind": "dog"}]\n', "200 OK (c1)\n")
    record = knowing.run("apis", "call", "pets", "listPets", "--json", expect=0).record()
    assert set(record) == set(JSON_KEYS["apis call"])
    assert (record["status"], json.loads(record["body"])[0]["name"]) == (200, "rex")
    assert len(store.came) == 2


def test_a_write_waits_is_shown_and_is_sent_when_approved(let_in: Account, store: Petstore) -> None:
    asked = let_in.run("apis", "call", "pets", "createPet", "name=fido", "tags=a,b", "--reason", "a dog")
    assert asked.code == 4
    for line in (f"what    POST {store.url}/v1/pets", "Authorization: Bearer {credential:token}", '"name": "fido",',
                 "http · with the secret token", "risk    MEDIUM", "opsterm approve c1"):  # fmt: skip
        assert line in asked.err
    assert store.came == []
    done = let_in.run("approve", "c1", expect=0)
    assert "HTTP 201 Created" in done.out
    assert (store.pets[2]["tags"], store.faults) == (["a", "b"], [])
    assert "proposed c1: POST" in let_in.run("audit", "c1", expect=0).out


def test_a_delete_is_high_and_asks_for_the_number_of_targets(let_in: Account, store: Petstore) -> None:
    record = let_in.run("apis", "call", "pets", "deletePet", "petId=1", "--json").record()
    assert (record["state"], record["risk"]["level"], record["status"]) == ("proposed", "high", None)
    assert let_in.run("approve", record["change"], "--targets", "2").code == 4
    assert store.pets
    let_in.run("approve", record["change"], "--targets", "1", expect=0)
    assert store.pets == {}


def test_an_answer_that_is_no_success_ends_with_1(knowing: Account, store: Petstore) -> None:
    store.pets.clear()
    store.extra_paths["/none"] = {"get": {"operationId": "none", "summary": "Get nothing", "security": []}}
    knowing.run("apis", "accept", "pets", "--yes", expect=0)
    got = knowing.run("apis", "call", "pets", "none")
    assert (got.code, got.out, got.err) == (1, '{"error": "nothing"}\n', "404 Not Found (c1)\n")
    led = knowing.run("apis", "call", "pets", "moved")
    assert led.code == 1
    assert "redirects are not followed" in led.err


def test_a_dry_run_sends_and_proposes_nothing(let_in: Account, store: Petstore) -> None:
    got = let_in.run("apis", "call", "pets", "deletePet", "petId=1", "--dry-run", expect=0)
    assert got.out.splitlines()[0] == f"DELETE {store.url}/v1/pets/1"
    assert let_in.run("changes", "--json").out == ""
    got = let_in.run(
        "apis", "call", "pets", "createPet", "--body", "-", "--dry-run", stdin='{"name": "b\u00e9b\u00e9"}\n'
    )
    assert got.out.endswith('\n\n{\n  "name": "b\u00e9b\u00e9"\n}\n')
    assert store.came == []


BAD_INPUT = [
    (("call", "pets", "listPets", "limit=300"), "limit must be at most 100, not 300."),
    (("call", "pets", "listPets", "limit"), "is no NAME=VALUE"),
    (("call", "pets", "listPat"), "The nearest is listPets."),
    (("call", "pest", "listPets"), "The nearest is pets."),
    (("show", "pets", "x\x1b[2J"), "no operation"),
    (("call", "pets", "replacePet", "petId=1", "name=x"), "opsterm apis login pets basic"),
    (("login", "pets"), "Say which: token, basic, key."),
    (("login", "pets", "oauth"), "no security scheme"),
    (("add", "/none/such.yaml"), "cannot be read"),
    (("add", "ftp://x.example/y"), "not the URL"),
    (("remove", "pest"), "no API"),
    (("call", "pets", "createPet", "--body", "{"), "not JSON"),
]


def test_bad_input_ends_with_2_and_a_sentence(knowing: Account, store: Petstore) -> None:
    for words, said in BAD_INPUT:
        got = knowing.run("apis", *words)
        assert (got.code, said in got.err, "\x1b" in got.err) == (2, True, False), got.err
    assert store.came == []


def test_secrets_are_nowhere_but_in_the_vault_and_on_the_line(let_in: Account, store: Petstore) -> None:
    let_in.run("apis", "login", "pets", "basic", stdin=f"ana:{PASSWORD}\n", expect=0)
    let_in.run("apis", "call", "pets", "replacePet", "petId=1", "name=rex")
    ran = [
        let_in.run("approve", "c1", expect=0),
        let_in.run("vault", "list"),
        let_in.run("audit"),
        let_in.run("change", "c1"),
    ]
    assert store.pets[1]["name"] == "rex"
    for one in ran:
        assert TOKEN not in one.out + one.err
        assert PASSWORD not in one.out + one.err
    for file in (let_in.home / "o").rglob("*"):
        if file.is_file():
            assert TOKEN.encode() not in file.read_bytes()
            assert PASSWORD.encode() not in file.read_bytes()


def test_a_refresh_says_what_changed(knowing: Account, store: Petstore) -> None:
    assert "no operation differs" in knowing.run("apis", "refresh", "pets", expect=0).err
    store.extra_paths["/fresh"] = {"get": {"operationId": "fresh"}}
    record = knowing.run("apis", "refresh", "pets", "--json", expect=0).record()
    assert (set(record), record["added"], record["operations"]) == (set(JSON_KEYS["apis refresh"]), ["fresh"], 8)
    assert record["accepted"] is False


def test_a_changed_description_counts_when_it_is_accepted(knowing: Account, store: Petstore) -> None:
    store.extra_paths["/fresh"] = {"get": {"operationId": "fresh", "summary": "Get it", "security": []}}
    shown = knowing.run("apis", "refresh", "pets", expect=0)
    assert "GET /fresh, runs at once" in shown.out
    assert "opsterm apis accept pets" in shown.err
    assert knowing.run("apis", "call", "pets", "fresh").code == 2
    refused = knowing.run("apis", "accept", "pets")
    assert (refused.code, "nobody said yes" in refused.err) == (4, True)
    assert "GET /fresh, runs at once" in refused.out
    assert "It is in force" in knowing.run("apis", "accept", "pets", "--yes", expect=0).err
    assert "fresh" in knowing.run("apis", "show", "pets", expect=0).out
    assert "no operation differs" in knowing.run("apis", "accept", "pets", expect=0).err


def test_removed_is_gone_and_the_secret_that_stays_is_said(let_in: Account, store: Petstore) -> None:
    got = let_in.run("apis", "remove", "pets", expect=0)
    assert f"opsterm vault remove opsterm:api token@{store.url}" in got.err
    assert "No API is known yet" in let_in.run("apis", "list").err


def test_hostile_texts_are_shown_cleaned(account: Account, tmp_path: Path) -> None:
    hostile = "\u001b]52;c;AAAA\u0007 \u202e"
    file = tmp_path / "api.json"
    file.write_text(json.dumps({
        "openapi": "3.0.0", "info": {"title": hostile, "version": hostile}, "servers": [{"url": "https://x.example"}],
        "paths": {"/x": {"get": {"operationId": hostile, "summary": hostile, "parameters": [
            {"name": "p", "in": "query", "description": hostile, "schema": {"enum": [hostile]}}]}}},
    }))  # fmt: skip
    added = account.run("apis", "add", str(file), "--name", "x", "--yes", expect=0)
    for got in (
        added,
        account.run("apis", "list"),
        account.run("apis", "show", "x"),
        account.run("apis", "show", "x", "get_x"),
        account.run("apis", "call", "x", "get_x", "p=1"),
        account.run("ask", "list operations of x"),
    ):
        assert "\x1b" not in got.out + got.err
        assert "\u202e" not in got.out + got.err
