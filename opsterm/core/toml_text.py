"""A TOML text that people write, read strictly: every fault is told with its line and key, and what is allowed."""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsterm.core.toml_places import Path, key_lines, line_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlFault:
    """One fault of a file.

    Attributes:
        file: its name.
        line: 1 and up, 0 where it is not known.
        key: as in "rule.decision"; "" for the whole file.
        what: a sentence.
        allowed: what would be right.
    """

    file: str
    line: int
    key: str
    what: str
    allowed: str

    def __str__(self) -> str:
        """The whole as one line."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {f'{self.key}: ' if self.key else ''}{self.what} {self.allowed}".rstrip()


class TomlText:
    """One TOML text, what it holds, and what is wrong with it.

    Attributes:
        file: its name.
        problems: what is wrong, as far as it was asked for.
        tree: what it holds; empty when it is not TOML.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[TomlFault] = []
        self.tree: Mapping[str, Any] = {}
        self._text = text
        try:
            self.tree = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            line = int(found[1]) if found else 0
            self.problems.append(TomlFault(file=file, line=line, key="", what=f"It is not TOML: {error}.", allowed=""))

    @functools.cached_property
    def _lines(self) -> Mapping[Path, int]:
        """Where keys stand; looked up when somebody asks, a fifth of what reading takes."""
        return key_lines(self._text) if self.tree else {}

    def line(self, path: Path) -> int:
        """Return the line of a key, 0 where it is not known."""
        return line_of(self._lines, path) or 0

    def complain(self, path: Path, what: str, allowed: str = "") -> None:
        """Note a fault of a key."""
        key = ".".join(str(part) for part in path if isinstance(part, str))
        self.problems.append(TomlFault(file=self.file, line=self.line(path), key=key, what=what, allowed=allowed))

    def check_keys(
        self, path: Path, table: Mapping[str, Any], known: Sequence[str], *, meant: Mapping[str, str] | None = None
    ) -> None:
        """Complain of keys that nobody knows, and name the nearest.

        Args:
            path: of the table.
            table: what was written.
            known: the keys that there are.
            meant: words of other tools -> the key that says the same here.
        """
        for key in table:
            if key not in known:
                near = [(meant or {}).get(key, ""), *difflib.get_close_matches(key, known, n=1)]
                best = next((word for word in near if word in known), "")
                hint = f"Did you mean {best}? " if best else ""
                self.complain((*path, key), "There is no such key.", f"{hint}Allowed are {', '.join(known)}.")

    def word(self, path: Path, table: Mapping[str, Any], key: str, *, needed: bool = True) -> str:
        """Return a text, "" and a fault for anything else."""
        value = table.get(key, "")
        if not isinstance(value, str) or (needed and not value.strip()):
            self.complain((*path, key), "It is missing." if key not in table else "It is no text.", "Write a text.")
            return ""
        return value

    def words(self, path: Path, table: Mapping[str, Any], key: str, known: Iterable[str] = ()) -> tuple[str, ...]:
        """Return a text or a list of them; () and a fault for anything else, or for what is not among the known."""
        value = table.get(key, [])
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            self.complain((*path, key), "It is no list of texts.", 'Write it as in ["one", "two"].')
            return ()
        if key in table and not listed:
            self.complain((*path, key), "The list is empty, so nothing could ever fit.", "Leave the key out.")
        allowed = tuple(known)
        for one in listed:
            if allowed and one not in allowed:
                self.complain((*path, key), f"{one!r} is not known.", f"Allowed are {', '.join(allowed)}.")
                return ()
        return tuple(listed)

    def yes_no(self, path: Path, table: Mapping[str, Any], key: str) -> bool | None:
        """Return yes or no, None where neither is said."""
        value = table.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.complain((*path, key), "It is neither yes nor no.", "Allowed are true and false.")
        return None

    def number(self, path: Path, table: Mapping[str, Any], key: str, usual: int) -> int:
        """Return a whole number from 1 up, `usual` where none is said."""
        value = table.get(key, usual)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        self.complain((*path, key), "It is no whole number from 1 up.", f"Write it as in {key} = {usual}.")
        return usual

    def tables(self, path: Path, table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        """Return the tables of an array."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.complain((*path, key), "It is no table.", f"Write [[{'.'.join([*map(str, path[::2]), key])}]].")
            return []
        return value
