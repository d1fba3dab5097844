"""A pattern that is compiled later does what a compiled one does."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator

import pytest

from opsterm.core import lean_re
from tests.house.source import CHECKOUT, PACKAGE

USES: dict[str, Callable[[re.Pattern[str]], object]] = {
    "match": lambda p: p.match("b12x").group(0),  # type: ignore[union-attr]  # it matches
    "fullmatch": lambda p: p.fullmatch("ab1") is None,
    "search": lambda p: p.search("__AB12").span("digits"),  # type: ignore[union-attr]  # it matches
    "findall": lambda p: p.findall("a1 b2 cd"),
    "finditer": lambda p: [found["digits"] for found in p.finditer("a1 b2")],
    "sub": lambda p: p.sub("-", "a1 b2"),
    "split": lambda p: p.split("a1,b2"),
    "its text": lambda p: (p.pattern, p.flags, dict(p.groupindex)),
    "what it lacks": lambda p: hasattr(p, "matches"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_later_pattern(use: Callable[[re.Pattern[str]], object]) -> None:
    text, flags = r"[a-z](?P<digits>\d+)", re.IGNORECASE
    later = lean_re.compile(text, flags)
    assert use(later) == use(re.compile(text, flags))
    assert use(later) == use(re.compile(text, flags)), "the second time it is compiled"


def patterns_in(value: object) -> Iterator[lean_re.LaterPattern]:
    if isinstance(value, lean_re.LaterPattern):
        yield value
    elif isinstance(value, dict):
        yield from patterns_in(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from patterns_in(item)


def test_every_pattern_of_the_package_can_be_compiled() -> None:
    """What `re.compile` would say when a module is loaded is said here."""
    files = [file for file in PACKAGE.rglob("*.py") if "import lean_re as re\n" in file.read_text(encoding="utf-8")]
    names = [".".join(file.relative_to(CHECKOUT).with_suffix("").parts) for file in files]
    modules = [importlib.import_module(name.removesuffix(".__init__")) for name in names]
    found = [pattern for one in modules for pattern in patterns_in(tuple(vars(one).values()))]
    assert len(found) > 100
    for pattern in found:
        re.compile(*pattern.written)
