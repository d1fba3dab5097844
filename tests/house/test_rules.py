"""The house keeps its rules, and each rule finds a breach when there is one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import pytest

from tests.house import exceptions, rules, walls
from tests.house.source import CHECKOUT, Module, module, package, suite, texts

pytestmark = pytest.mark.xdist_group("house")  # each worker with one of these reads every source once: 10 s

Rule = Callable[[Iterable[Module]], list[str]]


def homes_of_libraries() -> Mapping[str, Sequence[str]]:
    """Return library -> rooms that may import it, from the import contracts."""
    tree = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = tree["tool"]["importlinter"]["contracts"]
    return {
        library: contract["allowed_importers"]
        for contract in contracts
        if contract["type"] == "protected"
        for library in contract["protected_modules"]
    }


PACKAGE_RULES: Mapping[str, Rule] = {
    "deciding rooms do not wait": partial(rules.waits, allowed=exceptions.MAY_WAIT),
    "deciding rooms open no files": partial(rules.touches_disk, allowed=exceptions.MAY_TOUCH_THE_DISK),
    "deciding rooms are told the time": partial(rules.asks_clock, allowed=exceptions.MAY_ASK_THE_CLOCK),
    "everything public is described": partial(rules.undescribed, allowed=exceptions.UNDESCRIBED),
    "one name, one thing": partial(rules.shared_names, allowed=exceptions.SHARED_NAMES),
    "every library has a home": partial(rules.homeless, homes=homes_of_libraries()),
    "what crosses rooms cannot be changed": partial(walls.mutable_records, allowed=exceptions.MUTABLE_RECORDS),
}

EVERYWHERE: Mapping[str, Rule] = {
    "files are short": partial(rules.long_files, allowed=exceptions.LONG_FILES),
    "functions are short": partial(rules.long_functions, allowed=exceptions.LONG_FUNCTIONS),
    "classes are small": partial(rules.large_classes, allowed=exceptions.LARGE_CLASSES),
    "names say what the thing is": partial(rules.vague_names, allowed=exceptions.NAMES),
    "a rule is switched off with a reason": rules.unreasoned,
}


@pytest.mark.parametrize("rule", PACKAGE_RULES.values(), ids=PACKAGE_RULES)
def test_the_package(rule: Rule) -> None:
    breaches = rule(package())
    assert not breaches, "\n".join(breaches)


@pytest.mark.parametrize("rule", EVERYWHERE.values(), ids=EVERYWHERE)
def test_the_package_and_its_tests(rule: Rule) -> None:
    breaches = rule((*package(), *suite()))
    assert not breaches, "\n".join(breaches)


def test_the_repository_names_no_machine_and_no_moment() -> None:
    breaches = rules.telltales(texts(), exceptions.TELLTALE_FILES)
    assert not breaches, "\n".join(breaches)


SAMPLES: Mapping[str, tuple[Rule, str, str]] = {
    "waits": (partial(rules.waits, allowed={}), "opsterm/policy/x.py", "async def wait():\n    pass\n"),
    "opens": (partial(rules.touches_disk, allowed={}), "opsterm/changes/x.py", "text = open('x')\n"),
    "reads": (partial(rules.touches_disk, allowed={}), "opsterm/core/x.py", "text = path.read_text()\n"),
    "clock": (partial(rules.asks_clock, allowed={}), "opsterm/monitoring/x.py", "import time\nnow = time.time()\n"),
    "long file": (partial(rules.long_files, allowed={}), "opsterm/cli/x.py", "\n" * 401),
    "long function": (
        partial(rules.long_functions, allowed={}), "opsterm/cli/x.py", "def f():\n" + "    x = 1\n" * 51,
    ),
    "large class": (
        partial(rules.large_classes, allowed={}), "opsterm/cli/x.py",
        "class C:\n" + "".join(f"    def m{i}(self): pass\n" for i in range(16)),
    ),
    "vague class": (partial(rules.vague_names, allowed={}), "opsterm/cli/x.py", "class AlertManager: pass\n"),
    "vague module": (partial(rules.vague_names, allowed={}), "opsterm/cli/text_utils.py", ""),
    "vague room": (partial(rules.vague_names, allowed={}), "opsterm/common/x.py", ""),
    "no docstring": (partial(rules.undescribed, allowed={}), "opsterm/cli/x.py", '"""X."""\ndef f(): pass\n'),
    "no method docstring": (
        partial(rules.undescribed, allowed={}), "opsterm/cli/x.py",
        '"""X."""\nclass C:\n    """C."""\n    def f(self): pass\n',
    ),
    "bare noqa": (rules.unreasoned, "opsterm/cli/x.py", "import os  # " + "noqa\n"),
    "noqa without reason": (rules.unreasoned, "opsterm/cli/x.py", "import os  # " + "noqa: F401\n"),
    "ignore without reason": (rules.unreasoned, "opsterm/cli/x.py", "x = 1  # " + "type: ignore[misc]\n"),
    "homeless library": (partial(rules.homeless, homes={}), "opsterm/policy/x.py", "import requests\n"),
    "homeless network": (partial(rules.homeless, homes={}), "opsterm/policy/x.py", "from urllib import request\n"),
    "mutable record": (
        partial(walls.mutable_records, allowed={}), "opsterm/policy/x.py", "@dataclass(slots=True)\nclass C: pass\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "name", "text"), SAMPLES.values(), ids=SAMPLES)
def test_a_breach_is_found(rule: Rule, name: str, text: str) -> None:
    assert rule([module(name, text)]), "the rule lets this pass"


def test_two_classes_of_one_name_are_found() -> None:
    twice = [module(f"opsterm/{room}/x.py", "class Line: pass\n") for room in ("cli", "tui")]
    assert rules.shared_names(twice, {}) == [
        "Line is defined in opsterm/cli/x.py and opsterm/tui/x.py: one name, one thing"
    ]


def test_what_is_in_order_is_let_pass() -> None:
    text = '"""X."""\n\n\nimport os  # ' + "noqa: F401 (its import has an effect we want)\n"
    for rule in (*PACKAGE_RULES.values(), *EVERYWHERE.values()):
        assert rule([module("opsterm/policy/x.py", text)]) == []


@pytest.mark.parametrize(
    "text", ["see /wo" + "rk/main/x", "as in /home/jane" + "/x", "FIX" + "ME later", "TO" + "DO: more"]
)
def test_a_telltale_is_found(text: str) -> None:
    assert rules.telltales([("README.md", text)], {})


def telltales(modules: Iterable[Module], allowed: Mapping[str, str]) -> list[str]:
    """Find telltales in the whole repository; the shape of the other rules."""
    del modules
    return rules.telltales(texts(), allowed)


EXCEPTIONS: Sequence[tuple[Callable[[Iterable[Module], Mapping[str, str]], list[str]], Mapping[str, str]]] = (
    (rules.waits, exceptions.MAY_WAIT),
    (rules.touches_disk, exceptions.MAY_TOUCH_THE_DISK),
    (rules.asks_clock, exceptions.MAY_ASK_THE_CLOCK),
    (rules.long_files, exceptions.LONG_FILES),
    (rules.long_functions, exceptions.LONG_FUNCTIONS),
    (rules.large_classes, exceptions.LARGE_CLASSES),
    (rules.vague_names, exceptions.NAMES),
    (rules.undescribed, exceptions.UNDESCRIBED),
    (rules.shared_names, exceptions.SHARED_NAMES),
    (telltales, exceptions.TELLTALE_FILES),
    (walls.mutable_records, exceptions.MUTABLE_RECORDS),
    (walls.starts_programs, exceptions.STARTS_PROGRAMS),
    (walls.reveals, exceptions.REVEALS_SECRETS),
    (walls.prints, exceptions.OWNS_A_STREAM),
    (walls.paints_unclean, exceptions.PAINTS_CLEANED_TEXT),
)


def test_every_table_of_exceptions_belongs_to_a_rule() -> None:
    tables = [table for name, table in vars(exceptions).items() if name.isupper()]
    assert [id(table) for table in tables if table not in [used for _, used in EXCEPTIONS]] == []


@pytest.mark.parametrize(("rule", "table"), EXCEPTIONS, ids=[rule.__name__ for rule, _ in EXCEPTIONS])
def test_an_exception_is_still_needed(
    rule: Callable[[Iterable[Module], Mapping[str, str]], list[str]], table: Mapping[str, str]
) -> None:
    breaches = rule((*package(), *suite()), {}) if table else []
    for name, reason in table.items():
        parts = name.split(":")
        assert any(all(part in breach for part in parts) for breach in breaches), f"take {name} out: it breaks no rule"
        assert len(reason) >= 8, f"{name} needs a reason"
