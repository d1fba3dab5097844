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
