"""From what a command would do to the commands that find out more about it without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opsterm.core.errors import Bug
from opsterm.policy.effects import EffectKind
from opsterm.policy.invocation import Invocation
from opsterm.policy.order import AS_LOGGED_IN, UNIX_SHELLS, RunAs
from opsterm.policy.preview.command import MOST_COMMANDS
from opsterm.policy.preview.file_steps import FILE_STEPS, redirect_steps, tee_steps
from opsterm.policy.preview.paths import NotKnown, Wording, wording_of
from opsterm.policy.preview.program_steps import PROGRAM_STEPS
from opsterm.policy.preview.step import PreviewPlan, PreviewStep
from opsterm.policy.understanding import Understanding

MOST_STEPS = 8
"""Previews of one command."""

_CHANGES_NOTHING = frozenset({EffectKind.READ, EffectKind.READ_SECRET})
_ONLY_START = frozenset({"nohup", "nice", "ionice", "time", "timeout", "stdbuf", "command", "sudo"})
"""What starts a command and changes nothing of what it means."""


def plan_previews(understood: Understanding, how: RunAs = AS_LOGGED_IN) -> PreviewPlan:
    """Return what can be found out about a command. Never raises.

    Args:
        understood: the command.
        how: as whom it would run.
    """
    if understood.shell not in UNIX_SHELLS:
        return PreviewPlan(without=(f"There are no previews for {understood.shell} in this version.",))
    steps: list[PreviewStep] = []
    without: dict[str, None] = dict.fromkeys(understood.opaque)
    for command in understood.commands:
        if not command.words:
            continue
        try:
            steps += _steps_of(command, understood, how)
        except NotKnown as unknown:
            without.setdefault(f"{_shown(command)}: {unknown}.")
        except Bug:  # a form that the allow-list does not take: it is not asked
            without.setdefault(f"{_shown(command)}: this way of calling it has no dry run that is known to only read.")
    kept: list[PreviewStep] = []
    for step in steps:
        if step not in kept and sum(len(one.commands) for one in kept) + len(step.commands) <= MOST_COMMANDS:
            kept.append(step)
    if len(kept) > MOST_STEPS:
        without.setdefault(f"Only {MOST_STEPS} parts of it are looked at beforehand.")
    if not kept and not without and any(effect.kind not in _CHANGES_NOTHING for effect in understood.effects):
        without.setdefault("What it does has no dry run that is known here.")
    return PreviewPlan(steps=tuple(kept[:MOST_STEPS]), without=tuple(without))


def _shown(command: Invocation) -> str:
    words = " ".join(command.words).replace("\x00", "?")
    return words if len(words) <= 60 else words[:59] + "…"


def _steps_of(command: Invocation, understood: Understanding, how: RunAs) -> Sequence[PreviewStep]:
    """Return the previews of one command.

    Raises:
        NotKnown: there would be some, and what they are about is not known.
        Bug: the form is on no list.
    """
    name = command.words[0].rpartition("/")[2]
    make = FILE_STEPS.get(name) or PROGRAM_STEPS.get(name)
    if "find" in command.via:
        return ()  # find itself says what it hits
    if make is None and name != "tee" and not command.redirects:
        return ()
    become = _account(command, understood, how)
    wording = wording_of(command, understood, become=become)
    found = list(_made(command, understood, wording, become))
    if found and (command.where or not _ONLY_START.issuperset(command.via)):
        place = command.where or f"it is started by {command.via[-1]}"
        raise NotKnown(f"{place}, where nothing is looked at beforehand")
    return found


def _made(
    command: Invocation, understood: Understanding, wording: Wording, become: str
) -> Iterator[PreviewStep]:  # fmt: skip
    name = command.words[0].rpartition("/")[2]
    make = FILE_STEPS.get(name) or PROGRAM_STEPS.get(name)
    if make is not None:
        yield from make(command, wording, become)
    if name == "tee":
        yield from tee_steps(command, understood, wording, become)
    yield from redirect_steps(command, wording, become)


def _account(command: Invocation, understood: Understanding, how: RunAs) -> str:
    """Return the account that a command runs as. Raises NotKnown for sudo with options."""
    if "sudo" not in command.via:
        return how.become
    plain = any(one.words[0] == "sudo" and one.words[1:] == command.words for one in understood.commands if one.words)
    if not plain or command.via != ("sudo",):
        raise NotKnown("as whom it runs is said by options of sudo, which are not followed here")
    return "root"
