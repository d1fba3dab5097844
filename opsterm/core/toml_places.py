"""On which line of a TOML text a key stands: readers of TOML give values, not lines, and a message needs the line.

A scan, not a parser: the text has been read by `tomllib` before, so it is known to be right. Source: toml.io, v1.0.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opsterm.core import lean_re as re

Path = tuple[str | int, ...]
"""Keys from the root; a number is the place in an array of tables, 0 and up."""

_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")
_TOKEN = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*|[\[\]{}]|\n''', re.DOTALL
)


def key_lines(text: str) -> Mapping[Path, int]:
    """Return the line, 1 and up, of every table and of every key outside inline tables.

    Args:
        text: a TOML text that `tomllib` reads.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, statement in _statements(text):
        if statement.startswith("["):
            table = ()
            names = _keys(statement.lstrip("["))
            for place, name in enumerate(names, 1):
                table = (*table, name)
                if place == len(names) and statement.startswith("[["):
                    counts[table] = counts.get(table, 0) + 1
                if table in counts:
                    lines.setdefault(table, number)
                    table = (*table, counts[table] - 1)
                lines.setdefault(table, number)
            continue
        path = table
        for name in _keys(statement):
            path = (*path, name)
            lines.setdefault(path, number)
    return lines


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of a key, or of the nearest table around it: inside an inline table no lines are known."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each table head and each `key = value` with the number of its first line."""
    text = text.replace("\r\n", "\n")
    begin, depth, number, first = 0, 0, 1, 1
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in "[{":
            depth += 1
        elif word in "]}":
            depth -= 1
        elif word == "\n" and depth == 0:
            statement = text[begin : token.start()].strip()
            if statement and not statement.startswith("#"):
                yield first, statement
            begin, first = token.end(), number + 1
        number += word.count("\n")
    rest = text[begin:].strip()
    if rest and not rest.startswith("#"):
        yield first, rest


def _keys(text: str) -> list[str]:
    """Return the dotted key that a text begins with."""
    keys, at = [], 0
    while match := _KEY.match(text, at):
        keys.append(match[1].strip("\"'"))
        at = match.end()
        if text[at : at + 1] != ".":
            break
        at += 1
    return keys
