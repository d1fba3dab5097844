"""Writes the plan that a wish for an automation comes to: its TOML, what is missing, and what is left out.

It proposes nothing and runs nothing. The file is checked and run as any plan: `opsterm change check`, `change run`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from opsterm.assistant.automation_wish import AutomationPart, AutomationWish, PartKind
from opsterm.assistant.named_targets import named_targets
from opsterm.inventory.folding import fold
from opsterm.inventory.target import Protocol, Target

PROFILE = "opsterm"
"""How a profile of motion detection is called that such a plan makes."""

_TITLES = {PartKind.SNMP: "SNMP monitoring", PartKind.MOTION: "motion of cameras"}
_NO_DEVICE_COMMANDS = (
    "What switches SNMP on in the devices themselves is not in the plan: opsterm runs no commands in the CLI of "
    "network devices. Each has to let the kept log-in in; the plan asks it before it measures it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationPlan:
    """What came of a wish.

    Attributes:
        text: TOML, "" when there is no step.
        missing: what has to be there before it can run, whole sentences with the command.
        notes: what was left out or taken for granted, whole sentences.
        question: what has to be answered first, "" for nothing.
    """

    text: str = ""
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    question: str = ""


@dataclass(slots=True)
class _Writing:
    """A plan on its way."""

    fleet: Sequence[Target]
    kept: Collection[tuple[Protocol, str]] | None
    steps: list[str]
    missing: list[str]
    notes: list[str]
    questions: list[str]


def automation_plan(
    wish: AutomationWish, fleet: Sequence[Target], *, kept: Collection[tuple[Protocol, str]] | None, mails: bool
) -> AutomationPlan:
    """Return the plan of a wish.

    Args:
        wish: what was said.
        fleet: all targets.
        kept: what it lets in over, and the account, of each credential that is kept, None when that cannot be told now.
        mails: whether alerts are mailed by the settings.
    """
    made = _Writing(fleet=fleet, kept=kept, steps=[], missing=[], notes=[], questions=[])
    made.questions += [f'What is meant by "{piece}"? That part is not known here.' for piece in wish.unread]
    for part in wish.parts:
        match part.kind:
            case PartKind.SNMP:
                _measure(made, part)
            case PartKind.MOTION:
                _see(made, part)
            case PartKind.MAIL:
                made.notes.append(_of_mail(part, mails=mails))
    if made.questions or not made.steps:
        return AutomationPlan(
            question=" ".join(made.questions) or "Nothing is left of it.", notes=tuple(dict.fromkeys(made.notes))
        )
    kinds = dict.fromkeys(_TITLES[part.kind] for part in wish.parts if part.kind in _TITLES)
    head = f'title = {_word(" and ".join(kinds))}\non_failure = "rollback"\n'
    return AutomationPlan(
        text="\n".join([head, *made.steps]), missing=tuple(dict.fromkeys(made.missing)),
        notes=tuple(dict.fromkeys(made.notes)),
    )  # fmt: skip


def _reached(made: _Writing, there: Sequence[Target], protocol: Protocol, otherwise: str) -> Sequence[Target]:
    """Return those that are reached over a protocol; note how the others are, and what could be done."""
    for one in there:
        if one.protocol is not protocol:
            what = otherwise.format(name=one.name)
            made.notes.append(f"{one.name} is left out: it is reached over {one.protocol}{what}")
    return [one for one in there if one.protocol is protocol]


def _measure(made: _Writing, part: AutomationPart) -> None:
    there = _chosen(made, part.targets, "Give it a tag: opsterm targets tag NAME switch", Protocol.SNMP)
    agents = _reached(made, there, Protocol.SNMP, ". If it has an agent: opsterm targets edit {name} --protocol snmp")
    for one in agents:
        if made.kept is not None and (Protocol.SNMP, one.name) not in made.kept:
            made.missing.append(f"No SNMP log-in of {one.name} is kept: opsterm snmp login {one.name}")
    if agents:
        made.notes.append(_NO_DEVICE_COMMANDS)
        made.steps.append(
            _step("measure over SNMP", agents, 'watch = "measurements"', 'before = ["snmp:sysUpTime"]')
        )  # fmt: skip


def _see(made: _Writing, part: AutomationPart) -> None:
    there = _chosen(made, part.targets, "Say it of a camera: opsterm targets edit NAME --os axis", Protocol.HTTP)
    cameras = _reached(
        made, there, Protocol.HTTP,
        ", and a camera over http: opsterm targets edit {name} --protocol http --os axis",
    )  # fmt: skip
    for one in cameras:
        account = f"{one.user or 'root'}@{one.name}"
        if made.kept is not None and (Protocol.HTTP, account) not in made.kept:
            made.missing.append(f"No password of {account} is kept: opsterm vault set opsterm:http {account}")
        if "axis" not in one.os.lower():
            made.notes.append(f"{one.name} is taken to be an Axis camera: its os does not say it.")
    if not cameras:
        return
    if part.detects:
        made.steps.append(
            _step(
                "detect motion on the cameras", cameras, f'motion = "{PROFILE}"',
                f'verify = ["camera:motion {PROFILE}"]',
            )
        )  # fmt: skip
        made.notes.append(
            f"Where there is no profile {PROFILE} yet, one is made that looks at the whole picture; others stay."
        )
    if part.alerts:
        made.steps.append(
            _step("alerts of the cameras", cameras, 'watch = "camera alerts"', 'verify = ["camera:events"]')
        )  # fmt: skip


def _chosen(made: _Writing, words: str, how: str, over: Protocol) -> tuple[Target, ...]:
    """Return what words choose; ask about those that choose nothing, with what there is of that kind."""
    found = named_targets(words, made.fleet)
    there = [one.name for one in made.fleet if one.protocol is over]
    near = f" Reached over {over} {'is' if len(there) == 1 else 'are'} {fold(there)}." if there else ""
    made.questions += [f'Which targets are "{word}"? None is called so, by name, tag, group or os.{near} {how}'
                       for word in found.unknown]  # fmt: skip
    return found.targets


def _of_mail(part: AutomationPart, *, mails: bool) -> str:
    if mails and not part.to:
        return "Alerts are mailed as [[mail.notify]] in the settings says; the plan adds nothing to that."
    to = part.to or "ADDRESS"
    return (
        "Whom alerts are mailed to is a setting, and no step of a plan: add a [[mail.notify]] table with "
        f'to = "{to}" to the settings.'
    )


def _step(title: str, targets: Sequence[Target], *lines: str) -> str:
    on = fold([one.name for one in targets])
    return "\n".join(["[[step]]", f"title = {_word(title)}", f"on = {_word(on)}", *lines, ""])


def _word(text: str) -> str:
    return json.dumps(text)
