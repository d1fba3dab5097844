"""What goes in and out of the use-cases of approvals: what a person adds to a yes, and how far an approval is."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.changes.change import Change
from opsterm.core.errors import NotApproved
from opsterm.policy.approval_record import Approval, ApprovalKind
from opsterm.policy.order import Terms
from opsterm.policy.requirements import Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Assent:
    """What a person adds to a yes.

    Attributes:
        note: why.
        key: a key file, or "agent", to sign with; "" for no signature.
        written: a file in which somebody else says yes, "" for the account here.
        alone: in an emergency, by break-glass.
    """

    note: str = ""
    key: str = ""
    written: str = ""
    alone: bool = False


PLAIN = Assent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an approval is.

    Attributes:
        requirement: what it takes, in words.
        missing: what is still missing.
        given: who has approved, oldest first; only what is sound.
        needs_reason: whether each approval needs a reason.
        needs_signature: whether each has to be signed.
        may_break_glass: whether one person may approve alone in an emergency.
        wants_you: whether a yes of the account that runs opsterm fills a place that is open.
    """

    requirement: str
    missing: Missing
    given: tuple[Approval, ...]
    needs_reason: bool
    needs_signature: bool
    may_break_glass: bool
    wants_you: bool = False

    @property
    def alone(self) -> Approval | None:
        """The approval that one person gave alone in an emergency, None when there is none."""
        return next((one for one in self.given if one.kind is ApprovalKind.BREAK_GLASS), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What may run without a person.

    Attributes:
        name: of its table.
        environment, level, actor, daily: as in `AutonomySetting`.
        spent: how many ran today (UTC).
    """

    name: str
    environment: str
    level: str
    actor: str
    daily: int
    spent: int


def terms_of(change: Change) -> Terms:
    """Return the terms of a change. Raises NotApproved: it was proposed by a version that had none."""
    if change.order.terms is None:
        raise NotApproved(
            f"{change.name} cannot be decided or run: an earlier version of opsterm proposed it.",
            next_step="Propose it again, so that who has to approve it is part of what is approved.",
        )
    return change.order.terms
