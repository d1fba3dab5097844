"""The sectioned text that the scripts of `looks.py` print, taken apart.

The text comes from a target and may be cut off anywhere, or be anything at all: what cannot be read is absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

END = "end"
_MARK = re.compile(r"@@[0-9]{1,20}-[0-9a-f-]{0,64}")
_NAME = re.compile(r"[a-z]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """What was printed.

    Attributes:
        lines: lines by section; a section without lines is there too.
        complete: whether the last line was printed: all that was to be said has come.
    """

    lines: Mapping[str, tuple[str, ...]]
    complete: bool

    def of(self, name: str) -> tuple[str, ...]:
        """Return the lines of a section, () when it is absent."""
        return self.lines.get(name, ())


def sections_of(text: str) -> Sections:
    """Take a text apart. What a log-in shell printed before the mark is left out; so is a line that was cut off.

    Args:
        text: as it came; bytes that are no UTF-8 as backslash escapes.
    """
    whole, newline, _ = text.rpartition("\n")
    lines = iter(whole.split("\n") if newline else ())
    mark = next((line for line in lines if _MARK.fullmatch(line)), None)
    if mark is None:
        return Sections(lines={}, complete=False)
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        if line.startswith(f"{mark} "):
            name = line[len(mark) + 1 :]
            current = found.setdefault(name, []) if _NAME.fullmatch(name) else []
        else:
            current.append(line)
    return Sections(lines={name: tuple(inside) for name, inside in found.items()}, complete=END in found)


def by_file(lines: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the lines that grep printed of several files, by file: it puts "/proc/stat:" before each."""
    found: dict[str, list[str]] = {}
    for line in lines:
        name, colon, rest = line.partition(":")
        if colon and name.startswith("/"):
            found.setdefault(name, []).append(rest)
    return {name: tuple(inside) for name, inside in found.items()}
