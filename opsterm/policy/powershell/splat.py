"""Parameters that a cmdlet takes from a table in a variable (`@name`), where the text alone shows what is in it.

Source: about_Splatting, about_Hash_Tables of PowerShell 7.4.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set

from opsterm.policy.powershell.tree import CommandPiece, Expression, Script

Table = tuple[CommandPiece, ...]
"""Parameters and their values one behind the other, as they would stand behind a cmdlet."""

_PLAIN = re.compile(r"\$(?:true|false|null)|-?\d+(?:\.\d+)?(?:[kmgtp]b)?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?(?:\w+:)?(\w+)")
_KEY = re.compile(r"'([\w-]+)'|\"([\w-]+)\"|([\w-]+)")


def table_of(expression: Expression, source: str) -> Table | None:
    """Return the table that an assignment gives to its variable, None where its value is no plain table.

    Args:
        expression: the assignment.
        source: the whole text that is read.
    """
    value = _only(expression.scripts[-1]) if expression.scripts else None
    if value is None or not source.startswith("@{", value.start) or len(value.scripts) != 1 or value.calls:
        return None
    pieces: list[CommandPiece] = []
    for pipeline in value.scripts[0].pipelines:
        entry = pipeline[0]
        key = _KEY.fullmatch(entry.assigned.strip()) if isinstance(entry, Expression) and len(pipeline) == 1 else None
        if key is None or not isinstance(entry, Expression):
            return None
        name = next(word for word in key.groups() if word)
        pieces += [
            CommandPiece(kind="parameter", text=f"-{name}:", start=entry.start, end=entry.start),
            _value(entry, source),
        ]
    return tuple(pieces)


def _value(entry: Expression, source: str) -> CommandPiece:
    script = entry.scripts[-1] if entry.scripts else Script()
    only = _only(script)
    text = source[script.start : script.end].strip()
    if only is not None and only.constant is not None:
        return CommandPiece(kind="string", text=only.constant, start=script.start, end=script.end)
    if _PLAIN.fullmatch(text):
        return CommandPiece(kind="variable", text=text, start=script.start, end=script.end)
    return CommandPiece(kind="group", text="?", start=script.start, end=script.end, unknown=True)


def _only(script: Script) -> Expression | None:
    if len(script.pipelines) != 1 or len(script.pipelines[0]) != 1:
        return None
    only = script.pipelines[0][0]
    return only if isinstance(only, Expression) else None


def named_once(source: str) -> frozenset[str]:
    """Return the variables, in lower case, that a text names exactly once, but for their splatting."""
    counts = Counter(match[1].lower() for match in _VARIABLE.finditer(source))
    return frozenset(name for name, count in counts.items() if count == 1)


def with_tables(pieces: Sequence[CommandPiece], tables: Mapping[str, Table], once: Set[str]) -> list[CommandPiece]:
    """Return the words behind a cmdlet with known tables in place of their names.

    A variable that the text names more than once may have another table by then: its name stays.

    Args:
        pieces: the words.
        tables: see `Names`.
        once: see `named_once`.
    """
    found: list[CommandPiece] = []
    for piece in pieces:
        name = piece.text.removeprefix("@").lower()
        table = tables.get(name) if piece.kind == "splat" and name in once else None
        found += table if table is not None else (piece,)
    return found
