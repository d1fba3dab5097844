"""What somebody asks for, before it becomes a change."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.changes.change import Change
from opsterm.changes.guard import USUAL, GuardWish, guard_of
from opsterm.changes.rollout import NO_WISH, RolloutWish, rollout_of, wish_of
from opsterm.changes.verification import NO_VERIFICATION, Verification, verification_of
from opsterm.changes.way_back.prepared import has_way_back, way_back_of
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
        backwards: whether targets are worked on in the reverse of their order.
        way_back: whether what it touches is kept beforehand, where that can be.
        guard: what is asked for about its confirmation.
        verification: what is looked at afterwards on each target, and what follows when it does not hold.
        inverse: a command that takes it back where that is not kept, "" for none; only a person gives one.
        undoes: number of the change of which this is the inverse, 0 for none.
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
    backwards: bool = False
    way_back: bool = True
    guard: GuardWish = USUAL
    verification: Verification = NO_VERIFICATION
    inverse: str = ""
    undoes: int = 0


def proposal_again(old: Change, *, command: str, guard: GuardWish, inverse: str) -> Proposal:
    """Return what asks on the screen for a change again: for the same targets, going over them in the same way.

    Args:
        old: the one that it takes the place of.
        command: the text for the shell, exactly.
        guard: what is asked for about its confirmation.
        inverse: the command that takes it back where that is not kept, "" for none.
    """
    order, rollout = old.order, rollout_of(old.order)
    return Proposal(
        command=command, selector=old.selector, shell=order.shell, reason=old.reason, origin="screen",
        timeout_s=None if guard_of(order).seconds else order.timeout_s, how=order.run_as, rollout=wish_of(rollout),
        away=rollout.away, way_back=has_way_back(order) or not way_back_of(order).things, guard=guard,
        verification=verification_of(order), inverse=inverse,
    )  # fmt: skip
