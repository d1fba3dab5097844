"""What a part of an expression is worth, where the text alone shows it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.policy.powershell.tree import CommandPiece, Expression, MemberCall, Script

Item = tuple[str, str]
"""A value ("s", text) or an operator ("o", sign)."""

_FIELD = re.compile(r"\{(\d{1,2})(?:[,:][^}]*)?\}")
_LONGEST = 65_536


def constant_of(script: Script) -> str | None:
    """Return the text that a script is worth, None where that is known only when it runs."""
    if len(script.pipelines) != 1 or len(script.pipelines[0]) != 1:
        return None
    only = script.pipelines[0][0]
    return only.constant if isinstance(only, Expression) else None


def fold(items: Sequence[Item]) -> str | None:
    """Return the text that strings with `+`, `-f` and `-join` between them make, None for anything else."""
    values = [text for kind, text in items if kind == "s"]
    signs = [text for kind, text in items if kind == "o"]
    shape = "".join(kind for kind, _ in items)
    if not values or sum(map(len, values)) > _LONGEST or shape != "so" * len(signs) + "s":
        return None
    if all(sign == "+" for sign in signs):
        return "".join(values)
    if signs[0] == "-f" and all(sign == "," for sign in signs[1:]):
        fields = values[1:]
        return _FIELD.sub(lambda m: fields[int(m[1])] if int(m[1]) < len(fields) else m[0], values[0])
    if signs[-1] == "-join" and all(sign == "," for sign in signs[:-1]):
        return values[-1].join(values[:-1])
    return None


class ExpressionReading:
    """What has been found of an expression so far."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.calls: list[MemberCall] = []
        self.scripts: list[Script] = []
        self.strings: list[CommandPiece] = []
        self.items: list[Item] = []
        self.assigned = ""
        self.builds = False
        self.goes_on = False
        self.after_block = False
        self.last = ""
        self.stray = ""
        self.square = 0

    def value(self, text: str | None) -> None:
        """Note a value, None for one that is known only when it runs."""
        self.items.append(("x", "") if text is None else ("s", text))

    def done(self, end: int) -> Expression:
        """Return what was found."""
        return Expression(
            calls=tuple(self.calls), scripts=tuple(self.scripts), strings=tuple(self.strings), assigned=self.assigned,
            constant=None if self.assigned else fold(self.items), builds=self.builds, stray=self.stray,
            start=self.start, end=end,
        )  # fmt: skip


def first_argument(script: Script) -> str:
    """Return the first plain text among the arguments of a call, "" for no arguments, "?" where it is not known."""
    if not script.pipelines:
        return ""
    first = script.pipelines[0][0]
    if not isinstance(first, Expression):
        return "?"
    if first.constant is not None:
        return first.constant
    return first.strings[0].text if first.strings and not first.strings[0].unknown else "?"
