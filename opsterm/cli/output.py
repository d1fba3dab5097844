"""Standard output is data, standard error is talk. Everything foreign is cleaned on its way out."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TextIO

from opsterm.core.text import clean_block, clean_line
from opsterm.core.width import cell_width, padded


class Printer:
    """Prints rows as a table for people, or as one JSON object a line for programs.

    Attributes:
        json: which of the two.
    """

    def __init__(self, *, json_lines: bool, out: TextIO | None = None, talk: TextIO | None = None) -> None:
        self.json = json_lines
        self._out = out or sys.stdout
        self._talk = talk or sys.stderr

    def record(self, record: Mapping[str, object] | object) -> None:
        """Print one object as a line of JSON. ASCII only, so no control character can be in it."""
        plain = record if isinstance(record, Mapping) else _plain(record)
        self._out.write(json.dumps(plain, default=_plain, ensure_ascii=True) + "\n")
        self._out.flush()

    def line(self, text: str = "") -> None:
        """Print one line of data."""
        self._out.write(_sendable(clean_line(text), self._out) + "\n")

    def block(self, text: str) -> None:
        """Print data of several lines."""
        self._out.write(_sendable(clean_block(text), self._out).rstrip("\n") + "\n")
        self._out.flush()

    def say(self, text: str) -> None:
        """Tell the operator something that is not data."""
        self._talk.write(_sendable(clean_block(text), self._talk) + "\n")
        self._talk.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
        """Print rows below headings; columns named in `right` are set flush right."""
        cleaned = [[clean_line(cell, limit=400) for cell in row] for row in rows]
        widths = [max([cell_width(name), *(cell_width(row[i]) for row in cleaned)]) for i, name in enumerate(columns)]
        for row in [[name.upper() for name in columns], *cleaned]:
            cells = [padded(cell, widths[i], right=columns[i] in right) for i, cell in enumerate(row)]
            self.line("  ".join(cells).rstrip())


def _plain(value: object) -> object:
    """Turn our own values into what JSON has."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(str(item) for item in value)
    return str(value)


def _sendable(text: str, stream: TextIO) -> str:
    """Replace what the stream's encoding cannot say: in a C locale "●" must not end the program."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, errors="backslashreplace").decode(encoding)
