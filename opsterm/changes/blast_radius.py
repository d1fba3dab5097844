"""How much a change would reach, in one line, before anybody approves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from opsterm.policy.context import PARTNERS, ShareOfGroup, Surroundings, is_production

GROUPS_SHOWN = 3
"""Groups that are named; the line is to be read at a glance."""


def blast_radius(around: Surroundings, all_places: Mapping[str, int], alerting: int) -> str:
    """Return the line: "7 of 23 production targets; 2 of 3 members of db-main; 1 has an open alert".

    Args:
        around: environments of the targets, and the groups that they touch.
        all_places: environment, "" where none is said -> targets there are of it.
        alerting: how many of the targets have an open alert.
    """
    parts = [*_places(around, all_places), *_groups(around.shares)]
    if alerting:
        parts.append(f"{alerting} {'has' if alerting == 1 else 'have'} an open alert")
    return "; ".join(parts)


def _places(around: Surroundings, all_places: Mapping[str, int]) -> list[str]:
    """Return how much of each environment it is, production first."""
    chosen = Counter(_word(place) for place in around.environments)
    there = Counter[str]()
    for place, count in all_places.items():
        there[_word(place)] += count
    words = sorted(chosen, key=lambda word: (word != "production", not word, word))
    return [f"{chosen[word]} of {_targets(max(there[word], chosen[word]), word)}" for word in words]


def _word(place: str) -> str:
    return "production" if is_production(place) else place.lower()


def _targets(count: int, word: str) -> str:
    noun = f"target{'s' * (count != 1)}"
    return f"{count} {word} {noun}" if word else f"{count} {noun} without an environment"


def _groups(shares: Sequence[ShareOfGroup]) -> list[str]:
    """Return the groups with the largest shares; those whose members stand in for one another first."""
    told = sorted(
        (share for share in shares if share.size > 1),
        key=lambda share: (not share.partners, -len(share.chosen) / share.size, share.name),
    )
    found = [f"{len(share.chosen)} of {share.size} members of {_name(share)}" for share in told]
    more = len(found) - GROUPS_SHOWN
    return [*found[:GROUPS_SHOWN], *[f"{more} more group{'s' * (more != 1)}"] * (more > 0)]


def _name(share: ShareOfGroup) -> str:
    return share.name.partition(":")[2] if share.name.startswith(PARTNERS) else share.name
