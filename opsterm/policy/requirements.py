"""Who has to say yes: a requirement, how it is written, and what is still missing of it.

"2 of ops and 1 of dba or 1 of cab" binds `and` tighter than `or`; parentheses help. A person counts once: whoever is
in both groups fills one of the places, and which one never matters, nor does the order in which people approve.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

Members = Callable[[str], Collection[str]]
"""Who is in a group."""

Way = tuple[str, ...]
"""Places to be filled, each by another person of this group; "" for anybody."""

MOST_WAYS, MOST_PLACES, LONGEST_NEED = 64, 24, 400
_TOKEN = re.compile(r"\s*(?:(\()|(\))|(\d+)\s+(?:persons?|of\s+([\w.@+-]+))(?=[\s)]|$)|(and|or)\b)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Ways in which enough people have approved; one of them suffices.

    Attributes:
        text: as it is written, with single blanks.
        ways: alternatives, at least one, none empty.
    """

    text: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What an approval takes.

    Attributes:
        needs: each has to be met; a person counts for several of them.
        others_only: whether the one who asked does not count.
        signed: whether only signed approvals count.
        reason: whether only approvals with a reason count.
    """

    needs: tuple[Need, ...]
    others_only: bool = False
    signed: bool = False
    reason: bool = False

    def __str__(self) -> str:
        extra = [*["not the requester"] * self.others_only, *["signed"] * self.signed, *["with a reason"] * self.reason]
        return "; ".join([*(need.text for need in self.needs), *extra])


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Somebody who has approved.

    Attributes:
        who: account, or principal of a key.
        signed: whether a key vouches for it.
        reasoned: whether a reason was given.
    """

    who: str
    signed: bool = False
    reasoned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """How far a requirement is met.

    Attributes:
        have: places that are filled.
        want: places that there are.
        who: who is still needed, as in "one more of dba, not ana"; "" when it is met.
    """

    have: int
    want: int
    who: str

    def __str__(self) -> str:
        return f"{self.have} of {self.want}: needs {self.who}" if self.who else f"{self.have} of {self.want}"


def parse_need(text: str) -> Need:
    """Return what is written as "2 persons" or "2 of ops and (1 of dba or 1 of cab)".

    Raises:
        BadInput: it cannot be read, asks for nobody, or for more than can be looked through.
    """
    if len(text) > LONGEST_NEED or text.count("(") > MOST_PLACES:
        raise _unreadable(text)
    words = _tokens(text)
    ways = _either(words, text)
    if words:
        raise _unreadable(text)
    if not all(ways):
        raise BadInput(f"{clean_line(text, limit=80)!r} asks for nobody.", next_step="Ask for 1 person or more.")
    return Need(text=" ".join(text.split()), ways=tuple(ways))


ONE_PERSON = Need(text="1 person", ways=(("",),))
TWO_PERSONS = Need(text="2 persons", ways=(("", ""),))


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text)
        found.append(f"{match[3]} {match[4] or ''}" if match[3] else match[0].strip())
        at = match.end()
    return found


def _either(words: list[str], text: str) -> list[Way]:
    ways = _both(words, text)
    while words[:1] == ["or"]:
        words.pop(0)
        ways = _few([*ways, *_both(words, text)], text)
    return ways


def _both(words: list[str], text: str) -> list[Way]:
    ways = _one(words, text)
    while words[:1] == ["and"]:
        words.pop(0)
        ways = _few([one + other for one, other in product(ways, _one(words, text))], text)
    return ways


def _one(words: list[str], text: str) -> list[Way]:
    word = words.pop(0) if words else ""
    if word == "(":
        ways = _either(words, text)
        if words[:1] != [")"]:
            raise _unreadable(text)
        words.pop(0)
        return ways
    number, _, group = word.partition(" ")
    if not number.isdigit():
        raise _unreadable(text)
    if len(number) > 2 or int(number) > MOST_PLACES:
        raise BadInput(f"{number[:20]} persons are more than {MOST_PLACES}.")
    return [(group,) * int(number)]


def _few(ways: list[Way], text: str) -> list[Way]:
    if len(ways) > MOST_WAYS or any(len(way) > MOST_PLACES for way in ways):
        raise BadInput(f"{clean_line(text, limit=80)!r} has too many ways to be met.", next_step="Ask for less.")
    return ways


def _unreadable(text: str) -> BadInput:
    return BadInput(
        f"{clean_line(text, limit=80)!r} does not say who has to approve.",
        next_step="Write it as in 2 persons, or 2 of ops and 1 of dba.",
    )


def joined(requirements: Iterable[Requirement]) -> Requirement:
    """Return what meets all of them; at least one person, whatever they say. Their order does not matter."""
    found = list(requirements)
    needs = {need.text: need for one in found for need in one.needs}
    if len(needs) > 1:
        needs.pop(ONE_PERSON.text, None)  # anybody who meets another one meets it
    return Requirement(
        needs=tuple(needs[text] for text in sorted(needs)) or (ONE_PERSON,),
        others_only=any(one.others_only for one in found),
        signed=any(one.signed for one in found),
        reason=any(one.reason for one in found),
    )


def missing(requirement: Requirement, voices: Sequence[Voice], *, requester: str, members: Members) -> Missing:
    """Return what is still missing.

    Args:
        requirement: what has to be met.
        voices: who has approved; somebody who did so twice counts once.
        requester: who asked for the change.
        members: who is in a group.
    """
    counted = _counted(requirement, voices, requester)
    best = [_nearest(need, counted, members) for need in requirement.needs]
    have, want, open_places = min(best, key=lambda one: (one[0] - one[1], -one[1]))
    if not open_places:
        return Missing(have=have, want=want, who="")
    not_again = sorted({*counted, *[requester] * requirement.others_only} - {""})
    extra = [*["signed"] * requirement.signed, *["with a reason"] * requirement.reason]
    said = [_places_text(open_places), *extra]
    if not_again:
        said.append(f"not {' or '.join(not_again)}")
    return Missing(have=have, want=want, who=", ".join(said))


def _counted(requirement: Requirement, voices: Sequence[Voice], requester: str) -> list[str]:
    return sorted({
        voice.who for voice in voices
        if not (requirement.others_only and voice.who == requester)
        and (voice.signed or not requirement.signed) and (voice.reasoned or not requirement.reason)
    })  # fmt: skip


def _places_text(places: Sequence[str]) -> str:
    parts = []
    for group in sorted(set(places)):
        number = places.count(group)
        count = "one more" if number == 1 else f"{number} more"
        parts.append(f"{count} of {group}" if group else count if len(set(places)) > 1 else f"{count} to approve")
    return " and ".join(parts)


def _nearest(need: Need, people: Sequence[str], members: Members) -> tuple[int, int, list[str]]:
    """Return (places filled, places, groups of the open ones) of the way that is nearest to being met."""
    found = []
    for way in need.ways:
        filled = _filled(way, people, members)
        found.append((len(filled), len(way), [group for at, group in enumerate(way) if at not in filled]))
    return min(found, key=lambda one: (len(one[2]), one[1]))


def _filled(way: Way, people: Sequence[str], members: Members) -> set[int]:
    """Return the places that can be filled at once, each by another person: a greatest matching by augmenting paths."""
    fits = {who: [at for at, group in enumerate(way) if not group or who in members(group)] for who in people}
    holder: dict[int, str] = {}

    def seat(who: str, seen: set[int]) -> bool:
        for at in fits[who]:
            if at not in seen:
                seen.add(at)
                if at not in holder or seat(holder[at], seen):
                    holder[at] = who
                    return True
        return False

    for who in people:
        seat(who, set())
    return set(holder)


def parse_requirement(text: str) -> Requirement:
    """Return the requirement that `str` wrote.

    Raises:
        BadInput: nobody wrote it so.
    """
    parts = text.split("; ")
    flags = [part for part in parts if part in ("not the requester", "signed", "with a reason")]
    read = Requirement(
        needs=tuple(parse_need(part) for part in parts if part not in flags),
        others_only="not the requester" in flags, signed="signed" in flags, reason="with a reason" in flags,
    )  # fmt: skip
    if not read.needs or str(read) != text:
        raise _unreadable(text)
    return read


def groups_of(requirement: Requirement) -> frozenset[str]:
    """Return the groups that it names."""
    return frozenset(group for need in requirement.needs for way in need.ways for group in way if group)


def helps(requirement: Requirement, voices: Sequence[Voice], voice: Voice, *, requester: str, members: Members) -> bool:
    """Return whether one more approval fills a place that is open, on any of the ways.

    Args:
        requirement: what has to be met.
        voices: who has approved.
        voice: who would as well.
        requester: who asked for the change.
        members: who is in a group.
    """
    before = _counted(requirement, voices, requester)
    after = _counted(requirement, [*voices, voice], requester)
    return any(
        len(_filled(way, after, members)) > len(_filled(way, before, members))
        for need in requirement.needs for way in need.ways
    )  # fmt: skip
