"""From the text of a command to what it would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opsterm.policy.effects import Effect
from opsterm.policy.invocation import Findings, Invocation, Reader, unread
from opsterm.policy.shell.reader import read_shell
from opsterm.policy.windows_shells import read_cmd, read_network_cli, read_powershell, read_sql

TEXT_LIMIT = 65_536
"""Bytes of a text; a longer one is not read."""

READERS: Mapping[str, Reader] = {
    "sh": read_shell, "bash": read_shell, "powershell": read_powershell, "cmd": read_cmd, "sql": read_sql,
    "network-cli": read_network_cli,
}  # fmt: skip
"""Shell -> what reads its language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What a text would do, as far as it can be told without running it.

    Attributes:
        text: as given.
        shell: the language it was read in.
        effects: in the order of the text.
        opaque: whole sentences about what could not be followed; with one of them the effects are not all there are.
        commands: the commands that would be started, each without what stands before it.
    """

    text: str
    shell: str
    effects: tuple[Effect, ...]
    opaque: tuple[str, ...]
    commands: tuple[Invocation, ...] = ()


def understand(text: str, shell: str) -> Understanding:
    """Read a command. Never raises; whatever cannot be followed is opaque, never harmless.

    Args:
        text: the text for the shell.
        shell: a word of READERS; any other is not understood.
    """
    found = _read(text, shell)
    return Understanding(
        text=text, shell=shell, effects=found.effects, opaque=found.opaque, commands=found.commands
    )  # fmt: skip


def _read(text: str, shell: str) -> Findings:
    reader = READERS.get(shell)
    if reader is None:
        return Findings(opaque=(f"The shell {shell!r} is not known, so what it does is not either.",))
    if not text.strip():
        return Findings(opaque=("There is no command.",))
    if len(text) > TEXT_LIMIT or len(text.encode("utf-8", "surrogatepass")) > TEXT_LIMIT:
        return unread(f"It is longer than {TEXT_LIMIT} bytes.", len(text))
    return reader(text)
