"""An OpenAPI description becomes typed operations; what cannot be used is left out with a sentence."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from opsterm.core.errors import BadInput
from opsterm.inventory.apis.description import ApiDescription, description_from_json, description_to_json
from opsterm.inventory.apis.differences import compare_descriptions
from opsterm.inventory.apis.document import read_document
from opsterm.inventory.apis.openapi import OPERATIONS_LIMIT, read_openapi
from opsterm.inventory.apis.operation_words import says_it_reads
from opsterm.inventory.apis.schemas import schema_words
from tests.adapters.petstore_stage import described
from tests.inventory.mutations import mutations


def described_by(paths: dict[str, Any], version: str = "3.1.0", **rest: Any) -> ApiDescription:
    """Return what a small description offers."""
    return read_openapi({"openapi": version, "info": {"title": "T", "version": "1"}, "paths": paths, **rest})


def schema_of(schema: Any, version: str = "3.1.0", **schemas: Any) -> Any:
    """Return a schema as it is kept, complete."""
    read = described_by(
        {"/x": {"get": {"parameters": [{"name": "p", "in": "query", "schema": schema}]}}}, version,
        components={"schemas": schemas},
    )  # fmt: skip
    return read.closed(read.operations[0].parameters[0].schema)


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_the_pet_store_in_both_versions(version: str) -> None:
    read = read_openapi(described(version, "https://pets.example"))
    assert (read.title, read.openapi, read.servers) == ("Pet Store", version, ("https://pets.example/v1",))
    assert [(one.id, one.method, one.path, one.only_reads) for one in read.operations] == [
        ("listPets", "GET", "/pets", True),
        ("createPet", "POST", "/pets", False),
        ("getPet", "GET", "/pets/{petId}", True),
        ("replacePet", "PUT", "/pets/{petId}", False),
        ("deletePet", "DELETE", "/pets/{petId}", False),
        ("notePet", "PATCH", "/pets/{petId}/note", False),
        ("moved", "GET", "/moved", True),
    ]
    first = read.operation("LISTPETS")
    assert [(p.name, p.place, p.required) for p in first.parameters] == [
        ("X-Trace", "header", False), ("limit", "query", False), ("tags", "query", False), ("kind", "query", False),
    ]  # fmt: skip
    assert first.security == ()
    assert read.operation("createPet").security == (("token",),)
    assert {scheme.name: scheme.kind for scheme in read.schemes} == {
        "token": "bearer", "basic": "basic", "key": "apiKey",
    }  # fmt: skip
    body = read.operation("createPet").body
    assert body is not None
    assert body.media_type == "application/json"
    assert read.closed(body.schema)["$defs"]["Pet"]["properties"]["parent"] == {"$ref": "#/$defs/Pet"}
    assert read.left_out == ()
    assert description_from_json(description_to_json(read)) == read


def test_both_versions_ask_for_the_same() -> None:
    old, new = (read_openapi(described(version, "https://x.example")) for version in ("3.0.4", "3.1.1"))
    assert compare_descriptions(old, new).none


def test_what_3_0_says_otherwise_is_said_as_2020_12_does() -> None:
    assert schema_of({"type": "string", "nullable": True, "enum": ["a"]}, "3.0.0") == {
        "type": ["string", "null"], "enum": ["a", None],
    }  # fmt: skip
    assert schema_of({"type": "number", "minimum": 3, "exclusiveMinimum": True}, "3.0.0") == {
        "type": "number", "exclusiveMinimum": 3,
    }  # fmt: skip
    assert schema_of({"type": "number", "maximum": 3, "exclusiveMaximum": False}) == {"type": "number", "maximum": 3}
    assert schema_of({"nullable": True, "allOf": [{"type": "string"}]}) == {
        "anyOf": [{"type": "null"}, {"allOf": [{"type": "string"}]}]
    }  # fmt: skip


def test_a_keyword_that_makes_no_sense_is_left_out() -> None:
    nonsense = {
        "type": "file", "minimum": "3", "maxLength": -1, "pattern": "(a+)+", "enum": [], "required": True, "items": 3,
        "properties": [], "$id": "http://x", "not": {}, "if": {}, "multipleOf": 0, "format": "\x1b[2J", "allOf": [],
    }  # fmt: skip
    assert schema_of(nonsense) == {}
    assert schema_of(True) is True
    assert schema_of(7) is True


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 100}, "integer 1 to 100"),
        ({"enum": ["a", "b", 3]}, "a, b or 3"),
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "string or integer"),
        ({}, "anything"),
        ({"type": "string", "format": "uuid"}, "string uuid"),
        ({"enum": list(range(20))}, "0, 1, 2, 3, 4, 5, 6, 7 or one of 12 more"),
        ({"type": "string", "maxLength": 9}, "string of at most 9 characters"),
        ({"const": "x\x1b"}, "x\\x1b"),
    ],
)
def test_a_schema_in_words(schema: Any, words: str) -> None:
    assert schema_words(schema_of(schema)) == words


def test_one_operation_that_cannot_be_used_does_not_take_the_others_with_it() -> None:
    read = described_by(
        {
            "/good": {"get": {}},
            "/else": {"$ref": "paths.yaml#/x"},
            "/circle": {"$ref": "#/paths/~1circle"},
            "/body": {"post": {"requestBody": {"$ref": "https://evil.example/body.json"}}},
            "/gone": {"get": {"parameters": [{"$ref": "#/components/parameters/None"}]}},
            "/b\x1bad": {"get": {}},
            "/query?x=y": {"get": {}},
            "/head": {"get": {"parameters": [{"name": "a b", "in": "header"}]}},
            "/odd": {"get": 7},
            "no-slash": {"get": {}},
            "/xml": {"get": {"parameters": [{"name": "x", "in": "query", "content": {"application/xml": {}}}]}},
        }
    )
    assert [one.id for one in read.operations] == ["get_good"]
    assert len(read.left_out) == 10
    assert "another document, paths.yaml#/x" in "\n".join(read.left_out)
    assert "another document, https://evil.example/body.json" in "\n".join(read.left_out)
    assert all(line.isprintable() for line in read.left_out)


def test_a_schema_that_leads_nowhere_is_not_checked_and_that_is_said() -> None:
    read = described_by(
        {
            "/x": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}
                }
            }
        },
        components={"schemas": {"A": {"type": "object", "properties": {"b": {"$ref": "other.json#/B"}}}}},
    )
    body = read.operations[0].body
    assert body is not None
    closed = read.closed(body.schema)
    assert closed["$defs"]["B"] is True
    assert read.left_out == (
        "A schema: It refers to another document, other.json#/B. Its values are not checked here.",
    )  # fmt: skip


def test_names_of_operations_are_usable_and_unique() -> None:
    read = described_by({
        "/a": {"get": {"operationId": "same"}, "post": {"operationId": "Same"}, "put": {"operationId": "x\x1b[2J"}},
        "/b/{id}": {"get": {"operationId": "a b"}, "delete": {}},
        "/c#variant": {"get": {"operationId": "repos/list-for-org"}},
    })  # fmt: skip
    assert [one.id for one in read.operations] == [
        "same", "Same-2", "put_a", "get_b_id", "delete_b_id", "repos/list-for-org",
    ]  # fmt: skip
    assert read.operation("repos/list-for-org").path == "/c"
    assert [(p.name, p.required) for p in read.operation("get_b_id").parameters] == [("id", True)]


def test_texts_of_a_stranger_are_cleaned_and_cut() -> None:
    read = described_by(
        {"/x": {"get": {"summary": "a\x1b]52;c;AAAA\x07b\u202e" + "x" * 5_000, "tags": ["\x1b[31m"]}}},
        info={"title": "T\x1b[2J\nmore", "version": 3},
    )  # fmt: skip
    one = read.operations[0]
    for text in (one.summary, *one.tags, read.title):
        assert text.isprintable()
        assert len(text) < 300
    assert read.title.startswith("T\\x1b")
    assert read.version == "3"


def test_headers_that_belong_to_the_connection_are_no_parameters() -> None:
    names = ["Host", "Content-Length", "Authorization", "Accept", "Transfer-Encoding", "X-Ok"]
    read = described_by({"/x": {"get": {"parameters": [{"name": name, "in": "header"} for name in names]}}})
    assert [p.name for p in read.operations[0].parameters] == ["X-Ok"]


def test_the_body_that_can_be_written_is_chosen() -> None:
    def chosen(*media: str) -> str:
        read = described_by({"/x": {"post": {"requestBody": {"content": {name: {} for name in media}}}}})
        body = read.operations[0].body
        return body.media_type if body else "none"

    assert chosen("text/plain", "application/json") == "application/json"
    assert chosen("application/xml", "application/merge-patch+json; charset=x") == "application/merge-patch+json"
    assert chosen("multipart/form-data", "application/x-www-form-urlencoded") == "application/x-www-form-urlencoded"
    assert chosen("*/*") == "application/json"
    assert chosen("multipart/form-data") == "multipart/form-data"


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({}, "no line"), ({"swagger": "2.0"}, "Swagger 2.0"), ({"openapi": "3.2.0"}, "3.2.0"), ({"openapi": [3]}, "3"),
        ({"openapi": "3.1.0"}, "no operation"), ({"openapi": "3.1.0", "paths": {}}, "no operation"),
        ({"openapi": "3.1.0", "paths": {"/x": {"trace": {}}}}, "no operation"),
    ],
)  # fmt: skip
def test_what_is_no_description_is_said(tree: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_openapi(tree)
    assert said in str(refused.value)


def test_ten_thousand_operations_are_read_and_more_are_refused() -> None:
    began = time.process_time()
    many = {f"/x{n}": {"get": {"summary": "s", "parameters": [{"name": "p", "in": "query"}]}} for n in range(10_000)}
    assert len(described_by(many).operations) == OPERATIONS_LIMIT
    with pytest.raises(BadInput, match="more than 10,000 operations"):
        described_by({**many, "/more": {"get": {}}})
    assert time.process_time() - began < 5


def test_schemas_that_refer_to_themselves_and_to_one_another_end() -> None:
    schemas: dict[str, Any] = {
        f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{(n + k) % 50}"} for k in (1, 2, 3)]} for n in range(50)
    }
    closed = schema_of({"$ref": "#/components/schemas/S0"}, **schemas)
    assert len(closed["$defs"]) == 50


@pytest.mark.parametrize(
    ("servers", "found"),
    [
        ([{"url": "https://{h}.example/{v}/", "variables": {"h": {"default": "a"}, "v": {"default": 2}}}], ("https://a.example/2",)),
        ([{"url": "https://{h}.example"}, {"url": "/v1"}], ("/v1",)), ([{"url": 3}, 4], ()), ("x", ()),
        ([{"url": "https://a.example/ \x1b"}], ("https://a.example/%20%1B",)),
    ],
)  # fmt: skip
def test_servers_and_their_variables(servers: Any, found: tuple[str, ...]) -> None:
    assert described_by({"/x": {"get": {}}}, servers=servers).servers == found


def test_what_changed_between_two_descriptions() -> None:
    before = described("3.1.0", "https://x.example")
    after = described("3.1.0", "https://x.example")
    del after["paths"]["/moved"]
    after["paths"]["/new"] = {"get": {"operationId": "fresh"}}
    after["paths"]["/pets"]["get"]["parameters"][0]["schema"]["maximum"] = 50
    after["components"]["schemas"] = json.loads(json.dumps(after["components"]["schemas"]))
    after["components"]["schemas"]["Pet"]["properties"]["age"]["maximum"] = 99
    after["paths"]["/pets/{petId}"]["delete"]["security"] = []
    found = compare_descriptions(read_openapi(before), read_openapi(after))
    assert (found.added, found.removed) == (("fresh",), ("moved",))
    assert found.changed == (
        ("createPet", "body"), ("deletePet", "who is let in"), ("listPets", "limit"), ("replacePet", "body"),
    )  # fmt: skip


def test_no_description_brings_it_down() -> None:
    text = json.dumps(described("3.0.0", "https://x.example"))
    read = 0
    for made in mutations(text, 3_000, seed=5):
        try:
            description = read_openapi(read_document(made.encode()))
        except BadInput:
            continue
        read += 1
        assert description_from_json(description_to_json(description)) == description
    assert read > 100


WRONG: list[Any] = [None, 7, "x", [], {}, [7], {"$ref": 7}, {"$ref": "#"}, {"x": None}, True, 1e9]


def test_wrong_kinds_of_things_in_every_place_bring_nothing_down() -> None:
    whole = json.dumps(described("3.1.0", "https://x.example"))
    places = _places(json.loads(whole))
    for place in places:
        for wrong in WRONG:
            tree = json.loads(whole)
            node = tree
            for step in place[:-1]:
                node = node[step]
            node[place[-1]] = wrong
            try:
                read_openapi(tree)
            except BadInput:
                continue


def _places(node: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in items for place in ((*here, key), *_places(value, (*here, key)))]


@pytest.mark.parametrize(
    ("name", "summary", "path", "reads"),
    [
        ("listPets", "", "/pets", True),
        ("repos/get-content", "", "/repos/{owner}", True),
        ("PetsController_findAll", "", "/pets", True),
        ("", "Returns one pet", "/pets/{id}", True),
        ("pets", "Info for one pet", "/pets/{id}", True),
        ("", "", "/pets", False),
        ("pets", "Pets", "/pets", False),
        ("", "Starts the pump", "/pump", False),
        ("startPump", "Get the pump going", "/pump", False),
        ("", "Get and reset the counters", "/counters", False),
        ("getCounters", "", "/counters/reset", False),
        ("system_reboot", "Returns when it is up again", "/system", False),
        ("logoutUser", "Logs out", "/logout", False),
        ("getJob", "", "/jobs/{id}/run", False),
    ],
)
def test_an_operation_reads_when_its_own_words_say_so(name: str, summary: str, path: str, *, reads: bool) -> None:
    assert says_it_reads(name, summary, path) is reads
