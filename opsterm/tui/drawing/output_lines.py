"""A command's output as lines: decoded piece by piece, cleaned, and never more than there is room for."""

from __future__ import annotations

import codecs
import re
from collections import deque
from enum import StrEnum
from typing import NamedTuple

from opsterm.core.text import LINE_LIMIT, clean_block

_BEGUN_LIMIT = LINE_LIMIT - 40
"""Characters kept of a line while it comes; leaves room to say how many more there were."""
_RETURN_AND_NEWLINE = re.compile("\r+\n")


class LineKind(StrEnum):
    """Where a line is from."""

    OUTPUT = "output"
    ERROR = "error"
    NOTE = "note"


class OutputLine(NamedTuple):
    """One finished line.

    Attributes:
        text: safe to show.
        kind: where it is from.
    """

    text: str
    kind: LineKind


class _Stream:
    """One of a command's two outputs, between two of its lines."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self.begun = ""
        self.more = 0  # characters of the begun line that are not kept
        self.returned = ""  # a carriage return that may yet become a newline

    def add(self, data: bytes, *, last: bool = False) -> list[str]:
        """Return the lines that `data` finished, raw; a lone carriage return ends a line, too.

        Progress bars return to the start of their line to write over it. Every state of them is kept as a line of its
        own: so nothing that was written can be hidden by what was written after it.
        """
        text = self.returned + self.decoder.decode(data, last)
        self.returned = "\r" if text.endswith("\r") and not last else ""
        text = _RETURN_AND_NEWLINE.sub("\n", text.removesuffix("\r") if self.returned else text).replace("\r", "\n")
        first, *rest = text.split("\n")
        self._begin(first)
        if not rest:
            return []
        lines = [self.take(), *rest[:-1]]
        self._begin(rest[-1])
        return lines

    def _begin(self, text: str) -> None:
        room = max(0, _BEGUN_LIMIT - len(self.begun))
        self.begun += text[:room]
        self.more += max(0, len(text) - room)

    def take(self) -> str:
        """Return the begun line and begin another one."""
        text = f"{self.begun}… ({self.more} more characters)" if self.more else self.begun
        self.begun, self.more = "", 0
        return text


class OutputLines:
    """The newest lines of an output.

    Attributes:
        lines: finished lines, oldest first.
        left_out: how many finished lines are no longer kept.
    """

    def __init__(self, *, keep_lines: int = 10_000, keep_characters: int = 8_000_000) -> None:
        self.lines: deque[OutputLine] = deque()
        self.left_out = 0
        self._keep_lines, self._keep_characters = keep_lines, keep_characters
        self._characters = 0
        self._streams = {LineKind.OUTPUT: _Stream(), LineKind.ERROR: _Stream()}

    def add(self, data: bytes, kind: LineKind = LineKind.OUTPUT) -> None:
        """Add bytes as they came. Cost: about 30 ms for 1 MB, so give at most some 100 kB at once."""
        self._keep(self._streams[kind].add(data), kind)

    def note(self, text: str) -> None:
        """Add a line of our own after everything that came."""
        self.finish()
        self._keep(text.split("\n"), LineKind.NOTE)

    def finish(self) -> None:
        """Finish begun lines: no more will come."""
        for kind, stream in self._streams.items():
            lines = stream.add(b"", last=True)
            if stream.begun:
                lines.append(stream.take())
            self._keep(lines, kind)

    def skip(self, data: bytes) -> None:
        """Leave bytes out unread, and everything before them: what is kept has no holes. Their lines are counted."""
        self.left_out += len(self.lines) + data.count(b"\n")
        self.lines.clear()
        self._characters = 0
        self._streams = {LineKind.OUTPUT: _Stream(), LineKind.ERROR: _Stream()}
        if not data.endswith(b"\n"):
            self._streams[LineKind.OUTPUT].begun = "…"

    @property
    def begun(self) -> list[OutputLine]:
        """Lines that have no end yet."""
        return [OutputLine(_cleaned([stream.begun])[0], kind) for kind, stream in self._streams.items() if stream.begun]

    def _keep(self, raw: list[str], kind: LineKind) -> None:
        if len(raw) > self._keep_lines:
            self.left_out += len(raw) - self._keep_lines + len(self.lines)
            raw = raw[-self._keep_lines :]
            self.lines.clear()
            self._characters = 0
        for text in _cleaned(raw):
            self.lines.append(OutputLine(text, kind))
            self._characters += len(text)
        while len(self.lines) > self._keep_lines or self._characters > self._keep_characters:
            self._characters -= len(self.lines.popleft().text)
            self.left_out += 1


LONGEST_ESCAPE = 10
"""Characters that one may become: `\\U000e0001`. Lines are cut one by one, so the block as a whole is not."""


def _cleaned(raw: list[str]) -> list[str]:
    """Clean lines at once: a thousand short ones cost little more than one long one."""
    if not raw:
        return []
    text = "\n".join(raw)
    return clean_block(text, limit=LONGEST_ESCAPE * len(text)).split("\n")
