"""A command line, understood. Apart from the parser, so that opening the screen need not load it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command line, understood.

    Attributes:
        verb: "" for the screen, else "targets list", "approve", …
        values: the verb's arguments by name.
        flags: settings given on the line, dotted key -> text.
        config: settings file named on the line, "".
        json: whether data is printed as one JSON object a line.
        exit_code: set when there is nothing left to do (--help, --version).
    """

    verb: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    config: str = ""
    json: bool = False
    exit_code: int | None = None

    def text(self, name: str) -> str:
        """Return an argument as text, "" when it was not given."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def texts(self, name: str) -> Sequence[str]:
        """Return an argument that may be given several times."""
        value = self.values.get(name)
        return [str(item) for item in value] if isinstance(value, list) else []

    def yes(self, name: str) -> bool:
        """Return whether a switch was given."""
        return bool(self.values.get(name))

    def number(self, name: str) -> int | None:
        """Return a whole number, None when it was not given."""
        value = self.values.get(name)
        return value if isinstance(value, int) else None
