"""What became of fixes that were tried here, and how far that moves the cards that they are from.

A trial is a change that was proposed from a step of a card. How it ended is read from what was seen: nothing that is
only said of a change moves a card up, unless the change ran to its end and nothing was looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opsterm.knowledge.fusion import Ranked

PRIOR = 2.0
"""How many trials a guess is worth: of a card without any, that it works every second time."""

FACTOR_AT_WORST = 0.5
"""By what a score is multiplied when a fix has never worked, in the limit; when it always does, by one more."""


@dataclass(frozen=True, slots=True)
class TrialTally:
    """How often something worked, and how often it did not."""

    worked: int = 0
    failed: int = 0

    @property
    def tried(self) -> int:
        """How often it was tried with an end that counts."""
        return self.worked + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialContext:
    """Where a fix is tried.

    Attributes:
        system: family of the operating system, as in "linux", "windows".
        environment: as in "prod", "" when not said.
        role: the first group of the target, "" for none.
    """

    system: str = ""
    environment: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixRecord:
    """What became of the fixes of one card on this site.

    Attributes:
        site: over all places; a change counts once.
        places: by where it was tried; a change counts once in each.
    """

    site: TrialTally = TrialTally()
    places: Mapping[TrialContext, TrialTally] = field(default_factory=dict)

    def at(self, places: Collection[TrialContext]) -> TrialTally:
        """Return what became of them at some places."""
        found = [self.places[place] for place in places if place in self.places]
        return TrialTally(sum(one.worked for one in found), sum(one.failed for one in found))

    def chance(self, places: Collection[TrialContext] = ()) -> float:
        """Return how likely it is to work there, above 0 and below 1: a beta estimate, from the site's to the place's.

        More that worked never makes it smaller, more that did not never greater, wherever that was.
        """
        site = (PRIOR / 2 + self.site.worked) / (PRIOR + self.site.tried)
        here = self.at(places)
        return (PRIOR * site + here.worked) / (PRIOR + here.tried)

    def text(self, places: Collection[TrialContext] = ()) -> str:
        """Return "worked 3 of 4 times here", with what is known of the place asked for; "" when it was never tried."""
        if not self.site.tried:
            return ""
        here = self.at(places)
        there = f", {here.worked} of {here.tried} on such targets" if here.tried and here != self.site else ""
        times = "time" if self.site.tried == 1 else "times"
        return f"worked {self.site.worked} of {self.site.tried} {times} here{there}"


NEVER_TRIED = FixRecord()


def by_record(
    ranked: Sequence[Ranked], records: Mapping[str, FixRecord], places: Collection[TrialContext] = ()
) -> Sequence[Ranked]:
    """Return cards sorted anew by what became of their fixes; the same ones, and none is left out.

    Cards with an error text that fits keep the ranks that such cards have, and change places among themselves only; so
    do the others. What stands in the operator's text word for word is therefore never pushed behind what does not.

    Args:
        ranked: the best first.
        records: id of a card -> what became of its fixes; a card without one has never been tried.
        places: where the question is about, () when that is not known.
    """
    weighed = [
        replace(one, score=one.score * (FACTOR_AT_WORST + records[one.candidate.id].chance(places)))
        if one.candidate.id in records else one
        for one in ranked
    ]  # fmt: skip
    kinds = {fits: iter(_sorted([one for one in weighed if one.candidate.fits is fits])) for fits in (True, False)}
    return [next(kinds[one.candidate.fits]) for one in ranked]


def _sorted(cards: Sequence[Ranked]) -> list[Ranked]:
    return sorted(cards, key=lambda one: -one.score)  # stable: what is equal stays as it was
