"""What somebody asks for, before it becomes a change."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.changes.guard import USUAL, GuardWish
from opsterm.changes.rollout import NO_WISH, RolloutWish
from opsterm.policy.order import AS_LOGGED_IN, RunAs


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is asked for, before it becomes a change.

    Attributes:
        command: the text for the shell, exactly.
        selector: which targets.
        shell: what carries it out; a word of SHELLS_OF_PROTOCOL, "" for the usual one of the targets.
        reason: why, "" when not said.
        origin: "chat", "screen" or "command line".
        timeout_s: seconds it may run on one target; None for the setting.
        how: as in `RunAs`.
        warnings: what else should be known, whole sentences; they can make the grade worse only.
        rollout: how it goes over its targets.
        away: targets on which a change has failed that this one goes on with.
        way_back: whether what it touches is kept beforehand, where that can be.
        guard: what is asked for about its confirmation.
    """

    command: str
    selector: str
    shell: str = ""
    reason: str = ""
    origin: str
    timeout_s: float | None = None
    how: RunAs = AS_LOGGED_IN
    warnings: tuple[str, ...] = ()
    rollout: RolloutWish = NO_WISH
    away: tuple[str, ...] = ()
    way_back: bool = True
    guard: GuardWish = USUAL
