"""Conditions on when targets last answered: "seen in the last hour", "not seen since yesterday", "never seen"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsterm.assistant.queries import TimeWindow
from opsterm.assistant.query_words import LastSeen
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import words
from opsterm.assistant.windows import find_window
from opsterm.assistant.world import World

_SEEN = words("seen answered responded replied heard hear answer respond")
_NEGATED = frozenset({"not", "no", "n't"})
_AROUND = words("been ever yet last was were had has have did do does be from of us")
_LONGER = ("more than", "longer than", "over", "at least")
_SHORTER = ("less than", "within", "at most")

Condition = tuple[LastSeen, TimeWindow | None, tuple[Token, ...]]


def take_seen(tokens: Sequence[Token], world: World) -> Condition | None:
    """Return (condition, its stretch of time, the other tokens), or None when tokens say nothing about being seen."""
    at = next((n for n, token in enumerate(tokens) if token.low in _SEEN or _never_reached(tokens, n)), -1)
    if at < 0:
        return None
    if tokens[at].low == "unseen":
        return LastSeen.NEVER, None, without(tokens, at, 1)
    first = at
    denied = never = False
    while first > 0 and (tokens[first - 1].low in _AROUND | _NEGATED or tokens[first - 1].low == "never"):
        first -= 1
        denied = denied or tokens[first].low in _NEGATED
        never = never or tokens[first].low == "never"
    last = at + 1
    while last < len(tokens) and tokens[last].low in _AROUND:
        last += 1
    before = tokens[:first]
    longer, behind = _as_window(tokens[last:])
    found = find_window(behind, world)
    if found is None:
        never = never or (denied and tokens[at].low in ("seen", "heard") and not _times(behind))
        return (LastSeen.NEVER, None, (*before, *behind)) if never else None
    start, length, window = found
    rest = (*before, *behind[:start], *behind[start + length :])
    if window is None:
        return None
    return (LastSeen.NOT_WITHIN if denied or never or longer else LastSeen.WITHIN), window, rest


def _never_reached(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a word says that nothing ever came of it: "reached by ssh" says something else."""
    before = {token.low for token in tokens[max(0, at - 2) : at]}
    return tokens[at].low == "unseen" or (tokens[at].low in ("reached", "contacted") and "never" in before)


def _as_window(tokens: Sequence[Token]) -> tuple[bool, tuple[Token, ...]]:
    """Return (whether it is longer ago than said, tokens with "for 2 days", "2 days ago" put as "over 2 days")."""
    rest = tuple(tokens)
    longer = False
    ago = next((n for n, token in enumerate(rest) if token.low == "ago"), -1)
    for phrases, is_longer in ((_LONGER, True), (_SHORTER, False)):
        at, length, _ = find_phrase(rest, phrases)
        if at >= 0 and (ago > at or is_longer) and rest[at].low != "over":
            over = replace(rest[at], text="over", low="over")
            rest = (*rest[:at], over, *rest[at + length :])
            longer = is_longer and ago > at
            break
    made = []
    for n, token in enumerate(rest):
        if token.low == "ago" and ago >= 0:
            continue
        counts = n + 1 < len(rest) and (rest[n + 1].low.isdecimal() or rest[n + 1].low in ("a", "an"))
        made.append(replace(token, text="over", low="over") if token.low in ("for", "in") and counts else token)
    return longer, tuple(made)


def _times(tokens: Sequence[Token]) -> bool:
    """Return whether tokens speak of a time that was not understood, so that "never" would be a guess."""
    return any(token.low in ("since", "for", "today", "yesterday", "last", "over", "before") for token in tokens)
