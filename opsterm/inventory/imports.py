"""What reading a foreign inventory gives: targets, and a word on every line that could not be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.inventory.fields import shown
from opsterm.inventory.target import LOCALHOST, Protocol, Target, check_name

TARGET_LIMIT = 100_000
"""Targets that one import may bring."""

PROBLEM_LIMIT = 200
"""Problems that are listed; the rest is counted."""

LINE_LIMIT = 2_000_000
"""Characters of one line that are looked at; a longer line is a problem."""

BUILT_IN = "built-in"
"""Source of the target that every opsterm has; it is neither exported nor imported."""

Read = Callable[[str], str]
"""Returns the text of a file. Raises OSError when it cannot be read, UnicodeError when it is no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in a file that was left out.

    Attributes:
        file: the file's name as it was given.
        line: 1-based, 0 when it is about the whole file.
        text: what is wrong and what became of it, one line, safe to show.
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What a foreign inventory holds.

    Attributes:
        source: "ssh_config", "known_hosts", "ansible", "csv" or "json".
        targets: each name once, in the order of the files.
        problems: lines that were left out, in order; at most PROBLEM_LIMIT and one that counts the rest.
        notes: what the operator should know besides, one sentence each ("3 hashed names cannot be read.").
        complete: fields in which an empty value means empty, not "nothing said".
    """

    source: str
    targets: tuple[Target, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    complete: frozenset[str] = frozenset()


class Gathering:
    """Collects targets and problems while a file is read.

    Attributes:
        source: what `Target.source` becomes.
        targets: by name; replace a value to change it.
        notes: see `ImportResult`.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.targets: dict[str, Target] = {}
        self.notes: list[str] = []
        self._problems: list[Problem] = []
        self._more_problems = 0

    @property
    def is_full(self) -> bool:
        """Whether no more targets are taken."""
        return len(self.targets) >= TARGET_LIMIT

    def problem(self, file: str, line: int, text: str) -> None:
        """Note something that is left out."""
        if len(self._problems) < PROBLEM_LIMIT:
            self._problems.append(Problem(file=file, line=line, text=text))
        else:
            self._more_problems += 1

    def refused(self, file: str, line: int, error: BadInput, left_out: str) -> None:
        """Note an error of a check as a problem; `left_out` says what became of it."""
        self.problem(file, line, " ".join(part for part in (error.what, error.next_step, left_out) if part))

    def is_usable_name(self, file: str, line: int, name: str) -> bool:
        """Return whether a target may have this name here, and note why not."""
        if name == LOCALHOST:
            self.note(f"{LOCALHOST} is this machine and in the inventory already; it is not imported.")
            return False
        try:
            check_name(name)
        except BadInput as error:
            self.problem(file, line, f"{shown(name)} cannot be a name and is left out. {error.next_step}")
            return False
        if self.is_full and name not in self.targets:
            self.note(f"An import takes at most {TARGET_LIMIT:,} targets; the rest is left out.")
            return False
        return True

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)

    def _reached_as_said(self) -> list[Target]:
        """Return the targets; one that a file calls local is not: its commands would run on this machine."""
        local = [t.name for t in self.targets.values() if t.protocol is Protocol.LOCAL]
        if local:
            shown_names = ", ".join(local[:5]) + (", …" if len(local) > 5 else "")
            self.note(f"The protocol local is for this machine only; taken as ssh: {shown_names}.")
        return [
            dataclasses.replace(t, protocol=Protocol.SSH) if t.protocol is Protocol.LOCAL else t
            for t in self.targets.values()
        ]

    def result(self, complete: frozenset[str] = frozenset()) -> ImportResult:
        """Return everything gathered."""
        problems = list(self._problems)
        if self._more_problems:
            last = problems[-1]
            problems.append(Problem(file=last.file, line=0, text=f"{self._more_problems:,} more lines were left out."))
        if not (self.targets or problems or self.notes):
            self.note("It names no target.")
        targets = tuple(dataclasses.replace(t, source=t.source or self.source) for t in self._reached_as_said())
        return ImportResult(
            source=self.source,
            targets=targets,
            problems=tuple(problems),
            notes=tuple(self.notes),
            complete=complete,
        )


def lines_of(text: str) -> list[str]:
    r"""Return the lines of a file: ended by \n or \r\n and by nothing else, a BOM left out."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
