"""The life of a change: one function per step, each returns the change as it is afterwards.

No function here touches a target or a disk. The store repeats the check of the state as a compare-and-set, so
that two processes cannot take the same step twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.changes.events import ChangeApproved, ChangeDenied, ChangeEnded, ChangeExpired, ChangeStarted, ChangeVoided
from opsterm.changes.guard import guard_of
from opsterm.changes.order_checks import require_carried_out
from opsterm.changes.rollout import require_able, rollout_of
from opsterm.changes.unseen import unseen_text
from opsterm.core.errors import BadInput, Bug, NotApproved
from opsterm.core.events import Event
from opsterm.policy import approval
from opsterm.policy.approval import Case, Standing
from opsterm.policy.compliance.review import NO_REVIEW, RuleReview
from opsterm.policy.order import (
    Order,
)
from opsterm.policy.risk import Risk

_S = ChangeState
_TAKEN_BACK = frozenset({_S.ROLLED_BACK, _S.ROLLBACK_FAILED})
TRANSITIONS: Mapping[ChangeState, frozenset[ChangeState]] = {
    _S.PROPOSED: frozenset({_S.APPROVED, _S.DENIED, _S.EXPIRED, _S.VOIDED}),
    _S.APPROVED: frozenset({_S.RUNNING, _S.DENIED, _S.EXPIRED, _S.VOIDED}),
    _S.RUNNING: frozenset({_S.DONE, _S.FAILED, _S.CANCELLED, _S.INTERRUPTED}) | _TAKEN_BACK,
    _S.DENIED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.VOIDED: frozenset(),
    _S.DONE: _TAKEN_BACK,
    _S.FAILED: _TAKEN_BACK,
    _S.CANCELLED: _TAKEN_BACK,
    _S.INTERRUPTED: frozenset({_S.DONE, _S.FAILED, _S.CANCELLED, *_TAKEN_BACK}),
    _S.ROLLBACK_FAILED: frozenset({_S.ROLLED_BACK}),
    _S.ROLLED_BACK: frozenset(),
}
"""Which states may follow which. RUNNING follows only APPROVED."""

WAITING_STATES = (ChangeState.PROPOSED, ChangeState.APPROVED)
"""States in which a change still waits for somebody or something."""

DECIDING = (ChangeApproved, ChangeDenied, ChangeExpired, ChangeVoided, ChangeStarted, ChangeEnded)
"""Events that say where a change stands; the last one of them counts."""

_STANDINGS = {
    _S.PROPOSED: Standing.WAITING,
    _S.APPROVED: Standing.APPROVED,
    _S.DENIED: Standing.DENIED,
    _S.EXPIRED: Standing.EXPIRED,
    _S.VOIDED: Standing.VOIDED,
}
_OPEN = (OutcomeState.WAITING, OutcomeState.RUNNING)
_NOT_THERE = frozenset({OutcomeState.ROLLED_BACK, OutcomeState.UNREACHABLE, OutcomeState.CANCELLED})
"""Outcomes after which nothing of a change is on the target; one that was stopped there is left to a person."""


def propose(
    *, order: Order, selector: str, risk: Risk, origin: str, by: str, now: float, reason: str = "",
    review: RuleReview = NO_REVIEW,
) -> Change:  # fmt: skip
    """Return a new change that waits for a decision.

    Args:
        order: what would run; at least one target, each name once, and a command.
        selector: the words by which the targets were chosen, canonical.
        risk: the grade at this moment.
        origin: "chat", "screen" or "command line".
        by: the account that asks.
        now: epoch seconds.
        reason: why, "" when not said.
        review: what the rules say at this moment.

    Raises:
        BadInput: the order cannot be run as it is, or a target is reached by a protocol that runs no commands.
        Refused: no account asks.
    """
    approval.require_decider(by, by)
    if not order.command.strip():
        raise BadInput("There is no command to run.", next_step="Write the command behind --, as in: -- uptime")
    if "\x00" in order.command:
        raise BadInput("A command cannot hold a zero byte.")
    approval.require_showable(order.command)
    names = [target.name for target in order.targets]
    if not names:
        raise BadInput("There is no target to run it on.", next_step="`opsterm targets list` shows those there are.")
    if len(set(names)) != len(names):
        raise BadInput("A target is named twice.", next_step="Name each target once.")
    require_able(rollout_of(order), len(names))
    _require_no_gate_in_waves(order)
    require_carried_out(order)
    if order.timeout_s <= 0 or order.expires_at <= now:
        raise BadInput("The order leaves no time to run.", next_step="Give it a time limit and an expiry ahead of now.")
    return Change(
        order=order,
        selector=selector,
        risk=risk,
        review=review,
        reason=reason,
        origin=origin,
        requested_by=by,
        requested_at=now,
        digest=order.digest(),
        outcomes=tuple(Outcome(target=name) for name in names),
    )


def _require_no_gate_in_waves(order: Order) -> None:
    """Raise BadInput for a guarded order that would stand at a gate: its waves are armed for their own time only."""
    rollout = rollout_of(order)
    if guard_of(order).seconds and (rollout.wait_s or rollout.gate is not None):
        raise BadInput(
            "What its targets take back unless it is confirmed goes in waves, and waits at no gate.",
            next_step="Propose it without --wait and --probe; its checks are looked at before each wave is confirmed.",
        )


def approve(
    change: Change, *, by: str, digest: str, now: float, note: str = "", read_only: bool = False
) -> Change:  # fmt: skip
    """Return the change as approved.

    Args:
        change: a proposed one.
        by: the account that approves.
        digest: the digest of what the approver was shown.
        now: epoch seconds.
        note: what they said.
        read_only: the setting changes.read_only.

    Raises:
        Refused: read-only mode, or nobody behind it.
        NotApproved: decided already, expired, or other bytes than those shown.
    """
    approval.require_approvable(case_of(change), by=by, digest_shown=digest, now=now, read_only=read_only)
    return replace(
        _moved(change, ChangeState.APPROVED),
        approved_digest=change.digest,
        decided_by=by,
        decided_at=now,
        decision_note=note,
    )


def deny(change: Change, *, by: str, now: float, note: str = "") -> Change:
    """Return the change as denied; an approved one may be denied until it starts.

    Raises:
        NotApproved: it was decided otherwise, or has started.
    """
    approval.require_deniable(case_of(change), by=by)
    return replace(
        _moved(change, ChangeState.DENIED), approved_digest="", decided_by=by, decided_at=now, decision_note=note
    )


def expire(change: Change, *, now: float) -> Change:
    """Return the change as expired.

    Raises:
        NotApproved: its time is not over, or it no longer waits.
    """
    if not approval.is_expired(case_of(change), now):
        raise NotApproved(f"{change.name} has not expired yet.")
    return replace(_moved(change, ChangeState.EXPIRED), approved_digest="", decided_at=now)


def void(change: Change, *, why: str, now: float, by: str = "opsterm") -> Change:
    """Return the change as void: what would run is no longer what was proposed or approved.

    Args:
        change: one that waits.
        why: a sentence that says what differs.
        now: epoch seconds.
        by: who or what found it out.

    Raises:
        NotApproved: it no longer waits.
    """
    return replace(
        _moved(change, ChangeState.VOIDED), approved_digest="", decided_by=by, decided_at=now, decision_note=why
    )


def start(change: Change, *, now: float, read_only: bool = False) -> Change:
    """Return the change as running. Call at the instant before the first byte is sent.

    Raises:
        Refused: read-only mode.
        NotApproved: not approved, expired, run already, or the order is not the approved one byte for byte.
    """
    approval.require_runnable(case_of(change), now=now, read_only=read_only)
    return replace(_moved(change, ChangeState.RUNNING), started_at=now)


def require_trail(change: Change, told: Iterable[Event]) -> None:
    """Check that the journal says of a change what its row says: approved for these bytes, and nothing since.

    A row alone is not enough: put back to an earlier state, or copied under another number, it would run again
    what was approved once. What the journal does not tell as approved could not be found in the audit list either.

    Args:
        change: one that is about to start.
        told: what the journal has of it, oldest first; other events than DECIDING are passed over.

    Raises:
        NotApproved: the last word of the journal is another one.
    """
    last = None
    for event in told:
        if isinstance(event, DECIDING) and event.change == change.id:
            last = event
    if isinstance(last, ChangeApproved) and last.digest == change.approved_digest:
        return
    said = {
        ChangeApproved: "approved for other bytes",
        ChangeDenied: "denied",
        ChangeExpired: "expired",
        ChangeVoided: "voided",
        ChangeStarted: "started already",
        ChangeEnded: "run already",
    }[type(last)] if last else "never approved"  # fmt: skip
    raise NotApproved(
        f"{change.name} was not run: the journal does not agree that it is approved.",
        why=f"By the journal it was {said}; somebody may have edited the database.",
        next_step=f"See who did what: opsterm audit {change.name}. Then propose it again if it is still wanted.",
    )


def finish(change: Change, *, now: float, cancelled: bool = False) -> Change:
    """Return the change as it ended, by its outcomes.

    Args:
        change: a running one with its outcomes.
        now: epoch seconds.
        cancelled: whether the operator stopped it; targets that had not ended become cancelled.

    Raises:
        Bug: it is not stopped and a target has not ended.
    """
    if cancelled:
        outcomes = tuple(_closed(o, OutcomeState.CANCELLED, _stopped(change, o), now) for o in change.outcomes)
        return replace(_moved(change, ChangeState.CANCELLED), ended_at=now, outcomes=outcomes)
    return replace(_moved(change, end_state(change.outcomes)), ended_at=now)


def end_state(outcomes: Sequence[Outcome]) -> ChangeState:
    """Return how a change ended: DONE when all is done; FAILED, not CANCELLED, when failures stopped its rollout.

    It is ROLLED_BACK when it was taken back wherever it has run, as it is when that was approved and it failed.

    Raises:
        Bug: there are none, or one has not ended.
    """
    states = {outcome.state for outcome in outcomes}
    if not states or states & set(_OPEN):
        raise Bug("A change was finished before all its targets were.")
    if states == {OutcomeState.DONE}:
        return ChangeState.DONE
    if OutcomeState.UNKNOWN in states:
        return ChangeState.INTERRUPTED
    if OutcomeState.ROLLBACK_FAILED in states:
        return ChangeState.ROLLBACK_FAILED
    if OutcomeState.ROLLED_BACK in states and states <= _NOT_THERE:
        return ChangeState.ROLLED_BACK
    return ChangeState.CANCELLED if states <= {OutcomeState.DONE, OutcomeState.CANCELLED} else ChangeState.FAILED


def learn(change: Change, outcomes: Sequence[Outcome], *, now: float) -> Change:
    """Return an interrupted change with what its targets told afterwards, ended anew once nothing is unknown.

    Args:
        change: one that has ended; the outcomes of another than an interrupted one stay as they are.
        outcomes: with those in place of which nobody had seen the end.
        now: epoch seconds.
    """
    if change.state is not ChangeState.INTERRUPTED:
        return change
    state = end_state(outcomes)
    if state is change.state:
        return replace(change, outcomes=tuple(outcomes))
    return replace(_moved(change, state), outcomes=tuple(outcomes), ended_at=now)


def take_back(change: Change, *, failed: bool) -> Change:
    """Return a change as taken back, or as one of which that has failed; one that is so already as it is."""
    state = ChangeState.ROLLBACK_FAILED if failed else ChangeState.ROLLED_BACK
    return change if change.state is state else _moved(change, state)


def interrupt(change: Change, *, now: float) -> Change:
    """Return the change as interrupted: the process that ran it is gone.

    A target on which it was running is UNKNOWN from here on: nobody saw the end. One that had not been started
    was not touched. When all had ended, the process died just before it said so, and the change has ended as they did.
    """
    if all(outcome.state not in _OPEN for outcome in change.outcomes):
        return finish(change, now=now)
    unknown = unseen_text(change)
    outcomes = tuple(
        _closed(outcome, OutcomeState.UNKNOWN, unknown, now)
        if outcome.state is OutcomeState.RUNNING
        else _closed(outcome, OutcomeState.CANCELLED, _not_reached(outcome), now)
        for outcome in change.outcomes
    )
    return replace(_moved(change, ChangeState.INTERRUPTED), ended_at=now, outcomes=outcomes)


def _not_reached(outcome: Outcome) -> str:
    if outcome.started_at:
        return "It stands between two steps here: opsterm ended before the next."
    return "It was not started here: opsterm ended before."


def reached(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return what a run teaches about reachability: why a target did not answer, "" for one that did.

    A target that has not been tried, or was not come as far as, is left out.
    """
    found = {}
    for outcome in outcomes:
        if outcome.state is OutcomeState.UNREACHABLE:
            found[outcome.target] = outcome.message.partition("\n")[0]
        elif outcome.exit_status is not None or outcome.signal or outcome.output_bytes:
            found[outcome.target] = ""
    return found


def case_of(change: Change) -> Case:
    """Return what the approval rules look at."""
    return Case(
        name=change.name,
        order=change.order,
        digest=change.digest,
        approved_digest=change.approved_digest,
        standing=_STANDINGS.get(change.state, Standing.USED),
        requested_by=change.requested_by,
    )


def stopped_text(change: Change) -> str:
    """Return what is said of a target on which a change was stopped while it ran."""
    guard = f" Its target takes it back: opsterm status {change.name} asks." if guard_of(change.order).seconds else ""
    return f"Stopped by the operator.{guard}"


def _stopped(change: Change, outcome: Outcome) -> str:
    running = outcome.state is OutcomeState.RUNNING
    if outcome.started_at and not running:
        return "Stopped by the operator between two steps."
    return stopped_text(change) if running else "Not started: stopped by the operator."


def _closed(outcome: Outcome, state: OutcomeState, message: str, now: float) -> Outcome:
    if outcome.state not in _OPEN:
        return outcome
    return replace(outcome, state=state, message=message, ended_at=now)


def _moved(change: Change, state: ChangeState) -> Change:
    if state not in TRANSITIONS[change.state]:
        raise NotApproved(
            f"{change.name} cannot become {state}: it is {change.state}.",
            next_step="Look at it again; nothing was done.",
        )
    return replace(change, state=state)
