"""The source as the rules see it: modules with their place, text and syntax tree."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "opsterm"

DECIDING_ROOMS = frozenset(
    {"core", "terminal", "inventory", "monitoring", "knowledge", "policy", "changes", "assistant"}
)
"""Rooms of plain synchronous Python: no waiting, no files, no network, no clock."""

FACES = frozenset({"cli", "tui"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One file of Python.

    Attributes:
        name: path below the checkout, with slashes: "opsterm/core/hub.py".
        text: its source.
        tree: its syntax tree.
    """

    name: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room it is in; "" for a file at the top of the package and for tests."""
        parts = self.name.split("/")
        return parts[1] if parts[0] == "opsterm" and len(parts) > 2 else ""

    def at(self, node: ast.AST) -> str:
        """Return the place of a node, as an editor opens it."""
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


def module(name: str, text: str) -> Module:
    """Return a module made of text; for the samples on which a rule proves itself."""
    return Module(name=name, text=text, tree=ast.parse(text))


def _read(folder: Path) -> tuple[Module, ...]:
    return tuple(
        module(path.relative_to(CHECKOUT).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.py"))
    )


@cache
def package() -> tuple[Module, ...]:
    """Return every module of the package."""
    return _read(PACKAGE)


@cache
def suite() -> tuple[Module, ...]:
    """Return every module of the tests."""
    return _read(CHECKOUT / "tests")


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Return (path, text) of every text file that is kept in the repository, or would be; binary files are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    names = listed.stdout.splitlines() or [m.name for m in (*package(), *suite())]  # no git: an unpacked archive
    found = []
    for name in sorted(set(names)):
        try:
            found.append((name, (CHECKOUT / name).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            continue
    return tuple(found)


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function at any depth."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    """Yield every class at any depth."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call at any depth."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    """Return the last word of what is called: "run" for `a.b.run()`."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def dotted(node: ast.AST) -> str:
    """Return "a.b.c" for such an expression, "" for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Yield (statement, dotted name) of everything imported, at any depth, for types only included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def comments(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line number, the comment, the source line) of every comment."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string, lines[token.start[0] - 1]


def words_of(name: str) -> Sequence[str]:
    """Split a snake_case or CamelCase name into lower-case words."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+", name)]
