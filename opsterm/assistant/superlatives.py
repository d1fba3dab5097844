"""Superlatives: which end of what is measured is asked for, and how many of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from opsterm.assistant.lengths import NUMBERS
from opsterm.assistant.tokens import Token, without
from opsterm.assistant.vocabulary import words
from opsterm.assistant.world import Vocabulary

_LARGE = words("highest most largest biggest heaviest greatest maximum max")
_SMALL = words("lowest least smallest fewest minimum min")
_ENDS = {"top": False, "bottom": True, "worst": False}
"""Words for an end that another word may turn round: "least free space, the worst two"."""

SUPERLATIVES = _LARGE | _SMALL | _ENDS.keys()
DIRECT = {"fullest": ("fs.used_percent", False), "emptiest": ("fs.used_percent", True),
          "busiest": ("cpu.used_percent", False), "idlest": ("cpu.used_percent", True)}  # fmt: skip
"""Word -> what it measures, and whether the smallest is meant."""

_ONE = words("box host machine server node device system target computer instance vm pc one disk drive filesystem "
             "partition mount volume who user consumer nobody")  # fmt: skip
SEVERAL = words("boxes hosts machines servers nodes devices systems targets computers instances vms pcs ones disks "
                 "drives filesystems partitions mounts volumes users consumers")  # fmt: skip
_NUMBERS = {**NUMBERS, "couple": 2, "pair": 2, "dozen": 12}


@dataclass(frozen=True, slots=True)
class Superlative:
    """What was said: whether the smallest is meant, None where nothing says; whether only "worst" or "top" says it."""

    smallest: bool | None = None
    weak: bool = False
    contrary: bool = False


def take_superlatives(tokens: Sequence[Token]) -> tuple[Superlative, tuple[Token, ...]]:
    """Return (what superlatives say together, the other tokens)."""
    said = {token.low for token in tokens if token.low in SUPERLATIVES}
    rest = tuple(token for token in tokens if token.low not in said)
    if not said:
        return Superlative(), rest
    large, small = bool(said & _LARGE), bool(said & _SMALL)
    if large and small:
        return Superlative(contrary=True), rest
    if large or small:
        return Superlative(smallest=small), rest
    return Superlative(smallest="bottom" in said, weak="worst" in said), rest


def take_limit(tokens: Sequence[Token], *, in_words: bool) -> tuple[int | None, tuple[Token, ...]]:
    """Return (how many are asked for, the other tokens)."""
    for at, token in enumerate(tokens):
        if in_words and _NUMBERS.get(token.low, 0) > 1:
            return _NUMBERS[token.low], without(tokens, at, 1)
        if token.low.isdecimal() and 0 < int(token.low[:6]) <= 1000 and len(token.low) <= 4:
            return int(token.low), without(tokens, at, 1)
    return None, tuple(tokens)


_AGES = words("newest youngest oldest")
_ORDINALS = words("second third fourth fifth sixth 2nd 3rd 4th 5th next")


def asks_of_age_or_place(tokens: Sequence[Token]) -> bool:
    """Return whether "the newest web server" or "the second busiest host" is asked for, which nothing answers."""
    said = [token.low for token in tokens]
    placed = any(
        one in _ORDINALS and then in SUPERLATIVES | DIRECT.keys() for one, then in pairwise(said)
    )  # fmt: skip
    return placed or bool(_AGES & set(said)) or any(one == "latest" and then in _ONE for one, then in pairwise(said))


def one_is_asked(tokens: Sequence[Token], vocabulary: Vocabulary) -> bool:
    """Return whether one thing is asked for: "which box has", "the busiest web server", not "the busiest servers"."""
    if tuple(token.low for token in tokens[:2]) == ("which", "of") and {t.low for t in tokens} & {"is", "has", "uses"}:
        return True
    for at, token in enumerate(tokens):
        if token.low == "who" and any(other.low == "are" for other in tokens[at + 1 : at + 2]):
            return False
        if token.low in _ONE | SEVERAL:
            behind = tokens[at + 1].low if at + 1 < len(tokens) else ""
            if token.low == "system" and at and tokens[at - 1].low == "operating":
                continue
            return token.low in _ONE and behind not in SEVERAL
    return any(token.low in vocabulary.groups for token in tokens)
