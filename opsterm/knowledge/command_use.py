"""A command that somebody ran, as it is learned from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandUse:
    """One time that a command was run.

    Attributes:
        id: number, 0 until it is kept; greater is later.
        actor: the account that asked for it.
        command: the text for the shell, secrets masked.
        shell: its language.
        host_class: what it ran on, as in "linux web"; "" when not known.
        directory: where it says that it runs, "" when it does not.
        at: when it was asked for, epoch seconds.
        ended_well: None when nobody knows.
        change: number of the change that it was, 0 for none.
    """

    id: int = 0
    actor: str
    command: str
    shell: str = "sh"
    host_class: str = ""
    directory: str = ""
    at: float
    ended_well: bool | None = None
    change: int = 0
