"""What can have happened to what is known."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("card.kept")
@dataclass(frozen=True, slots=True, kw_only=True)
class CardKept(Event):
    """Somebody wrote a card, or another text for one.

    Attributes:
        card: its id.
        title: one line, masked.
        sha256: of its text as it is kept.
        hides: whether one that ships is hidden by it.
    """

    card: str
    title: str
    sha256: str
    hides: bool


@event("card.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class CardRemoved(Event):
    """Somebody removed a card of this site."""

    card: str


@event("fix.tried")
@dataclass(frozen=True, slots=True, kw_only=True)
class FixTried(Event):
    """A change was proposed from a step of a card; `alert` is the number of the alert that it is for, 0 for none."""

    change: int
    card: str
    step: int
    alert: int


@event("fix.said")
@dataclass(frozen=True, slots=True, kw_only=True)
class FixSaid(Event):
    """Somebody said whether a fix worked; `said` is "worked" or "failed"."""

    change: int
    card: str
    said: str


@event("fix.forgotten")
@dataclass(frozen=True, slots=True, kw_only=True)
class FixForgotten(Event):
    """Somebody had it forgotten what became of the fixes of a card."""

    card: str
    trials: int


@event("habit.forgotten")
@dataclass(frozen=True, slots=True, kw_only=True)
class HabitForgotten(Event):
    """Somebody had commands forgotten that suggestions are made from; which ones is not said."""

    uses: int
