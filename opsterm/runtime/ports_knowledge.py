"""What keeps cards: those of this site, and the index over all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from opsterm.core.events import Fact
from opsterm.knowledge.card import Card
from opsterm.knowledge.fusion import Candidate
from opsterm.knowledge.trials import FixRecord, TrialContext


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFilter:
    """Which cards are asked for; what is empty asks for nothing.

    Attributes:
        kinds: words of `CardKind`.
        systems: words of `CardSystem`; a card for any system is one for each.
    """

    kinds: Collection[str] = ()
    systems: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rankings:
    """The cards that may answer, the best first.

    Attributes:
        by_words: ids.
        by_likeness: ids.
        candidates: every id of both, and those that are near by meaning.
    """

    by_words: Sequence[str]
    by_likeness: Sequence[str]
    candidates: Mapping[str, Candidate]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCard:
    """A card of this site.

    Attributes:
        id: of the card; one that ships may have it too, and is hidden by it.
        text: as TOML, secrets masked.
        by: who kept it last.
        at: when, epoch seconds.
    """

    id: str
    text: str
    by: str
    at: float


class CardStore(Protocol):
    """The cards of this site."""

    async def all(self) -> Sequence[KeptCard]:
        """Return them by their ids."""
        ...

    async def keep(self, cards: Sequence[KeptCard], facts: Callable[[], Sequence[Fact]]) -> Sequence[Fact]:
        """Keep cards, in the place of those with the same ids, all or none; return the facts."""
        ...

    async def remove(self, card_id: str, facts: Callable[[], Sequence[Fact]]) -> Sequence[Fact]:
        """Remove one; return the facts, none when it is not there."""
        ...


class CardIndex(Protocol):
    """Finds cards; made from them, and of no worth of its own."""

    async def stamp(self) -> str:
        """Return what it was made from, "" when there is none that can be used."""
        ...

    async def build(self, cards: Sequence[Card], stamp: str) -> None:
        """Make it anew; whoever searches meanwhile finds the old one. Raises StorageError."""
        ...

    async def rank(self, words: str, only: CardFilter, *, by_meaning: Sequence[tuple[str, float]] = ()) -> Rankings:
        """Return the cards that may answer, those included that are near by meaning. Raises StorageError.

        Args:
            words: what is asked.
            only: which cards are asked for.
            by_meaning: ids with their cosines by a learnt embedder; those that are not there are left out.
        """
        ...

    async def cards(self, ids: Sequence[str]) -> Sequence[Card]:
        """Return cards by their ids, in that order; those that are not there are left out. Raises StorageError."""
        ...


class TrialEnd(StrEnum):
    """What became of a fix that was tried."""

    OPEN = ""
    WORKED = "worked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A change that was proposed from a step of a card.

    Attributes:
        change: its number.
        card: id of the card.
        step: number of the step, from 1.
        alert: number of the alert that it is for, 0 for none.
        said: what somebody said of it; OPEN while nobody has.
        said_by: who, "" for nobody.
        said_at: when, epoch seconds, 0 for never.
        end: what counts: as it was seen, else as it was said; OPEN while neither is known.
    """

    change: int
    card: str
    step: int
    alert: int = 0
    said: TrialEnd = TrialEnd.OPEN
    said_by: str = ""
    said_at: float = 0.0
    end: TrialEnd = TrialEnd.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPlace:
    """A target of a trial, and what it was then."""

    target: str
    context: TrialContext


class TrialStore(Protocol):
    """Fixes that were tried."""

    async def keep(self, trial: Trial, places: Sequence[TrialPlace], facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep a new trial; return the facts."""
        ...

    async def say(self, change: int, said: TrialEnd, *, by: str, at: float, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep what somebody says of one; return the facts."""
        ...

    async def get(self, change: int) -> Trial | None:
        """Return the trial that a change is, None when it is none; its end is not looked up."""
        ...

    async def list(self, card: str, *, now: float, limit: int) -> Sequence[Trial]:
        """Return the newest trials of a card ("" for all) with their ends as known at `now` (epoch seconds)."""
        ...

    async def records(self, *, now: float) -> Mapping[str, FixRecord]:
        """Return what became of the fixes of each card with a trial that has ended, as known at `now`."""
        ...

    async def forget(self, card: str, facts: Callable[[int], Sequence[Fact]]) -> Sequence[Fact]:
        """Forget the trials of a card; `facts` is called with their number; return the facts, none without trials."""
        ...
