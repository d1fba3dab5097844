"""What can have happened to a claim."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("claim.taken")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTaken(Event):
    """Somebody claimed targets by hand, or renewed such claims.

    Attributes:
        targets: their names.
        by: account, with where it logged in from.
        reason: why, "" when not said.
        until: epoch seconds when it ends by itself.
        beside: of others' claims there, in words; () for none.
        despite: why it was taken all the same, "" when there was none.
    """

    targets: tuple[str, ...]
    by: str
    reason: str
    until: float
    beside: tuple[str, ...] = ()
    despite: str = ""


@event("claim.released")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReleased(Event):
    """Claims by hand were given up before their time; `of` says whose they were."""

    targets: tuple[str, ...]
    of: str
    reason: str


@event("claim.passed_over")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPassedOver(Event):
    """A change was started on targets that others had claimed; `claims` says which, in words."""

    change: int
    claims: tuple[str, ...]
    reason: str


@event("claim.known", journaled=False, may_be_shed=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsKnown(Event):
    """This process has read anew who claims what, and it is not what it was."""
