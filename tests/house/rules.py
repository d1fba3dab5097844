"""The rules that no linter offers. Each takes modules and returns the breaches, one sentence with its place each."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tests.house.source import (
    DECIDING_ROOMS,
    Module,
    called,
    calls,
    classes,
    comments,
    dotted,
    functions,
    imports,
    words_of,
)

Breaches = list[str]

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
MOST_METHODS = 15

WORDS_NOT_USED = frozenset({
    "manager", "handler", "helper", "helpers", "util", "utils", "common", "misc", "engine", "processor", "wrapper",
    "impl", "base",
})  # fmt: skip
"""Words that say that the noun has not been found yet."""

TOUCHES_A_DISK = frozenset({
    "read_text", "write_text", "read_bytes", "write_bytes", "unlink", "mkdir", "rmdir", "touch", "iterdir",
    "rglob", "chmod", "is_file", "is_dir", "exists", "stat", "lstat",
})  # fmt: skip

ASKS_THE_CLOCK = frozenset({
    "time.time", "time.monotonic", "time.perf_counter", "time.sleep", "datetime.now", "datetime.datetime.now",
    "datetime.utcnow", "date.today", "datetime.date.today",
})  # fmt: skip

GUARDED_STANDARD = frozenset({
    "socket", "ssl", "subprocess", "http", "urllib", "smtplib", "ftplib", "telnetlib", "sqlite3", "dbm", "shelve",
})  # fmt: skip
"""Modules that come with Python and still have one home."""


def waits(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find async code in rooms that decide."""
    kinds = ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
    return [
        f"{m.at(node)} waits: a room that decides is plain Python, runtime waits for it"
        for m in modules
        if m.room in DECIDING_ROOMS and m.name not in allowed
        for node in ast.walk(m.tree)
        if isinstance(node, kinds)
    ]


def touches_disk(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find file access in rooms that decide."""
    return [
        f"{m.at(call)} calls {called(call)}(): a room that decides is given text, an edge reads the file"
        for m in modules
        if m.room in DECIDING_ROOMS and m.name not in allowed
        for call in calls(m.tree)
        if dotted(call.func) == "open" or (isinstance(call.func, ast.Attribute) and called(call) in TOUCHES_A_DISK)
    ]


def asks_clock(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find rooms that decide and look at the clock instead of being told the time."""
    return [
        f"{m.at(call)} calls {dotted(call.func)}(): take `now` as an argument"
        for m in modules
        if m.room in DECIDING_ROOMS and m.name not in allowed
        for call in calls(m.tree)
        if dotted(call.func) in ASKS_THE_CLOCK
    ]


def long_files(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find files past the limit."""
    return [
        f"{m.name} has {length} lines: split it where its subject splits"
        for m in modules
        if m.name not in allowed and (length := m.text.count("\n")) > LONGEST_FILE
    ]


def long_functions(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find functions past the limit; a docstring does not count."""
    found = []
    for m in modules:
        for function in functions(m.tree):
            first = function.body[1] if len(function.body) > 1 and ast.get_docstring(function) else function.body[0]
            length = (function.end_lineno or first.lineno) - first.lineno + 1
            if length > LONGEST_FUNCTION and f"{m.name}:{function.name}" not in allowed:
                found.append(f"{m.at(function)} {function.name} has {length} lines")
    return found


def large_classes(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find classes with too many methods that others call.

    Private methods do not count, since cutting a long method in two is welcome; nor do `on_…` and `action_…`, which
    the screen framework finds by name: there is one for each thing an operator can do.
    """
    found = []
    for m in modules:
        for cls in classes(m.tree):
            methods = [f.name for f in cls.body if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)]
            counted = [name for name in methods if not name.startswith(("_", "on_", "action_"))]
            if len(counted) > MOST_METHODS and f"{m.name}:{cls.name}" not in allowed:
                found.append(f"{m.at(cls)} {cls.name} has {len(counted)} methods: is it two things?")
    return found


def vague_names(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find modules, folders and classes whose name says nothing."""
    found = []
    for m in modules:
        path_words = {word for part in m.name.removesuffix(".py").split("/") for word in words_of(part)}
        found += [f"{m.name}: {word!r} is no noun of the trade" for word in sorted(path_words & WORDS_NOT_USED)]
        for cls in classes(m.tree):
            vague = WORDS_NOT_USED.intersection(words_of(cls.name))
            if vague and cls.name not in allowed:
                found.append(f"{m.at(cls)} {cls.name}: {', '.join(vague)} is no noun of the trade")
    return found


def undescribed(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find public things without a docstring: modules, classes, functions and methods."""
    found = []
    for m in modules:
        if not ast.get_docstring(m.tree):
            found.append(f"{m.name} says nothing about itself")
        found += [
            f"{m.at(node)} {node.name} says nothing about itself"
            for node in _public(m.tree.body)
            if not ast.get_docstring(node) and f"{m.name}:{node.name}" not in allowed
        ]
    return found


def _public(body: Sequence[ast.stmt]) -> Iterable[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)


def shared_names(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find public classes of different modules that have the same name."""
    homes: dict[str, list[str]] = defaultdict(list)
    for m in modules:
        for node in m.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(m.name)
    return [
        f"{name} is defined in {' and '.join(where)}: one name, one thing"
        for name, where in homes.items()
        if len(where) > 1 and name not in allowed
    ]


_NOQA = re.compile(r"#\s*noqa\b(?::\s*(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?(?P<reason>.*)")
_IGNORE = re.compile(r"#\s*type:\s*ignore(?P<codes>\[[a-z0-9, -]+\])?(?P<reason>.*)")
_SHORTEST_REASON = 5


def unreasoned(modules: Iterable[Module]) -> Breaches:
    """Find rules that are switched off on a line which does not say why, or switched off as a whole."""
    found = []
    for m in modules:
        for line, comment, _ in comments(m.text):
            for pattern, word in ((_NOQA, "noqa"), (_IGNORE, "type: ignore")):
                match = pattern.search(comment)
                if match and not match["codes"]:
                    found.append(f"{m.name}:{line} `{word}` switches everything off: name the rule")
                elif match and len(match["reason"].strip(" #()")) < _SHORTEST_REASON:
                    found.append(f"{m.name}:{line} `{word}` gives no reason on its line")
    return found


def homeless(modules: Iterable[Module], homes: Mapping[str, Sequence[str]]) -> Breaches:
    """Find imported libraries that no contract gives a home.

    Args:
        modules: the package.
        homes: library -> rooms that may import it, from the contracts in pyproject.toml.
    """
    found: dict[str, str] = {}
    for m in modules:
        for node, name in imports(m.tree):
            library = name.partition(".")[0]
            free = library == "opsterm" or (library in sys.stdlib_module_names and library not in GUARDED_STANDARD)
            if not free and library not in homes:
                found.setdefault(library, f"{m.at(node)} imports {library}: give it a home in [tool.importlinter]")
    return list(found.values())


TELLTALES: Mapping[str, str] = {
    r"/(?:work|farm)/\w": "a path of one machine",
    r"/home/(?!op\b|ops\b|ana\b|ann\b|user\b|me\b|you\b|[A-Z]+/)\w+/": "a path of one person",
    r"(?<!\.)\.\./shared/": "a folder outside the repository",
    r"(?i)\bco-authored-by\b": "how it was written",
    r"(?i)\bgenerated (?:with|by) an? (?:ai|assistant|model)\b": "how it was written",
    r"(?i)\bas an ai\b": "how it was written",
    r"(?i)\bthe issue(?:'s)? (?:asks|says|wants|demands|bar)": "a ticket instead of the thing itself",
    r"(?i)\bTODO\b(?!\(#\d+\))": "work left open without a number: finish it or open a ticket",
    r"\b(?:FIX[M]E|X{3})\b": "work left open",
}
"""What has no place in a public repository -> what it is."""


def telltales(files: Iterable[tuple[str, str]], allowed: Mapping[str, str]) -> Breaches:
    """Find text that belongs to one machine, one person or one moment."""
    found = []
    for name, text in files:
        if name in allowed:
            continue
        for pattern, what in TELLTALES.items():
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{name}:{line} {match[0]!r} is {what}")
    return found
