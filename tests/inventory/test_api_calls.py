"""An operator's words become a request, or a sentence says what is wrong with them."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from opsterm.core.errors import BadInput, NotFound
from opsterm.core.http_request import HttpRequest, parse_request
from opsterm.inventory.apis.calls import Call, call_words, request_of
from opsterm.inventory.apis.checks import faults_of
from opsterm.inventory.apis.description import ApiDescription, Parameter
from opsterm.inventory.apis.openapi import read_openapi
from opsterm.inventory.apis.styles import cookie_pairs, header_text, path_text, query_pairs
from opsterm.inventory.apis.values import value_of
from tests.adapters.petstore_stage import described
from tests.inventory.mutations import mutations

SERVER = "https://pets.example/v1"
STORE = read_openapi(described("3.1.0", "https://pets.example"))
EVERY_SECRET = frozenset({"token", "basic", "key"})


def call(
    operation: str,
    *texts: str,
    body: str | None = None,
    store: ApiDescription = STORE,
    kept: frozenset[str] = EVERY_SECRET,
) -> HttpRequest:
    made = Call(operation=operation, words=call_words(texts), body=body)
    return request_of(store, made, base_url=SERVER, kept=kept, api="petstore")


def refusal(operation: str, *texts: str, **how: Any) -> str:
    with pytest.raises(BadInput) as refused:
        call(operation, *texts, **how)
    return str(refused.value)


def test_a_read() -> None:
    assert call("listPets", "limit=3", "tags=a b,c&d", "kind=cat", "kind=dog", "X-Trace=t1").text == (
        "GET https://pets.example/v1/pets?limit=3&tags=a%20b,c%26d&kind=cat&kind=dog\n"
        "Accept: application/json, */*;q=0.5\nX-Trace: t1"
    )


def test_a_write_with_its_fields_or_with_its_body() -> None:
    text = (
        "POST https://pets.example/v1/pets\nAccept: application/json, */*;q=0.5\nContent-Type: application/json\n"
        'Authorization: Bearer {credential:token}\n\n{\n  "name": "rex",\n  "age": 3,\n  "tags": [\n    "a"\n  ]\n}'
    )
    assert call("createPet", "name=rex", "age=3", "tags=a").text == text
    assert call("createPet", body='{"name":"rex","age":3,"tags":["a"]}').text == text


def test_a_form() -> None:
    request = call("notePet", "petId=1", "note=a & b=c")
    assert (request.body, dict(request.headers)["Content-Type"]) == (
        "note=a%20%26%20b%3Dc", "application/x-www-form-urlencoded",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "header"),
    [
        ("createPet", ("Authorization", "Bearer {credential:token}")), ("getPet", ("X-Key", "{credential:key}")),
        ("replacePet", ("Authorization", "Basic {credential:basic}")),
    ],
)  # fmt: skip
def test_each_way_to_be_let_in_has_its_mark_and_no_secret(operation: str, header: tuple[str, str]) -> None:
    words = ["petId=1"] if operation != "createPet" else []
    body = '{"name": "x"}' if operation != "getPet" else None
    assert header in call(operation, *words, body=body).headers
    assert f"opsterm apis login petstore {header[1].partition(':')[2].rstrip('}')}" in refusal(
        operation, *words, body=body, kept=frozenset()
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("limit=300",), "limit must be at most 100, not 300."), (("limit=0",), "limit must be at least 1, not 0."),
        (("limit=many",), "limit must be integer, not string."), (("limit=1", "limit=2"), "more than once"),
        (("kind=cow",), "kind[0] must be one of cat, dog, fish, not cow."), (("limt=3",), "The nearest is limit."),
        (("zzz=3",), "It takes X-Trace, limit, tags, kind."), (("X-Trace=ä",), "printable ASCII"),
        (("X-Trace={credential:token}",), "printable ASCII"), (("X-Trace=a\r\nHost: b",), "printable ASCII"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_sent(words: tuple[str, ...], said: str) -> None:
    assert said in refusal("listPets", *words)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    said = refusal("createPet", "nmae=rex", "age=-1", "kind=cow", "tags=a,b,c,d,e,f")
    for part in (
        "The nearest is name.",
        "age must be at least 0",
        "kind must be one of",
        "tags must have at most 5 items",
        "lacks name",
        "opsterm apis show petstore createPet",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{", "It is not JSON"),
        ('{"name": ""}', "name must have at least 1 characters"),
        ("[]", "must be object, not array"),
        ('{"name": "x", "color": 1}', "has a field that the description does not know"),
        ('{"age": NaN}', "not JSON"),
        ('{"name": "x", "parent": {"name": "y", "age": 41}}', "parent.age must be at most 40"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_a_body_is_checked_as_well(body: str, said: str) -> None:
    assert said in refusal("createPet", body=body)


def test_what_must_be_there_and_what_must_not() -> None:
    assert "petId is missing: integer from 0." in refusal("getPet")
    assert "The body is missing" in refusal("createPet")
    assert "It takes no body." in refusal("listPets", body="{}")
    with pytest.raises(NotFound, match="listPet"):
        call("listPat")
    with pytest.raises(BadInput, match="NAME=VALUE"):
        call("listPets", "limit")


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_cannot_lead_to_another_path(value: str) -> None:
    store = read_openapi({"openapi": "3.1.0", "paths": {"/a/{id}/b": {"get": {"operationId": "x"}}}})
    assert "stands in the path" in refusal("x", f"id={value}", store=store)
    assert call("x", "id=../../admin?x#y", store=store).target == "/v1/a/..%2F..%2Fadmin%3Fx%23y/b"


def test_an_operation_of_another_server_is_not_called() -> None:
    paths = {"/x": {"get": {"operationId": "x", "servers": [{"url": "https://evil.example"}]}}}
    assert "another server, https://evil.example" in refusal(
        "x", store=read_openapi({"openapi": "3.1.0", "paths": paths})
    )


def test_no_secret_goes_over_http() -> None:
    made = Call(operation="getPet", words=(("petId", "1"),))
    with pytest.raises(BadInput, match="over http"):
        request_of(STORE, made, base_url="http://pets.example/v1", kept=EVERY_SECRET, api="petstore")
    local = request_of(STORE, made, base_url="http://127.0.0.1:8080/v1", kept=EVERY_SECRET, api="petstore")
    assert local.credentials == ("key",)


STYLES = [
    # place, style, explode, "", "blue", list, object: the table of OpenAPI 3.1.1, 4.8.12.6
    ("path", "matrix", False, ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
    ("path", "matrix", True, ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
    ("path", "label", False, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
    ("path", "label", True, ".blue", ".blue.black.brown", ".R=100.G=200.B=150"),
    ("path", "simple", False, "blue", "blue,black,brown", "R,100,G,200,B,150"),
    ("path", "simple", True, "blue", "blue,black,brown", "R=100,G=200,B=150"),
    ("query", "form", False, "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
    ("query", "form", True, "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
    ("query", "spaceDelimited", False, "color=blue", "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"),
    ("query", "pipeDelimited", False, "color=blue", "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"),
    (
        "query",
        "deepObject",
        True,
        "color=blue",
        "color=blue&color=black&color=brown",
        "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150",
    ),
    ("header", "simple", False, "blue", "blue,black,brown", "R,100,G,200,B,150"),
    ("header", "simple", True, "blue", "blue,black,brown", "R=100,G=200,B=150"),
    ("cookie", "form", True, "color=blue", "color=blue; color=black; color=brown", "R=100; G=200; B=150"),
    ("cookie", "form", False, "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
]


@pytest.mark.parametrize(("place", "style", "explode", "one", "many", "fields"), STYLES)
def test_styles(place: str, style: str, explode: bool, one: str, many: str, fields: str) -> None:
    parameter = Parameter(name="color", place=place, required=True, schema=True, style=style, explode=explode)

    def written(value: Any) -> str:
        if place == "path":
            return path_text(parameter, value)
        if place == "query":
            return "&".join(query_pairs(parameter, value))
        return header_text(parameter, value) if place == "header" else "; ".join(cookie_pairs(parameter, value))

    assert written("blue") == one
    assert written(["blue", "black", "brown"]) == many
    assert written({"R": 100, "G": 200, "B": 150}) == fields


def test_signs_that_a_url_reserves_are_kept_only_where_that_is_said() -> None:
    plain = Parameter(name="q", place="query", required=True, schema=True, style="form", explode=True)
    kept = Parameter(name="q", place="query", required=True, schema=True, style="form", explode=True, reserved=True)
    as_json = Parameter(name="q", place="query", required=True, schema=True, style="form", explode=True, as_json=True)
    assert query_pairs(plain, "a/b?c&d#e+f") == ["q=a%2Fb%3Fc%26d%23e%2Bf"]
    assert query_pairs(kept, "a/b?c&d#e+f") == ["q=a/b?c%26d%23e%2Bf"]
    assert query_pairs(as_json, {"a": [1]}) == ["q=%7B%22a%22%3A%5B1%5D%7D"]


@pytest.mark.parametrize(
    ("words", "schema", "value"),
    [
        (["3"], {"type": "integer"}, 3),
        (["3"], {"type": "string"}, "3"),
        (["3.5"], {"type": "number"}, 3.5),
        (["TRUE"], {"type": "boolean"}, True),
        (["null"], {"type": ["string", "null"]}, None),
        (["x"], {"type": "integer"}, "x"),
        (["1,2"], {"type": "array", "items": {"type": "integer"}}, [1, 2]),
        (["1", "2"], {"type": "array", "items": {"type": "integer"}}, [1, 2]),
        (["[1, 2]"], {"type": "array"}, [1, 2]),
        (['{"a": 1}'], {"type": "object"}, {"a": 1}),
        (["3"], {"enum": [1, 3]}, 3),
        (["3"], {"anyOf": [{"type": "integer"}, {"type": "string"}]}, 3),
        (["3"], True, "3"),
        (["9" * 400], {"type": "integer"}, "9" * 400),
        (["3"], {"$ref": "#/$defs/N", "$defs": {"N": {"type": "integer"}}}, 3),
        (["3"], {"$ref": "#/$defs/N", "$defs": {"N": {"$ref": "#/$defs/N"}}}, "3"),
    ],
)
def test_a_word_is_what_its_schema_asks_for(words: list[str], schema: Any, value: Any) -> None:
    assert value_of(words, schema) == value


def test_a_check_agrees_with_the_library_where_it_checks_everything() -> None:
    chance = random.Random(6)
    kinds = ["string", "integer", "number", "boolean", "array", "object", "null"]

    def value(depth: int = 0) -> Any:
        options = [
            None,
            True,
            0,
            3,
            3.5,
            -1,
            "",
            "ab",
            "abcdef",
            [],
            [1, 1],
            ["a"],
            {},
            {"a": 1},
            {"b": "x", "a": None},
        ]
        return chance.choice(options) if depth else chance.choice([*options, [value(1), value(1)], {"a": value(1)}])

    def schema(depth: int = 0) -> Any:
        made: dict[str, Any] = {}
        if chance.random() < 0.6:
            made["type"] = chance.choice(kinds)
        for key, options in (("minimum", (0, 2)), ("maxLength", (1, 3)), ("minItems", (1, 2)), ("uniqueItems", (True,)),
                             ("enum", ([1, "ab"], [None])), ("required", (["a"], ["a", "b"])), ("multipleOf", (2,)),
                             ("exclusiveMaximum", (3,)), ("additionalProperties", (False, True))):  # fmt: skip
            if chance.random() < 0.15:
                made[key] = chance.choice(options)
        if depth < 2 and chance.random() < 0.4:
            made[chance.choice(["items", "additionalProperties"])] = schema(depth + 1)
        if depth < 2 and chance.random() < 0.3:
            made[chance.choice(["allOf", "anyOf"])] = [schema(depth + 1), schema(depth + 1)]
        if depth < 2 and chance.random() < 0.3:
            made["properties"] = {"a": schema(depth + 1)}
        return made

    for _ in range(2_000):
        asked = schema()
        store = read_openapi({"openapi": "3.1.0", "paths": {"/x": {"get": {"parameters": [
            {"name": "p", "in": "query", "schema": asked}]}}}})  # fmt: skip
        kept, tried = store.closed(store.operations[0].parameters[0].schema), value()
        assert (not faults_of(tried, kept)) == Draft202012Validator(asked).is_valid(tried), (asked, tried)


def test_a_schema_cannot_keep_the_check_busy() -> None:
    nested: dict[str, Any] = {f"S{n}": {"anyOf": [{"$ref": f"#/$defs/S{n + 1}"}] * 2} for n in range(60)}
    nested["S60"] = {"type": "integer"}
    circle = {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}
    began = time.process_time()
    faults_of("x", {"$ref": "#/$defs/S0", "$defs": nested})
    faults_of("x", circle)
    assert time.process_time() - began < 5


def test_a_schema_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(*_: object, **__: object) -> None:
        raise AssertionError("a schema was fetched")

    monkeypatch.setattr("urllib.request.urlopen", fetched)
    with pytest.raises(Exception, match="example"):
        faults_of(1, {"$ref": "https://evil.example/schema"})


def test_no_words_bring_it_down_and_every_request_is_canonical() -> None:
    made = 0
    for text in mutations("limit=3 tags=a,b kind=cat X-Trace=abc", 2_000, seed=7):
        try:
            request = call("listPets", *text.split(" "))
        except BadInput:
            continue
        made += 1
        assert parse_request(request.text) == request
        assert request.origin.host == "pets.example"
    assert made > 100


def test_every_field_of_json_can_be_sent_as_it_is() -> None:
    for text in mutations("name of a pet", 500, seed=8):
        name = text[:40] or "x"
        if any("\ud800" <= char <= "\udfff" for char in name):
            continue
        request = call("createPet", f"name={name}")
        assert json.loads(request.body) == {"name": name}
