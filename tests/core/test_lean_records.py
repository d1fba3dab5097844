"""Records whose functions are made when they are first called are records like any others."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest

SOURCE = """
from dataclasses import dataclass, field

@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Point:
    x: int
    y: int = 2
    tags: tuple = field(default_factory=tuple, compare=False)

@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Point):
    name: str = ""

    def __post_init__(self):
        if self.name == "bad":
            raise ValueError("a bad name")
"""
LATER, AT_ONCE = "opsterm.records_of_a_test", "records_of_a_test"
needs_the_seam = pytest.mark.skipif(not hasattr(dataclasses, "_create_fn"), reason="Python has no such seam any more")


def records(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a module of that name with two records."""
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(SOURCE, vars(module))
    return module


@pytest.fixture(params=[LATER, AT_ONCE])
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The records as this package has them, and as anybody else has."""
    return records(request.param, monkeypatch)


BEHAVIOUR: dict[str, Callable[[Any], object]] = {
    "has its defaults": lambda m: (m.Point(x=1).y, m.Point(x=1).tags) == (2, ()),
    "is shown": lambda m: repr(m.Point(x=1)) == "Point(x=1, y=2, tags=())",
    "is equal": lambda m: m.Point(x=1) == m.Point(x=1) != m.Point(x=2),
    "is equal without what is not compared": lambda m: m.Point(x=1, tags=(1,)) == m.Point(x=1),
    "is not equal to one of another class": lambda m: m.Point(x=1) != m.Named(x=1),
    "is hashed": lambda m: len({m.Point(x=1), m.Point(x=1), m.Point(x=3)}) == 2,
    "has an order": lambda m: m.Point(x=1) < m.Point(x=2) <= m.Point(x=2) and m.Named(x=3) >= m.Named(x=2),
    "is replaced": lambda m: dataclasses.replace(m.Named(x=1), y=5) == m.Named(x=1, y=5),
    "is taken apart": lambda m: dataclasses.astuple(m.Named(x=1, name="a")) == (1, 2, (), "a"),
    "is copied": lambda m: copy.deepcopy(m.Named(x=1, name="a")) == m.Named(x=1, name="a"),
    "is pickled": lambda m: pickle.loads(pickle.dumps(m.Named(x=1))) == m.Named(x=1),
    "matches": lambda m: m.Point.__match_args__ == (),
}  # fmt: skip


@pytest.mark.parametrize("holds", BEHAVIOUR.values(), ids=BEHAVIOUR)
def test_a_record(holds: Callable[[Any], object], made: Any) -> None:
    assert holds(made)
    assert holds(made), "the second time the functions are there"


@pytest.mark.parametrize(
    ("breaks", "error", "said"),
    [
        (lambda m: m.Point(), TypeError, r"Point\.__init__\(\) missing 1 required keyword-only argument: 'x'"),
        (lambda m: m.Point(x=1, z=2), TypeError, r"Point\.__init__\(\) got an unexpected keyword argument 'z'"),
        (lambda m: m.Named(x=1, name="bad"), ValueError, "a bad name"),
        (lambda m: setattr(m.Point(x=1), "x", 2), dataclasses.FrozenInstanceError, "cannot assign to field 'x'"),
        (lambda m: delattr(m.Named(x=1), "x"), dataclasses.FrozenInstanceError, "cannot delete field 'x'"),
        (lambda m: m.Point(x=1) < 3, TypeError, "'<' not supported"),
    ],
)  # fmt: skip
def test_what_a_record_refuses(breaks: Callable[[Any], object], error: type[Exception], said: str, made: Any) -> None:
    for _ in range(2):
        with pytest.raises(error, match=said):
            breaks(made)


@needs_the_seam
def test_a_function_is_made_by_the_first_call_and_put_where_it_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    made = records(LATER, monkeypatch)
    first = vars(made.Point)["__init__"]
    made.Point(x=1)
    assert vars(made.Point)["__init__"] is not first
    assert vars(made.Point)["__init__"].__code__.co_varnames[:2] == ("self", "x")
    assert "__eq__" in vars(made.Point)
    assert "self" not in vars(made.Point)["__eq__"].__code__.co_varnames


@needs_the_seam
def test_the_records_of_others_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = records(AT_ONCE, monkeypatch)
    assert vars(made.Point)["__init__"].__code__.co_varnames[:2] == ("self", "x")


def test_two_threads_may_make_the_same_function(monkeypatch: pytest.MonkeyPatch) -> None:
    made = records(LATER, monkeypatch)
    with ThreadPoolExecutor(8) as threads:
        points = list(threads.map(lambda number: made.Point(x=number), range(200)))
    assert [point.x for point in points] == list(range(200))
