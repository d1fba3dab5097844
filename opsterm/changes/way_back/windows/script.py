"""The texts that keep and put back on Windows, made of the PowerShell beside this."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Final

from opsterm.changes.way_back.windows import keeper, kinds
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import Bug
from opsterm.policy.way_back import Thing, ThingKind

_KINDS: Final = {
    ThingKind.TREE: (kinds.FILES,), ThingKind.REGISTRY: (kinds.REGISTRY,), ThingKind.SERVICE: (kinds.SERVICE,),
    ThingKind.TASK: (kinds.TASK,), ThingKind.RULES: (kinds.REGISTRY, kinds.SETTINGS),
    ThingKind.TIME_ZONE: (kinds.SETTINGS,), ThingKind.POWER_PLAN: (kinds.SETTINGS,),
}  # fmt: skip
_STEPS: Final = (KeeperStep.CAPTURE, KeeperStep.NOTE, KeeperStep.RESTORE)

WINDOWS_TEXTS: Final = (keeper.TEXT, kinds.FILES, kinds.REGISTRY, kinds.SERVICE, kinds.TASK, kinds.SETTINGS)


def powershell_text(step: KeeperStep, point: str, things: Sequence[Thing], *, insist: bool) -> str:
    """Return the text for PowerShell that does a step.

    Args:
        step: CAPTURE, NOTE or RESTORE.
        point: name of the recovery point; letters, digits, "." and "-".
        things: in the order in which they are put back; none of another system.
        insist: whether RESTORE puts back what somebody else has changed since, too.
    """
    if step not in _STEPS or any(thing.kind not in _KINDS for thing in things):
        raise Bug("there is no such step on Windows")
    texts = dict.fromkeys([keeper.TEXT, *(text for thing in things for text in _KINDS[thing.kind])])
    listed = [{"kind": thing.kind, "name": thing.name, "option": thing.option} for thing in things]
    coded = base64.b64encode(json.dumps(listed).encode()).decode()  # neither quotes nor letters can change a name
    return "\n".join([
        *texts,
        f"$step = '{step}'; $name = '{point}'; $insist = ${'true' if insist else 'false'}",
        f"$listed = $Utf8.GetString([Convert]::FromBase64String('{coded}'))",
        "$things = @($listed | ConvertFrom-Json | ForEach-Object { $_ })",
        "$code = @(Invoke-Keeper)[-1]",
        "exit $code",
        "",
    ])  # fmt: skip
