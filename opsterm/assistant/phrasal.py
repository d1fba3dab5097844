"""Where "up" and "down" belong to a verb or a number and say nothing of a state: "set up", "web-03 and up"."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import words

_PARTICLES = frozenset({"up", "down"})
_VERBS = words(
    "set back backed pull pulled shut break broke broken slow slowed look looked spin spun start started wake "
    "woke clean "
    "cleaned scale scaled hold held speed catch bring brought take taken took tear lock locked cool end ended "
    "make made "
    "pick picked fill filled fills filling build built mess messed screw patch patched add adds sign signed lined size"
)
_DIVIDING = words("carve chop split break divide slice cut divvy sum add tot count")
"""Verbs that stand apart from their "up": "carve London up by role"."""

_BEHIND = words("to with for since until date on")


def belongs_to_a_verb(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the "up" or "down" at a place is no state of a target."""
    if tokens[at].low not in _PARTICLES:
        return False
    before = [token.low for token in tokens[max(0, at - 2) : at]]
    behind = tokens[at + 1].low if at + 1 < len(tokens) else ""
    if before[-1:] and before[-1] in _VERBS:
        return True
    if behind in ("by", "per", "into") and _DIVIDING & {token.low for token in tokens[:at]}:
        return True
    if len(before) == 2 and before[1] in ("and", "or") and any(char.isdigit() for char in before[0]):
        return True  # "web-03 and up"
    return behind in _BEHIND and (tokens[at].low == "up" or behind == "to")
