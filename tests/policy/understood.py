"""Cases of shell texts with what they do, for the tests of every reader."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsterm.policy.effects import EffectKind
from opsterm.policy.invocation import Findings

CASES = Path(__file__).parent / "cases"
_K = EffectKind
HARD_TO_TAKE_BACK = frozenset({
    _K.DATA_LOSS, _K.LOCKOUT, _K.LOG_LOSS, _K.REBOOT, _K.DOS, _K.DELETE, _K.SERVICE_STOP, _K.PACKAGE_REMOVE,
    _K.FIREWALL_WEAKEN, _K.SECURITY_WEAKEN, _K.USER, _K.PRIVILEGE, _K.PERM, _K.OWNER, _K.PROCESS_KILL, _K.REMOTE_CODE,
    _K.EXFIL, _K.READ_SECRET, _K.BOOT, _K.KERNEL_MODULE, _K.INFRA,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstoodCase:
    """A text, the dialect where there is one, and what is expected of it: see `cases/powershell.toml`."""

    text: str
    dialect: str
    about: str
    only_reads: bool
    grave: bool
    lockout: bool
    opaque: bool
    changes: bool
    has: frozenset[EffectKind]


def cases_of(name: str) -> list[UnderstoodCase]:
    """Return the cases of a table."""
    return list(_cases(_table(name)))


@functools.cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((CASES / name).read_text(encoding="utf-8"))


def _cases(table: dict[str, Any]) -> Iterator[UnderstoodCase]:
    for group in table["group"]:
        for command in group["commands"]:
            yield UnderstoodCase(
                text=command, dialect=group.get("dialect", ""), about=group["about"],
                only_reads=group.get("only_reads", False), grave=group.get("grave", False),
                lockout=group.get("lockout", False), opaque=group.get("opaque", False),
                changes=group.get("changes", False), has=frozenset(map(EffectKind, group.get("has", []))),
            )  # fmt: skip


def breaches(case: UnderstoodCase, found: Findings) -> list[str]:
    """Return in what way findings differ from what is expected, and the places of effects that do not exist."""
    kinds = {effect.kind for effect in found.effects}
    only_reads = kinds == {EffectKind.READ} and not found.opaque
    wrong = {
        "it only reads": case.only_reads and not only_reads,
        "it changes something": (case.changes or case.grave) and only_reads,
        "it is grave": case.grave and not kinds & HARD_TO_TAKE_BACK,
        "it can cut the way": case.lockout and EffectKind.LOCKOUT not in kinds,
        "it is opaque": case.opaque and not found.opaque,
        f"it has {sorted(case.has - kinds)}": bool(case.has - kinds),
        "effects stand in the text": any(
            not 0 <= e.span.start <= e.span.end <= len(case.text) + 1 for e in found.effects
        ),
        "reasons are sentences": any(not sentence.endswith(".") for sentence in found.opaque),
    }  # fmt: skip
    return [what for what, is_wrong in wrong.items() if is_wrong]
