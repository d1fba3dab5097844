"""A fact is written once and read by every later version."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import opsterm
from opsterm.core import events
from opsterm.core.errors import Bug
from opsterm.core.events import (
    Event,
    Fact,
    UnknownEvent,
    body_from_json,
    body_to_json,
    event,
    event_kinds,
    fact_from_json,
    fact_to_json,
    written_kind,
)


def import_every_room_that_has_events() -> None:
    """Import the modules below the edges: these are where kinds are registered."""
    for found in pkgutil.walk_packages(opsterm.__path__, "opsterm."):
        if found.name.split(".")[1] not in ("tui", "cli", "adapters", "storage", "terminal", "__main__", "composition"):
            importlib.import_module(found.name)


import_every_room_that_has_events()
KINDS = dict(event_kinds())
TEXTS = st.text(st.characters(categories=None), max_size=30)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return what a field of this type may hold."""
    if typing.get_origin(hint) is tuple:
        return st.lists(values_of(typing.get_args(hint)[0]), max_size=4).map(tuple)
    if isinstance(hint, types.UnionType):
        return st.one_of([values_of(arg) for arg in typing.get_args(hint)])
    strategies: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXTS, int: st.integers(), bool: st.booleans(), type(None): st.none(),
        float: st.floats(allow_nan=False, allow_infinity=False),
    }  # fmt: skip
    return strategies[hint]


def bodies(kind: type[Event]) -> st.SearchStrategy[Event]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{f.name: values_of(hints[f.name]) for f in dataclasses.fields(kind)})


facts = st.builds(
    Fact, event=st.one_of([bodies(kind) for kind in KINDS.values()]), at=st.floats(0, 1e11), by=TEXTS,
    correlation_id=TEXTS, causation_id=TEXTS, seq=st.integers(0, 2**62),
)  # fmt: skip


@pytest.fixture(autouse=True)
def kinds_of_the_test_are_forgotten() -> Iterator[None]:
    before, upgrades = dict(events._kinds), dict(events._upgrades)
    yield
    events._kinds.clear()
    events._kinds.update(before)
    events._upgrades.clear()
    events._upgrades.update(upgrades)


def test_there_are_kinds_and_each_is_named_room_dot_past_tense() -> None:
    assert len(KINDS) >= 15
    for name, kind in KINDS.items():
        assert kind.kind == name
        assert name.count(".") == 1
        assert name == name.lower()
        assert not (kind.journaled and kind.may_be_shed)


@given(facts)
def test_every_kind_is_read_back_as_it_was_written(fact: Fact) -> None:
    line = fact_to_json(fact)
    assert "\n" not in line
    assert fact_from_json(line) == fact
    assert fact_to_json(fact_from_json(line)) == line


@given(st.dictionaries(TEXTS, st.recursive(st.none() | st.integers() | TEXTS, st.lists, max_leaves=5), max_size=4),
       st.integers(1, 9))  # fmt: skip
def test_a_kind_that_this_version_does_not_know_is_kept_as_it_was(body: dict[str, Any], version: int) -> None:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    unknown = body_from_json("weather.changed", version, text)
    assert unknown == UnknownEvent(name="weather.changed", body_json=text, body_version=version)
    assert written_kind(unknown) == ("weather.changed", version)
    fact = Fact(event=unknown, at=1.0, by="ana", seq=7)
    assert fact_from_json(fact_to_json(fact)) == fact


def test_a_body_that_a_later_version_wrote_is_kept_as_it_was() -> None:
    kind, cls = next(iter(KINDS.items()))
    later = body_from_json(kind, cls.version + 1, '{"new":"meaning"}')
    assert later == UnknownEvent(name=kind, body_json='{"new":"meaning"}', body_version=cls.version + 1)


def test_fields_that_were_added_are_ignored_and_missing_ones_take_their_defaults() -> None:
    @event("test.grown")
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Grown(Event):
        name: str
        count: int = 1

    assert body_from_json("test.grown", 1, '{"name":"a","colour":"red"}') == Grown(name="a")
    assert body_from_json("test.grown", 1, '{"count":2}') == UnknownEvent(
        name="test.grown", body_json='{"count":2}', body_version=1
    ), "a field without a default is missing"


def test_an_older_body_passes_its_upgrade() -> None:
    def upgrade(version: int, fields: dict[str, Any]) -> dict[str, Any]:
        if version == 1:
            fields = {"seconds": fields["minutes"] * 60}
        return {"seconds": float(fields["seconds"])}

    @event("test.timed", version=3, upgrade=upgrade)
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Timed(Event):
        seconds: float

    assert body_from_json("test.timed", 1, '{"minutes":2}') == Timed(seconds=120.0)
    assert body_from_json("test.timed", 2, '{"seconds":5}') == Timed(seconds=5.0)
    assert body_from_json("test.timed", 3, '{"seconds":5.5}') == Timed(seconds=5.5)
    assert written_kind(Timed(seconds=1.0)) == ("test.timed", 3)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"a"', "null", "{}", '{"hours":1}', "[" * 100_000])
def test_a_body_that_makes_no_sense_hides_nothing_around_it(text: str) -> None:
    @event("test.strict", version=2, upgrade=lambda _, fields: {"seconds": fields["minutes"] * 60})
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Strict(Event):
        seconds: float

    for version in (1, 2):
        read = body_from_json("test.strict", version, text)
        assert read == UnknownEvent(name="test.strict", body_json=text, body_version=version)
    assert body_from_json("test.strict", 1, '{"minutes":1}') == Strict(seconds=60)


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "null", '{"v":1}', '{"v":2,"seq":1}', "{}",
     '{"v":2,"seq":1,"id":"a","at":1,"by":"a","correlation":"","causation":"","kind":"a.b","kind_version":1,"body":{}}'],
)  # fmt: skip
def test_what_is_no_line_of_the_journal_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"journal line|Expecting"):
        fact_from_json(line)


def test_two_bodies_cannot_share_a_name() -> None:
    @event("test.taken")
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Taken(Event):
        pass

    with pytest.raises(Bug, match=r"two events are called test\.taken"):

        @event("test.taken")
        @dataclass(frozen=True, slots=True, kw_only=True)
        class Other(Event):
            pass

    namesake: type[Event] = type(Taken.__qualname__, (Event,), {"__module__": "elsewhere"})
    with pytest.raises(Bug):
        event("test.taken")(namesake)


def test_what_is_journaled_is_never_shed() -> None:
    with pytest.raises(Bug, match="never shed"):

        @event("test.torn", may_be_shed=True)
        @dataclass(frozen=True, slots=True, kw_only=True)
        class Torn(Event):
            pass


def test_body_text_is_compact_and_readable() -> None:
    @event("test.said")
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Said(Event):
        words: tuple[str, ...]

    assert body_to_json(Said(words=("Zoë", "a"))) == '{"words":["Zoë","a"]}'
