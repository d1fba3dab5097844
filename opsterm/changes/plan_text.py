"""Reads the values of a plan in a TOML file, and complains of what is wrong with the line it is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opsterm.changes.verification import parse_check
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.core.toml_places import Path
from opsterm.core.toml_text import TomlText
from opsterm.core.units import parse_duration
from opsterm.policy.plan_order import TITLE_LENGTH


class PlanText(TomlText):
    """The text of a plan."""

    def tried(self, path: Path, work: Callable[[], object]) -> None:
        """Do what may find something wrong, and complain of that."""
        try:
            work()
        except OpstermError as error:
            self.complain(path, " ".join(filter(None, (error.what, error.why))), error.next_step)

    def seconds(self, path: Path, table: Mapping[str, Any], key: str, usual: int) -> int:
        """Return a length of time in whole seconds, `usual` where none is said."""
        found = [usual]
        text = self.word(path, table, key, needed=False)
        if text:
            self.tried((*path, key), lambda: found.append(round(parse_duration(text))))
        return found[-1]

    def title(self, path: Path, table: Mapping[str, Any], *, needed: bool) -> str:
        """Return a title of one line."""
        text = self.word(path, table, "title", needed=needed)
        if clean_line(text, limit=TITLE_LENGTH) != text or text != text.strip():
            self.complain((*path, "title"), f"It is no line of up to {TITLE_LENGTH} characters.", "Write a few words.")
        return text

    def checks(self, path: Path, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """Return checks, each as it is written in one way only."""
        found: list[str] = []
        for text in self.words(path, table, key):
            self.tried((*path, key), lambda text=text: found.append(str(parse_check(text))))  # type: ignore[misc]  # a default binds it
        return tuple(dict.fromkeys(found))
