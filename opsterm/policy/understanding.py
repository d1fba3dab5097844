"""From the text of a command to what it would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from opsterm.policy.effects import Effect
from opsterm.policy.invocation import Findings, Invocation, Reader, unread

TEXT_LIMIT = 65_536
"""Bytes of a text; a longer one is not read."""


def _read_bash(text: str) -> Findings:
    """Load the reader when the first text needs it: its tables take 0.1 s, and most of a start needs none of them."""
    from opsterm.policy.shell.reader import read_shell  # noqa: PLC0415 (see above)

    return read_shell(text)


def _read_powershell(text: str) -> Findings:
    from opsterm.policy.windows_shells import read_powershell  # noqa: PLC0415 (as above)

    return read_powershell(text)


def _read_cmd(text: str) -> Findings:
    from opsterm.policy.windows_shells import read_cmd  # noqa: PLC0415 (as above)

    return read_cmd(text)


def _read_sql(text: str) -> Findings:
    from opsterm.policy.windows_shells import read_sql  # noqa: PLC0415 (as above)

    return read_sql(text)


def _read_network_cli(text: str) -> Findings:
    from opsterm.policy.windows_shells import read_network_cli  # noqa: PLC0415 (as above)

    return read_network_cli(text)


def _read_plan(text: str) -> Findings:
    from opsterm.policy.plan_order import read_plan  # noqa: PLC0415 (it reads by what is here)

    return read_plan(text)


def _read_camera_order(text: str) -> Findings:
    from opsterm.policy.camera_order import read_camera_order  # noqa: PLC0415 (few plans have one)

    return read_camera_order(text)


def _read_watch(text: str) -> Findings:
    from opsterm.policy.watch_order import read_watch  # noqa: PLC0415 (as above)

    return read_watch(text)


READERS: Mapping[str, Reader] = {
    "sh": _read_bash, "bash": _read_bash, "powershell": _read_powershell, "cmd": _read_cmd, "sql": _read_sql,
    "network-cli": _read_network_cli, "plan": _read_plan, "vapix": _read_camera_order, "watch": _read_watch,
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


@lru_cache(maxsize=32)
def understand(text: str, shell: str) -> Understanding:
    """Read a command; the last few are remembered, since a grade and its details are asked for one after the other.

    Never raises; whatever cannot be followed is opaque, never harmless.

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
    try:
        return reader(text)
    except RecursionError:  # each reader counts how deep it goes; this is for what they count otherwise than Python
        return unread("It is nested deeper than this check goes.", len(text))
