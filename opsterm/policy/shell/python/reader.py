"""Python from its syntax tree: every call, name and import is looked up, and one that is in no table ends the reading.

A module is never followed as a value, a name that is given another meaning is no builtin any more, and whatever could
reach code that is not in the text (`eval`, `getattr`, names that begin with `_`) is not followed.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from dataclasses import dataclass, field

from opsterm.policy.shell.argument import UNKNOWN
from opsterm.policy.shell.python import names
from opsterm.policy.word_set import word_set

MOST_NODES = 20_000
_BEYOND = word_set(
    "eval exec compile getattr setattr delattr globals locals vars input breakpoint memoryview classmethod "
    "staticmethod property help type object super dir"
)
"""Builtins that reach what is not in the text."""


class NotFollowed(Exception):
    """A part of a text that no table knows; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonDeed:
    """Something that a text does.

    Attributes:
        kind: "read", "write", "add", "delete", "tree" (with all below it), "run" (a program).
        words: what of: a path, or the words of a program; UNKNOWN stands for what is known only when it runs.
    """

    kind: str
    words: tuple[str, ...]


@dataclass(slots=True)
class _Text:
    """What is known of a text."""

    modules: dict[str, str] = field(default_factory=dict)  # name -> module, or module.function
    own: set[str] = field(default_factory=set)  # functions and classes of the text
    constants: dict[str, str] = field(default_factory=dict)
    deeds: list[PythonDeed] = field(default_factory=list)


def read_python(text: str) -> tuple[PythonDeed, ...]:
    """Return what a text does, when all of it can be told.

    Raises:
        NotFollowed: something in it is in no table, or it is no Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotFollowed("its syntax") from error
    nodes = list(ast.walk(tree))
    if len(nodes) > MOST_NODES:
        raise NotFollowed("its length")
    known = _Text()
    _note_names(nodes, known)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Call):
            _call(node, known)
        elif isinstance(node, ast.Attribute):
            _attribute(node, known, is_called=id(node) in called, is_inner=id(node) in inner)
        elif isinstance(node, ast.Name):
            _name(node, known, is_called=id(node) in called, is_inner=id(node) in inner)
        elif isinstance(node, ast.Global | ast.Nonlocal | ast.Await | ast.AsyncFunctionDef):
            raise NotFollowed(type(node).__name__.lower())
    return tuple(known.deeds)


def _note_names(nodes: list[ast.AST], known: _Text) -> None:
    """Note imports, functions, and texts that are given to a name once."""
    given: Counter[str] = Counter()
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            _import(node, known)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            known.own.add(node.name)
        given.update(_names_given(node))
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value, name = node.value, node.targets[0].id
            if given[name] == 1 and isinstance(value, ast.Constant) and isinstance(value.value, str):
                known.constants[name] = value.value
    for name in given:
        if name in known.modules or name in names.BUILTINS or (name in known.own and given[name] > 1):
            raise NotFollowed(f"{name} with another meaning")


def _names_given(node: ast.AST) -> list[str]:
    """Return the names to which a node gives a meaning, imports aside."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        return [node.name]
    return []


def _import(node: ast.Import | ast.ImportFrom, known: _Text) -> None:
    """Note what is imported; a module that is in no table is not: what it does when it is loaded, nobody knows."""
    modules = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for module in modules:
        if module.partition(".")[0] not in names.COMPUTES | names.OTHERS:
            raise NotFollowed(f"the module {module}")
    for one in node.names:
        if isinstance(node, ast.Import):
            if "." in one.name and (one.asname or one.name != "os.path"):
                raise NotFollowed(f"the module {one.name}")
            known.modules[one.asname or one.name.partition(".")[0]] = one.name.partition(".")[0]
        elif one.name == "*" or node.level or node.module is None:
            raise NotFollowed("an import of names that are not in the text")
        else:
            known.modules[one.asname or one.name] = f"{node.module}.{one.name}"


def _dotted(node: ast.expr, known: _Text) -> str:
    """Return the name of what a module has, "" for anything else."""
    if isinstance(node, ast.Name):
        return known.modules.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, known)
        return f"{base}.{node.attr}" if base else ""
    return ""


def _is_known(dotted: str) -> bool:
    module, _, rest = dotted.partition(".")
    if dotted in names.READS or dotted in names.RUNS or dotted in names.DELETES | names.TREES:
        return True
    if dotted in names.WRITES or dotted in names.OPENS:
        return True
    return module in names.COMPUTES and bool(rest) and "." not in rest and not rest.startswith("_")


def _name(node: ast.Name, known: _Text, *, is_called: bool, is_inner: bool) -> None:
    """Look at a name: a module may only stand before a dot, and what reaches beyond the text is not followed."""
    module = known.modules.get(node.id)
    if module is not None:
        if not is_inner and not is_called and module not in names.READS:
            raise NotFollowed(f"{node.id} as a value")
        return
    if node.id == "open" and not is_called:
        raise NotFollowed("open as a value")
    if node.id.startswith("__") and node.id != "__name__":
        raise NotFollowed(node.id)
    if node.id in _BEYOND:
        raise NotFollowed(node.id)


def _attribute(node: ast.Attribute, known: _Text, *, is_called: bool, is_inner: bool) -> None:
    dotted = _dotted(node, known)
    if not dotted:
        if node.attr.startswith("_"):
            raise NotFollowed(f".{node.attr}")
        return
    if is_inner or is_called:
        return  # looked at as a whole where it ends
    module, _, rest = dotted.partition(".")
    plain = dotted in names.READS or (module in names.COMPUTES and (rest.isupper() or rest.startswith("S_")))
    if not plain and not rest.endswith(("Error", "Expired")):
        raise NotFollowed(f"{dotted} as a value")


def _call(node: ast.Call, known: _Text) -> None:
    name = _dotted(node.func, known)
    if isinstance(node.func, ast.Name) and not name:
        name = node.func.id
        if name == "open":
            _open(node, name, known)
        elif name not in names.BUILTINS and name not in known.own:
            raise NotFollowed(name)
        return
    if not name:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method == "add" and _packs(node, known):
            return
        if method not in names.METHODS and method not in known.own:
            raise NotFollowed(f".{method}" if method else "a call of what is known only when it runs")
        return
    if name in names.RUNS:
        _run(node, name, known)
    elif name in names.OPENS:
        _open(node, name, known)
    elif name in names.DELETES | names.TREES:
        known.deeds.append(
            PythonDeed(kind="tree" if name in names.TREES else "delete", words=(_text(node, 0, known),))
        )  # fmt: skip
    elif name in names.WRITES:
        known.deeds.append(PythonDeed(kind="write", words=(_text(node, names.WRITES[name], known),)))
    elif not _is_known(name):
        raise NotFollowed(name)


def _packs(node: ast.Call, known: _Text) -> bool:
    """Note the file that `add` of an archive reads, where it is one."""
    if len(node.args) != 1 or not isinstance(node.args[0], ast.Name) or not node.keywords:
        return False
    known.deeds.append(PythonDeed(kind="read", words=(_text(node, 0, known),)))
    return True


def _text(node: ast.Call, place: int, known: _Text) -> str:
    """Return a word of a call as text, UNKNOWN where it is known only when it runs."""
    return _constant(node.args[place], known) if place < len(node.args) else UNKNOWN


def _constant(value: ast.expr, known: _Text) -> str:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, ast.Name) and value.id in known.constants:
        return known.constants[value.id]
    if isinstance(value, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else _constant(part.value, known)
            for part in value.values
            if isinstance(part, ast.Constant | ast.FormattedValue)
        )
    return UNKNOWN


def _open(node: ast.Call, name: str, known: _Text) -> None:
    """Note what a file is opened for; a way that is known only when it runs is not followed."""
    place = names.OPENS[name]
    said = (
        node.args[place] if place < len(node.args) else next((k.value for k in node.keywords if k.arg == "mode"), None)
    )
    mode = "r" if said is None else _constant(said, known)
    if UNKNOWN in mode or any(k.arg in (None, "opener") for k in node.keywords) or not node.args:
        raise NotFollowed(f"{name} in a way that is known only when it runs")
    if any(isinstance(one, ast.Starred) for one in node.args):
        raise NotFollowed(f"{name} in a way that is known only when it runs")
    kind = "add" if "a" in mode or "+" in mode else "write" if set(mode) & {"w", "x"} else "read"
    known.deeds.append(PythonDeed(kind=kind, words=(_text(node, 0, known),)))


def _run(node: ast.Call, name: str, known: _Text) -> None:
    """Note a program that is started from a list of words of which the first is a plain text."""
    listed = node.args[0] if len(node.args) == 1 else None
    odd = [k.arg for k in node.keywords if k.arg not in names.RUN_WORDS]
    if odd or not isinstance(listed, ast.List) or not listed.elts:
        raise NotFollowed(f"{name} with {odd[0] if odd and odd[0] else 'words that are known only when it runs'}")
    words = tuple(_constant(one, known) for one in listed.elts)
    if UNKNOWN in words[0] or any(isinstance(one, ast.Starred) for one in listed.elts):
        raise NotFollowed(f"{name} with words that are known only when it runs")
    known.deeds.append(PythonDeed(kind="run", words=words))
