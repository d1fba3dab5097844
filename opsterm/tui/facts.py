"""The one message by which facts reach the screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from opsterm.changes.events import (
    ChangeApprovalGiven,
    ChangeApproved,
    ChangeBreakerReset,
    ChangeDenied,
    ChangeEnded,
    ChangeExpired,
    ChangeGateClosed,
    ChangeGateLooked,
    ChangeGateOpened,
    ChangeGuarded,
    ChangeProceedAsked,
    ChangeProposed,
    ChangeReviewClosed,
    ChangeStarted,
    ChangeStepEnded,
    ChangeStepRolledBack,
    ChangeStepStarted,
    ChangeTargetEnded,
    ChangeVerified,
    ChangeVoided,
)
from opsterm.core.events import Event, Fact

QUEUE_FACTS = (
    ChangeProposed, ChangeApprovalGiven, ChangeApproved, ChangeDenied, ChangeExpired, ChangeVoided,
    ChangeStarted, ChangeEnded, ChangeReviewClosed, ChangeBreakerReset,
)  # fmt: skip
"""Everything after which a change looks different in a list: that it is over on one of its targets does not show."""

CHANGE_FACTS = (
    *QUEUE_FACTS, ChangeGateOpened, ChangeGateLooked, ChangeGateClosed, ChangeProceedAsked, ChangeTargetEnded,
    ChangeGuarded, ChangeVerified, ChangeStepStarted, ChangeStepEnded, ChangeStepRolledBack,
)  # fmt: skip
"""Everything after which a change looks different."""


class FactsArrived(Message, bubble=False):
    """Some facts happened; at most ten of these come a second.

    Attributes:
        facts: in order.
    """

    def __init__(self, facts: Sequence[Fact]) -> None:
        super().__init__()
        self.facts = facts
        self._kinds = tuple({type(fact.event) for fact in facts})

    def has(self, *kinds: type[Event]) -> bool:
        """Return whether any of the facts is of one of these kinds. Cost does not grow with the facts."""
        return any(issubclass(kind, kinds) for kind in self._kinds)
