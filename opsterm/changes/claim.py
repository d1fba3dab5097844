"""Claims: who is changing which target, by which right, and until when.

What changes claim is not kept: it is read from the changes themselves, so that nothing falls out of step with them and
nothing has to be mended after a crash. Only claims by hand are rows of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.changes.lifecycle import case_of
from opsterm.changes.summary import command_shown
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.core.units import age_text
from opsterm.inventory.folding import fold
from opsterm.policy.approval import why_asked
from opsterm.policy.plan_order import undone_by

UNSEEN_S = 30.0
"""Seconds that a command whose end nobody saw is taken to need beyond its own limit."""

SHOWN = 60
"""Characters of a reason or a command in a sentence about a claim."""


class ClaimKind(StrEnum):
    """By which right a target is claimed."""

    BY_HAND = "by hand"
    APPROVED = "approved"
    RUNNING = "running"
    UNSEEN = "end not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One target that somebody is changing, or means to.

    Attributes:
        target: its name.
        kind: by which right.
        by: whose it is: an account, of a claim by hand with where it logged in from.
        change: name of the change, "" for one by hand.
        reason: why, in the operator's words, or else the command, masked.
        since: epoch seconds.
        until: epoch seconds when it ends by itself; None while the process lives that runs the change.
        others: further accounts whose own changes it does not stop.
    """

    target: str
    kind: ClaimKind
    by: str
    change: str = ""
    reason: str = ""
    since: float
    until: float | None
    others: tuple[str, ...] = ()


def claims_of(change: Change, *, now: float, alive: bool) -> tuple[Claim, ...]:
    """Return what a change claims, in the order of its targets; one that only reads claims nothing.

    From its approval to its end it claims all its targets, so that nobody comes between the batches of a rollout. When
    nobody saw its end somewhere, it claims those targets for as long as it may still act there.

    Args:
        change: any.
        now: epoch seconds.
        alive: whether the process lives that runs it; of no matter for one that does not run.
    """
    until: float | None
    match change.state:
        case ChangeState.APPROVED:
            kind, since, until = ClaimKind.APPROVED, change.decided_at, change.order.expires_at
        case ChangeState.RUNNING if alive:
            kind, since, until = ClaimKind.RUNNING, change.started_at, None
        case ChangeState.RUNNING | ChangeState.INTERRUPTED:
            kind, since = ClaimKind.UNSEEN, change.started_at
            until = (change.ended_at or now) + _may_act_s(change)
        case _:
            return ()
    is_over = until is not None and until < now
    if is_over or not why_asked(case_of(change)):
        return ()
    unseen = {outcome.target for outcome in change.outcomes if _is_unseen(outcome)}
    names = [target.name for target in change.order.targets if kind is not ClaimKind.UNSEEN or target.name in unseen]
    return tuple(
        Claim(
            target=name, kind=kind, by=change.requested_by, change=change.name,
            reason=change.reason or command_shown(change.order), since=since, until=until,
            others=tuple(change.decided_by.split(", ")) if change.decided_by else (),
        )
        for name in names
    )  # fmt: skip


def _is_unseen(outcome: Outcome) -> bool:
    return outcome.state in (OutcomeState.UNKNOWN, OutcomeState.RUNNING)


def _may_act_s(change: Change) -> float:
    """Return for how long a command, or the target itself, may still act after nobody has looked any more."""
    terms = change.order.terms
    return max(change.order.timeout_s, float(terms.confirm_s if terms is not None else 0)) + UNSEEN_S


def in_the_way(claims: Iterable[Claim], change: Change, *, operator: str, identity: str) -> tuple[Claim, ...]:
    """Return the claims because of which somebody should be asked before a change runs.

    Nobody is stopped by what they have claimed or approved themselves; by a change that runs at this moment everybody
    is. A change that takes another one back is not stopped by that one, and one that only reads by none.

    Args:
        claims: those there are.
        change: what is to run.
        operator: the account that would run it.
        identity: that account with where it logged in from, as in `Claim.by` of a claim by hand.
    """
    names = {target.name for target in change.order.targets}
    found = [claim for claim in claims if claim.target in names and claim.change not in (change.name, _undone(change))]
    if not found or not why_asked(case_of(change)):
        return ()
    return tuple(claim for claim in found if claim.kind is ClaimKind.RUNNING or not _is_own(claim, operator, identity))


def _undone(change: Change) -> str:
    """Return the name of the change that this one takes back; a text that no change has when it is no rollback."""
    try:
        return f"c{number}" if (number := undone_by(change.order)) else "none"
    except BadInput:
        return "none"


def _is_own(claim: Claim, operator: str, identity: str) -> bool:
    return claim.by == identity if claim.kind is ClaimKind.BY_HAND else operator in (claim.by, *claim.others)


def claim_lines(claims: Sequence[Claim], now: float) -> tuple[str, ...]:
    """Return claims as sentences without their end, those of one change or person together: who, what, since when."""
    alike: dict[Claim | tuple[object, ...], list[Claim]] = {}
    for claim in claims:
        alike.setdefault((claim.kind, claim.by, claim.change, claim.reason, claim.until), []).append(claim)
    return tuple(f"{fold([one.target for one in group])}: {claim_text(group[0], now)}" for group in alike.values())


def claim_text(claim: Claim, now: float) -> str:
    """Return who has claimed a target, for what and since when, without its name."""
    reason = clean_line(claim.reason, limit=1000)
    said = f": {reason if len(reason) <= SHOWN else f'{reason[: SHOWN - 1]}…'}" if reason else ""
    ago, left = age_text(now - claim.since), age_text((claim.until or now) - now)
    match claim.kind:
        case ClaimKind.RUNNING:
            return f"{claim.change} of {claim.by} runs here since {ago}{said}"
        case ClaimKind.APPROVED:
            return f"{claim.change} of {claim.by} was approved {ago} ago and may start for {left} more{said}"
        case ClaimKind.UNSEEN:
            return f"the end of {claim.change} of {claim.by} was not seen; it may act here for {left} more{said}"
        case ClaimKind.BY_HAND:
            return f"claimed by {claim.by} {ago} ago, for {left} more{said}"


def claim_note(claims: Sequence[Claim]) -> str:
    """Return claims on one target in a few words that do not change by the second, "" for none."""
    said = [f"{one.change} of {one.by} {_NOTES[one.kind]}" if one.change else f"claimed by {one.by}" for one in claims]
    return ", ".join(said)


_NOTES = {
    ClaimKind.RUNNING: "runs", ClaimKind.APPROVED: "is approved", ClaimKind.UNSEEN: "ended unseen",
}  # fmt: skip
