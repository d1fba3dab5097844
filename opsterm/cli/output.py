"""Standard output is data, standard error is talk. Everything foreign is cleaned on its way out."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NoReturn, TextIO

from opsterm.core.errors import Refused, StorageError
from opsterm.core.text import clean_block, clean_line
from opsterm.core.width import cell_width, padded

CELL_LIMIT = 400
"""Characters of one cell of a table."""

ESCAPED_AT_MOST = 10
"""Characters that one character of foreign text may become."""

NARROWEST = 12
"""Cells to which a column is cut at most, to make a table fit on a terminal."""


class Printer:
    """Prints rows as a table for people, or as one JSON object a line for programs.

    Attributes:
        json: which of the two.
    """

    def __init__(self, *, json_lines: bool, out: TextIO | None = None, talk: TextIO | None = None) -> None:
        self.json = json_lines
        self._out = out or sys.stdout
        self._talk = talk or sys.stderr

    @property
    def for_people(self) -> bool:
        """Whether text goes to a terminal, and not to a file or a program."""
        return not self.json and self._out is not None and self._out.isatty()

    def record(self, record: Mapping[str, object] | object) -> None:
        """Print one object as a line of JSON, as `json_text` makes it."""
        self._write(json_text(record) + "\n")
        self.flush()

    def line(self, text: str = "") -> None:
        """Print one line of data."""
        self._write(_sendable(clean_line(text), self._out) + "\n")

    def plain(self, text: str) -> None:
        """Print lines of data that hold printable ASCII only, as they are; divided by newlines, without the last."""
        self._write(text + "\n")

    def block(self, text: str) -> None:
        """Print data of several lines, all of it."""
        self._write(_sendable(clean_block(text, limit=ESCAPED_AT_MOST * len(text) + 1), self._out).rstrip("\n") + "\n")

    def raw(self, data: bytes) -> None:
        """Print bytes as they are. Raises Refused on a terminal, which would obey them."""
        if self._out is None or self._out.isatty():
            raise Refused(
                "Raw output is not written to a terminal: it may hold bytes that the terminal obeys.",
                next_step="Send it to a file or a program, or leave out --raw.",
            )
        self.flush()
        try:
            self._out.buffer.write(data)
        except OSError as error:
            _cannot_write(error)

    def say(self, text: str) -> None:
        """Tell the operator something that is not data; if nobody listens, nothing happens."""
        self.flush()  # in the order in which it was meant, where both go to the same place
        try:
            if self._talk is not None:
                self._talk.write(_sendable(clean_block(text), self._talk) + "\n")
                self._talk.flush()
        except (OSError, ValueError):
            return

    def progress(self, text: str) -> None:
        """Show on a terminal how far something is, in a line that the next words take the place of; else nothing."""
        try:
            if self._talk is not None and self._talk.isatty():
                room = shutil.get_terminal_size().columns - 1
                shown = padded(_cut(clean_line(text), room), room)  # blanks wipe on every terminal, also a dumb one
                self._talk.write("\r" + _sendable(shown, self._talk) + ("" if text else "\r"))
                self._talk.flush()
        except (OSError, ValueError):
            return

    def flush(self) -> None:
        """Send what was printed. Raises BrokenPipeError when nobody reads it, StorageError when it cannot be kept."""
        try:
            if self._out is not None:
                self._out.flush()
        except OSError as error:
            _cannot_write(error)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
        """Print rows below headings; columns named in `right` are set flush right.

        On a terminal the widest columns are cut so that a row fits on a line where that is possible.
        """
        cleaned = [[clean_line(cell, limit=CELL_LIMIT) for cell in row] for row in rows]
        widths = [max([cell_width(name), *(cell_width(row[i]) for row in cleaned)]) for i, name in enumerate(columns)]
        if self.for_people:
            widths = _fitting(widths, [cell_width(name) for name in columns], shutil.get_terminal_size().columns)
        for row in [[name.upper() for name in columns], *cleaned]:
            cells = [padded(_cut(cell, widths[i]), widths[i], right=columns[i] in right) for i, cell in enumerate(row)]
            self.line("  ".join(cells).rstrip())

    def _write(self, text: str) -> None:
        if self._out is None:
            raise StorageError("There is no standard output to write to.", next_step="Send it to a file or a program.")
        try:
            self._out.write(text)
        except OSError as error:
            _cannot_write(error)


def json_text(record: Mapping[str, object] | object) -> str:
    """Return one object as a line of JSON, without its end. ASCII only, so no control character can be in it."""
    return json.dumps(_plain(record), ensure_ascii=True, allow_nan=False).replace("\x7f", "\\u007f")


def _cannot_write(error: OSError) -> NoReturn:
    if isinstance(error, BrokenPipeError):
        raise error
    raise StorageError(
        "The output could not be written.", why=error.strerror or str(error), next_step="Send it to another place."
    ) from error


def write_safely(text: str) -> None:
    """Write text of our own to standard output, whatever its encoding lacks."""
    if sys.stdout is not None:
        sys.stdout.write(_sendable(text, sys.stdout))


def _fitting(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return widths whose sum, with two cells between columns, is at most `room` where that is possible."""
    made = list(widths)
    while sum(made) + 2 * (len(made) - 1) > room:
        widest = max(range(len(made)), key=lambda i: made[i] - max(least[i], NARROWEST))
        over = sum(made) + 2 * (len(made) - 1) - room
        smaller = max(made[widest] - over, least[widest], NARROWEST)
        if smaller >= made[widest]:
            break
        made[widest] = smaller
    return made


def _cut(text: str, width: int) -> str:
    """Return text of at most `width` cells; "…" stands for what is left out."""
    if cell_width(text) <= width:
        return text
    while cell_width(text) > width - 1:
        text = text[:-1]
    return text + "…"


_AS_IT_IS = frozenset({str, int, bool, type(None)})


def _plain(value: object) -> object:
    """Turn our own values into what JSON has; a number that is none becomes null."""
    if type(value) in _AS_IT_IS:  # most values are texts
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dict | Mapping):  # the plain types first: they are told at once
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | Sequence):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    return str(value)


_IN_ASCII = str.maketrans({
    "×": "x", "…": "...", "·": "-", "—": "-", "–": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "●": "*", "▲": "!",
    "✖": "x", "≥": ">=", "≤": "<=",
})  # fmt: skip


def _sendable(text: str, stream: TextIO | None) -> str:
    """Replace what the stream's encoding cannot say: in a C locale "…" must not end the program."""
    encoding = (stream.encoding if stream is not None else None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_IN_ASCII).encode(encoding, errors="backslashreplace").decode(encoding)
    return text
