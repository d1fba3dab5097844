"""A change: a record that survives a crash, not a dialog."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsterm.policy.compliance.review import NO_REVIEW, RuleReview
from opsterm.policy.order import Order
from opsterm.policy.risk import Risk


class ChangeState(StrEnum):
    """Where a change stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    VOIDED = "voided"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"


class OutcomeState(StrEnum):
    """How it went on one target."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    NOT_VERIFIED = "not verified"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a change on one target. A non-zero exit is an outcome, not an error.

    Attributes:
        target: target name.
        state: how it went; UNKNOWN when opsterm died while it ran.
        exit_status: None when the command did not end by itself.
        signal: name of the signal that ended it, "" for none.
        started_at: epoch seconds, 0 before it started.
        ended_at: epoch seconds, 0 until it ended.
        output_bytes: bytes that came out in all.
        kept_bytes: bytes of them that were kept.
        output_sha256: over all bytes that came out, "" until it ended.
        message: why it did not run or end, or what was seen afterwards, one or more sentences; "" for nothing.
    """

    target: str
    state: OutcomeState = OutcomeState.WAITING
    exit_status: int | None = None
    signal: str = ""
    started_at: float = 0.0
    ended_at: float = 0.0
    output_bytes: int = 0
    kept_bytes: int = 0
    output_sha256: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One proposed, decided and perhaps executed order.

    Attributes:
        id: number, shown as "c18"; 0 until it is kept.
        order: what would run; `order.digest()` is what is approved.
        selector: the words by which the targets were chosen, canonical.
        risk: grade and reasons at the time of proposing.
        review: what the rules said when it was proposed.
        reason: why, in the operator's words; "" when not said.
        origin: where it was proposed: "chat", "screen", "command line".
        requested_by: account.
        requested_at: epoch seconds.
        state: where it stands.
        digest: `order.digest()` when it was proposed.
        approved_digest: the digest that was approved, "" until then.
        decided_by: account that approved, denied or voided it; "" until then.
        decided_at: epoch seconds, 0 until then.
        decision_note: what they said.
        started_at: epoch seconds, 0 until then.
        ended_at: epoch seconds, 0 until then.
        outcomes: one per target, in the order of `order.targets`.
    """

    id: int = 0
    order: Order
    selector: str
    risk: Risk
    review: RuleReview = NO_REVIEW
    reason: str = ""
    origin: str
    requested_by: str
    requested_at: float
    state: ChangeState = ChangeState.PROPOSED
    digest: str
    approved_digest: str = ""
    decided_by: str = ""
    decided_at: float = 0.0
    decision_note: str = ""
    started_at: float = 0.0
    ended_at: float = 0.0
    outcomes: tuple[Outcome, ...] = ()

    @property
    def ended_badly(self) -> bool:
        """Whether it failed on one of its targets, or nobody knows how it went there."""
        well = (OutcomeState.WAITING, OutcomeState.RUNNING, OutcomeState.DONE, OutcomeState.CANCELLED)
        return any(outcome.state not in well for outcome in self.outcomes)

    @property
    def name(self) -> str:
        """The number as it is shown and typed: "c18"."""
        return f"c{self.id}"
