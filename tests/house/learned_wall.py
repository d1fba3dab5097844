"""The wall between what is learned and what decides: a model can raise a grade, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from tests.house.source import Module, called, calls, classes, dotted, functions, imports

CONTEXT = "opsterm/policy/context.py"
"""Where a raise becomes a grade."""

MAKES_RAISES = "opsterm/policy/learned/model.py"

MAY_KNOW_THE_MODEL = frozenset({
    "opsterm/changes/past_commands.py", "opsterm/runtime/learned_risk.py", "opsterm/cli/verbs/learning.py",
})  # fmt: skip
"""Beside its own folder: what it learns from, the use-case around it, and the verbs that show it."""


def learning_decides(modules: Iterable[Module]) -> list[str]:
    """Find ways by which a model could do something else than raise a grade.

    What grades and decides cannot see it: it is handed a `LearnedRaise`, which has a sentence and no grade, and the one
    function that makes a grade of it returns the grade that it was given, or one that is not milder.
    """
    found = []
    for m in modules:
        if not m.name.startswith("opsterm/policy/learned/") and m.name not in MAY_KNOW_THE_MODEL:
            found += [
                f"{m.at(node)} imports {name}: what decides knows no model"
                for node, name in imports(m.tree)
                if name.startswith("opsterm.policy.learned")
            ]
        found += [
            f"{m.at(call)} says that a grade is to be raised: only {MAKES_RAISES} does"
            for call in calls(m.tree)
            if called(call) == "LearnedRaise" and m.name != MAKES_RAISES
        ]
        if m.room == "policy" and m.name != CONTEXT:
            found += [
                f"{m.at(node)} looks at what was learned: only {CONTEXT} does"
                for node in ast.walk(m.tree)
                if isinstance(node, ast.Attribute) and node.attr == "learned"
            ]
        if m.name == CONTEXT:
            found += _says_more_than_a_sentence(m) + _may_return_less(m)
    return found


def _says_more_than_a_sentence(m: Module) -> list[str]:
    return [
        f"{m.at(cls)} a LearnedRaise holds more than a sentence"
        for cls in classes(m.tree)
        if cls.name == "LearnedRaise"
        and [ast.unparse(node) for node in cls.body if isinstance(node, ast.AnnAssign)] != ["reason: str"]
    ]


def _may_return_less(m: Module) -> list[str]:
    """Find returns of `raise_level` that are neither the level as given nor at least that, and other readers of it."""
    found = []
    for function in functions(m.tree):
        mentions = [n for n in ast.walk(function) if isinstance(n, ast.Attribute) and n.attr == "learned"]
        if mentions and function.name != "raise_level":
            found.append(f"{m.at(mentions[0])} looks at what was learned: only raise_level does")
        if function.name != "raise_level":
            continue
        if any(
            isinstance(n, ast.Name) and n.id == "level" and isinstance(n.ctx, ast.Store) for n in ast.walk(function)
        ):
            found.append(f"{m.at(function)} forgets the level that it was given")
        found += [
            f"{m.at(node)} may return a milder level than it was given"
            for node in ast.walk(function)
            if isinstance(node, ast.Return) and not _keeps(node.value)
        ]
    return found


def _keeps(value: ast.expr | None) -> bool:
    if not isinstance(value, ast.Call) or called(value) != "RaisedLevel":
        return False
    level = next((keyword.value for keyword in value.keywords if keyword.arg == "level"), None)
    if isinstance(level, ast.Call):
        return called(level) == "_at_least" and dotted(level.args[0]) == "level"
    return level is not None and dotted(level) == "level"
