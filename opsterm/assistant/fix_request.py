"""An order to propose a step of a card: which, where, and what its words stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsterm.assistant.intents.names import Intent

_LINE = re.compile(r"fix ([a-z0-9-]{1,80}) step (\d{1,2})((?: with [A-Z][A-Z0-9_]*=\S{1,200})*) on (.+)")
_GIVEN = re.compile(r" with ([A-Z][A-Z0-9_]*)=(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FixRequest:
    """A step of a card that is to be proposed, never run from here.

    Attributes:
        card: its id.
        step: number, from 1.
        selector: canonical; which targets.
        values: (word of the step, what is put there), in the order of the line.
    """

    intent = Intent.RUN_COMMAND
    card: str
    step: int
    selector: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def line(self) -> str:
        """The canonical line."""
        given = "".join(f" with {name}={value}" for name, value in self.values)
        return f"fix {self.card} step {self.step}{given} on {self.selector}"


def read_fix_line(line: str) -> tuple[str, int, tuple[tuple[str, str], ...], str] | None:
    """Return (card, step, values, selector as written) of a canonical line, None when it is none."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    return match[1], int(match[2]), tuple(_GIVEN.findall(match[3])), match[4]
