"""What keeps scripts, and what reads them by the programs of their languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from opsterm.changes.scripts.kept import KeptScript
from opsterm.changes.scripts.task import Language
from opsterm.core.events import Fact


class ScriptStore(Protocol):
    """The scripts of this site."""

    async def newest(self) -> Sequence[KeptScript]:
        """Return the newest version of each, by name."""
        ...

    async def versions(self, name: str) -> Sequence[KeptScript]:
        """Return all versions of one, the newest first."""
        ...

    async def keep(self, script: KeptScript, facts: Callable[[int], Sequence[Fact]]) -> tuple[int, Sequence[Fact]]:
        """Keep a text as the next version of a name, whatever version it says; return (version, facts).

        Args:
            script: what is kept.
            facts: returns what is told of it, given its version.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReport:
    """What a program said of a script.

    Attributes:
        tool: its name.
        ran: whether it is there and was asked.
        faults: (line, sentence); the line is 0 where none is said.
        grave: whether a fault means that the script does not run.
    """

    tool: str
    ran: bool
    faults: Sequence[tuple[int, str]] = ()
    grave: bool = False


class ScriptTools(Protocol):
    """The programs of this host that look at a script without running it."""

    async def look(self, text: str, language: Language) -> Sequence[ToolReport]:
        """Return what each says; one that is not there, or does not answer in time, is told as not asked."""
        ...
