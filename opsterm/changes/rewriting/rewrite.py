"""From a command that destroys to the same command with what it destroys within reach."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from opsterm.changes.rewriting.databases import counted
from opsterm.changes.rewriting.files import copy_beside, moved_aside, stashed, table_printed, with_backup
from opsterm.changes.rewriting.written_command import Replacement, WrittenCommand, written_command
from opsterm.core.text import shown_exactly
from opsterm.policy.invocation import Invocation
from opsterm.policy.order import UNIX_SHELLS
from opsterm.policy.understanding import Understanding, understand

_Made = tuple[int, int, Replacement]

_FORMS: Final[Mapping[str, Callable[[WrittenCommand], Replacement | None]]] = {
    "rm": moved_aside, "rsync": with_backup, "sed": copy_beside, "crontab": table_printed, "git": stashed,
    **{name: partial(counted, program=name) for name in ("psql", "mysql", "mariadb", "sqlite3")},
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """A safer text for what a command is for.

    Attributes:
        before: the command as it was asked for.
        command: the text to propose instead.
        says: whole sentences about what is other than before.
        count: a command that only counts the rows that are meant, "" when there are none to count.
    """

    before: str
    command: str
    says: tuple[str, ...]
    count: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The difference, then what is said of it."""
        old = (f"- {line}" for line in shown_exactly(self.before).split("\n"))
        new = (f"+ {line}" for line in shown_exactly(self.command).split("\n"))
        return (*old, *new, *self.says)


def stamp_of(now: float) -> str:
    """Return the date and time of a proposal as it stands in names of folders: "20260102-030405", UTC."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))


def rewrite_of(
    command: str, shell: str, *, stamp: str, become: str = "", rows: int = -1, kept: bool = True
) -> Rewrite | None:  # fmt: skip
    """Return a command with what it destroys within reach, None when no such form of it is known. Never raises.

    Args:
        command: the text.
        shell: its language.
        stamp: of `stamp_of`.
        become: the account it runs as, "" for the one that logs in.
        rows: how many rows its statement is meant to change, -1 for not counted yet.
        kept: whether what it touches is kept beforehand; then nothing is copied a second time.
    """
    if shell not in UNIX_SHELLS:
        return None
    understood = understand(command, shell)
    made: list[_Made] = []
    for one in understood.commands:
        numbered = stamp if not made else f"{stamp}-{len(made) + 1}"
        found = _replaced(one, understood, become=become, stamp=numbered, rows=rows, kept=kept)
        if found is not None and all(found[0] >= end or found[1] <= start for start, end, _ in made):
            made.append(found)
    if not made or len({start for start, _, _ in made}) < len(made):
        return None
    text = command
    for start, end, new in sorted(made, key=lambda one: -one[0]):
        alone = new.single or not (command[:start] + command[end:]).strip()
        text = f"{text[:start]}{new.text if alone else f'{{ {new.text}; }}'}{text[end:]}"
    counts = [new.count for _, _, new in made if new.count]
    if len(counts) > 1:
        return None  # which of them is meant by the number of rows is not said
    says = tuple(dict.fromkeys(sentence for _, _, new in made for sentence in new.says))
    return Rewrite(before=command, command=text, says=says, count=next(iter(counts), ""))


def _replaced(
    one: Invocation, understood: Understanding, *, become: str, stamp: str, rows: int, kept: bool
) -> _Made | None:  # fmt: skip
    """Return what is put in the place of a command and where; None to leave it as it is."""
    form = _FORMS.get(one.words[0].rpartition("/")[2]) if one.words else None
    if form is None or one.via not in ((), ("sudo",)):
        return None
    by_sudo = bool(one.via)
    part = written_command(
        one, understood, become=become or "root" * by_sudo, stamp=stamp, rows=rows, kept=kept
    )  # fmt: skip
    new = form(part) if part is not None else None
    if new is None or not by_sudo:
        return None if new is None else (one.span.start, one.span.end, new)
    outer = next((two for two in understood.commands if not two.via and two.span.end == one.span.end), None)
    if outer is None or outer.words[:1] != ("sudo",):
        return None
    sudo = understood.text[outer.span.start : one.span.start]  # with its options and a blank behind them
    text = f"{sudo}{new.text}" if new.single else f"{sudo}sh -c {shlex.quote(new.text)}"
    return outer.span.start, outer.span.end, Replacement(
        text=text, says=new.says, single=True, count=f"{sudo}{new.count}" if new.count else ""
    )  # fmt: skip
