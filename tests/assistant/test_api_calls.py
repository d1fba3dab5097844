"""Sentences about HTTP APIs: what only reads is asked, what may change something is never guessed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from opsterm.assistant.answer import answer_lines
from opsterm.assistant.answers_apis import answer_apis, answer_call
from opsterm.assistant.interpret import interpret
from opsterm.assistant.queries import ApiQuestion, ApiRequest, DetailQuestion, RunRequest
from opsterm.assistant.world import World
from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.inventory.apis.openapi import read_openapi
from opsterm.inventory.target import Protocol, Target, TargetRow
from opsterm.policy.order import Order, OrderTarget
from opsterm.policy.risk import Risk, RiskLevel
from tests.adapters.petstore_stage import described

STORE = read_openapi(described("3.1.0", "https://pets.example"))
WORLD = World(
    now=1_000_000.0,
    rows=[TargetRow(target=Target(name="petstore", protocol=Protocol.HTTP, tags=("api",)))],
    apis={"petstore": STORE},
)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("call petstore listPets", "call petstore listPets"),
        ("call petstore listpets limit=3", "call petstore listPets limit=3"),
        ("call petstore listPets 'tags=a b'", "call petstore listPets 'tags=a b'"),
        ("list pets in petstore", "call petstore listPets"),
        ("show me all the pets of petstore", "call petstore listPets"),
        ("which pets are in petstore?", "call petstore listPets"),
        ("list pets in petstore with limit 3", "call petstore listPets limit=3"),
        ("get pet 7 from petstore", "call petstore getPet petId=7"),
        ("list pets in petstore limit=3 kind=cat", "call petstore listPets limit=3 kind=cat"),
        ("list apis", "list apis"),
        ("which apis are known?", "list apis"),
        ("operations of petstore", "list operations of petstore"),
        ("what operations does petstore have", "list operations of petstore"),
        ("call petstore deletePet petId=7", "call petstore deletePet petId=7"),
        ("run the GET operation listPets of API petstore", "call petstore listPets"),
        ("run the GET operation listPets of the petstore API", "call petstore listPets"),
        ("please call the operation listpets on petstore", "call petstore listPets"),
        ("invoke listPets of petstore with limit 3", "call petstore listPets limit=3"),
        ("execute getPet of petstore with petId=7", "call petstore getPet petId=7"),
        ("run operation getPet 7 in api petstore", "call petstore getPet petId=7"),
        ("GET /pets of petstore", "call petstore listPets"),
        ("run GET /pets on the petstore api with limit=3", "call petstore listPets limit=3"),
        ("ask petstore for its pets", "call petstore listPets"),
    ],
)
def test_what_is_understood(said: str, line: str) -> None:
    read = interpret(said, WORLD)
    assert read.line == line, read
    assert interpret(line, WORLD).query == read.query


@pytest.mark.parametrize(
    ("said", "offered"),
    [
        ("delete pet 7 in petstore", "call petstore deletePet petId=7"),
        ("create a pet in petstore", "call petstore createPet"),
        ("remove pet 7 from petstore", "call petstore deletePet petId=7"),
        ("call petstore", "call petstore listPets"),
        ("call petstore listPat", "call petstore listPets"),
        ("replace pet 7 in petstore", "call petstore replacePet petId=7"),
        ("run the DELETE operation deletePet 7 of petstore", "call petstore deletePet petId=7"),
        ("run createPet of the API petstore", "call petstore createPet"),
        ("execute POST /pets on petstore", "call petstore createPet"),
    ],
)
def test_what_may_change_something_is_offered_and_not_done(said: str, offered: str) -> None:
    read = interpret(said, WORLD)
    assert read.query is None
    assert read.question
    assert read.alternatives[0] == offered


@pytest.mark.parametrize(
    ("said", "kind"),
    [("show target petstore", DetailQuestion), ("petstore", DetailQuestion), ("run `uptime` on petstore", RunRequest)],
)
def test_sentences_about_the_target_stay_what_they_were(said: str, kind: type) -> None:
    assert isinstance(interpret(said, WORLD).query, kind)


def test_an_api_may_have_the_name_of_what_is_in_it() -> None:
    read = interpret("list pets in pets", replace(WORLD, apis={"pets": STORE}))
    assert read.line == "call pets listPets"


def test_without_an_api_nothing_is_a_call() -> None:
    read = interpret("list pets in petstore", replace(WORLD, apis={}))
    assert not isinstance(read.query, ApiRequest | ApiQuestion)


def test_no_sentence_of_other_words_becomes_a_call() -> None:
    for said in ("is petstore online", "alerts on petstore", "memory of petstore", "list cars in petstore",
                 "list pets in petstore and reboot web-01", "why is petstore slow",
                 "run the DELETE operation listPets of petstore", "run listPets of petstore on web-01",
                 "GET /cars of petstore", "run `listPets` on petstore"):  # fmt: skip
        assert not isinstance(interpret(said, WORLD).query, ApiRequest)


def change(state: ChangeState, **outcome: object) -> Change:
    order = Order(
        command="GET https://pets.example/v1/pets", shell="http", timeout_s=30, expires_at=2_000_000.0,
        targets=(OrderTarget(name="petstore", protocol="http", address="pets.example", port=443, user=""),),
    )  # fmt: skip
    return Change(
        id=7,
        order=order,
        selector="petstore",
        risk=Risk(level=RiskLevel.HIGH, reasons=("It removes.",)),
        origin="chat",
        requested_by="ana",
        requested_at=1_000_000.0,
        digest=order.digest(),
        state=state,
        outcomes=(Outcome(target="petstore", state=OutcomeState.DONE, **outcome),),  # type: ignore[arg-type]  # its own fields
    )


def lines(body: object, **outcome: object) -> list[str]:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    output = b"HTTP 200 OK\nContent-Type: application/json\n\n" + text
    question = ApiRequest(api="petstore", operation="listPets")
    return list(answer_lines(answer_call(question, change(ChangeState.DONE, **outcome), output, 1_000_000.0)))


def test_a_list_of_objects_is_a_table_by_their_fields() -> None:
    said = lines([{"id": 1, "name": "rex", "tags": ["a"]}, {"id": 2, "name": None}])
    assert said[:4] == ["petstore says 200 OK (c7).", "id  name", "1   rex", "2"]
    assert "1 field more" in said[4]


def test_other_answers_are_shown_too() -> None:
    assert lines({"id": 1, "deep": {"a": [1]}})[1:4] == ["field  value", "id     1", 'deep   {"a": [1]}']
    assert lines({"items": [{"a": 1}], "next": 2})[1:5] == ["a", "1", "field  value", "next   2"]
    assert lines([])[1] == "The list is empty."
    assert lines([1, "b"])[1:4] == ["answer", "1", "b"]
    assert lines(b"plain\x1b[2J\ntext")[1:4] == ["answer", "plain\\x1b[2J", "text"]
    assert len(lines([{"a|b": 1, ">c": 2}] * 500)) < 70


def test_a_proposal_is_said_to_wait() -> None:
    question = ApiRequest(api="petstore", operation="deletePet", words=(("petId", "1"),))
    answer = answer_call(question, change(ChangeState.PROPOSED), b"", 1_000_000.0)
    assert answer.change_id == 7
    assert "Nothing was sent." in answer_lines(answer)[0]


def test_what_is_known() -> None:
    assert "petstore  Pet Store  1.2               7" in answer_lines(answer_apis(ApiQuestion(), {"petstore": STORE}))
    said = answer_lines(answer_apis(ApiQuestion(api="petstore"), {"petstore": STORE}))
    assert said[0] == "Pet Store 1.2: 7 operations."
