"""The texts that keep and put back on Windows, made of the PowerShell beside this."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Final

from opsterm.changes.way_back.windows import guard, keeper, kinds
from opsterm.changes.way_back.words import OF_GUARD, KeeperStep
from opsterm.core.errors import Bug
from opsterm.policy.way_back import Thing, ThingKind

_KINDS: Final = {
    ThingKind.TREE: (kinds.FILES,), ThingKind.REGISTRY: (kinds.REGISTRY,), ThingKind.SERVICE: (kinds.SERVICE,),
    ThingKind.TASK: (kinds.TASK,), ThingKind.RULES: (kinds.REGISTRY, kinds.SETTINGS),
    ThingKind.TIME_ZONE: (kinds.SETTINGS,), ThingKind.POWER_PLAN: (kinds.SETTINGS,),
}  # fmt: skip

WINDOWS_TEXTS: Final = (
    keeper.TEXT, kinds.FILES, kinds.REGISTRY, kinds.SERVICE, kinds.TASK, kinds.SETTINGS, guard.TEXT, guard.FIRE,
)  # fmt: skip


def powershell_text(step: KeeperStep, point: str, things: Sequence[Thing], *, insist: bool, seconds: int) -> str:
    """Return the text for PowerShell that does a step.

    Args:
        step: which.
        point: name of the recovery point; letters, digits, "." and "-".
        things: in the order in which they are put back; none of another system.
        insist: whether RESTORE puts back what somebody else has changed since, too.
        seconds: of ARM and EXTEND: how long from now the target waits before it takes back by itself.
    """
    if any(thing.kind not in _KINDS for thing in things):
        raise Bug("there is no such thing on Windows")
    texts = dict.fromkeys([keeper.TEXT, *(text for thing in things for text in _KINDS[thing.kind])])
    listed = [{"kind": thing.kind, "name": thing.name, "option": thing.option} for thing in things]
    about = [
        f"$name = '{point}'; $insist = ${'true' if insist else 'false'}; $seconds = {seconds}",
        f"$listed = {coded(json.dumps(listed))}",
        "$things = @($listed | ConvertFrom-Json | ForEach-Object { $_ })",
    ]
    if step not in (*OF_GUARD, KeeperStep.ARM):
        return _joined([*texts, *about], step)
    if step is KeeperStep.ARM:
        about.append(f"$stored = {coded(_joined([*texts, guard.TEXT, guard.FIRE, *about], 'fire'))}")
    return _joined([*texts, guard.TEXT, *about], step)


def _joined(texts: Sequence[str], step: str) -> str:
    return "\n".join([*texts, f"$step = '{step}'", "$code = @(Invoke-Keeper)[-1]", "exit $code", ""])


def coded(text: str) -> str:
    """Return an expression of PowerShell for a text: neither quotes nor letters in it can get out of it."""
    return f"$Utf8.GetString([Convert]::FromBase64String('{base64.b64encode(text.encode()).decode()}'))"
