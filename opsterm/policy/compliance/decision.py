"""What a rule asks for."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class RuleDecision(StrEnum):
    """What has to happen before a command runs, mildest first."""

    ALLOW = "allow"
    WARN = "warn"
    APPROVE = "approve"
    TWO_PERSONS = "two persons"
    DENY = "deny"

    @property
    def order(self) -> int:
        """0 for the mildest."""
        return _ORDER[self]


_ORDER = {decision: place for place, decision in enumerate(RuleDecision)}


def strictest(decisions: Iterable[RuleDecision]) -> RuleDecision:
    """Return the strictest of some decisions, ALLOW when there are none."""
    return max(decisions, key=lambda one: one.order, default=RuleDecision.ALLOW)
