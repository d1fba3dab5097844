"""Whole turns of a question that are put otherwise: a ranking by a verb, a list that is narrowed down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsterm.assistant.metric_words import take_metrics
from opsterm.assistant.superlatives import SUPERLATIVES
from opsterm.assistant.tokens import Token, lows
from opsterm.assistant.vocabulary import words
from opsterm.assistant.world import Vocabulary

_RANKING = words("arrange list order rank sort")
_NARROWING = words("boil cut filter limit narrow pare prune reduce restrict shrink slim trim whittle")


def as_ranking(tokens: Sequence[Token], vocabulary: Vocabulary) -> tuple[Token, ...]:
    """Return "rank the firewalls by load" as "top the firewalls hosts by load"."""
    said = lows(tokens)
    at = next((n for n, low in enumerate(said[:5]) if low in _RANKING), -1)
    if at < 0 or "by" not in said[at:] or take_metrics(tokens[said.index("by", at) :], vocabulary) is None:
        return tuple(tokens)
    first = tokens[at]
    head = () if set(said) & SUPERLATIVES else (Token("top", "top", first.start, first.start),)
    return (*tokens[:at], *head, Token("hosts", "hosts", first.start, first.end), *tokens[at + 1 :])


def without_asker(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return "compliance would like to know which hosts are offline" as "which hosts are offline"."""
    said = lows(tokens)
    for at in range(1, min(6, len(said))):
        if said[at - 1] in _QUESTIONING:
            break
        for way in _ASKS:
            if (
                said[at : at + len(way)] == way
                and said[at + len(way) : at + len(way) + 1]
                and (said[at + len(way)] in _QUESTIONING)
            ):
                return tuple(tokens[at + len(way) :])
    return tuple(tokens)


_QUESTIONING = words("which what how who where when for whether")
_ASKS = tuple(
    tuple(way.split())
    for way in (
        "would like to know", "wants to know", "want to know", "needs to know", "need to know", "asks", "ask", "asked",
        "is asking", "are asking", "keeps asking", "keep asking", "asks me", "asked me", "has asked", "have asked",
        "insists on knowing", "is curious", "are curious", "would love to know", "demands to know", "wonders",
    )
)  # fmt: skip
"""How others are said to ask."""


def narrowing(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return "narrow that mess down to the ones in prod" as "only the ones in prod"."""
    said = lows(tokens)
    at = next((n for n, low in enumerate(said[:4]) if low in _NARROWING), -1)
    to = said.index("to", at) if at >= 0 and "to" in said[at : at + 7] else -1
    if to < 0 or to + 1 >= len(said):
        return tuple(tokens)
    return (Token("only", "only", tokens[at].start, tokens[to].end), *tokens[to + 1 :])


_BEGINNING = words("begin beginning begins start starting starts")
_ENDING = words("end ending ends finishes finishing")


def by_part_of_name(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return "machines whose name starts with sw" as "machines named sw*"."""
    said = lows(tokens)
    at = next(
        (n for n in range(1, len(said) - 2) if said[n] in _BEGINNING | _ENDING and said[n + 1] in ("with", "in")), 0
    )
    part = tokens[at + 2] if at else None
    if (
        part is None
        or not part.text.replace("-", "").replace("_", "").isalnum()
        or not {"name", "names", "named", "called", "hostname", "hostnames"} & set(said[:at])
    ):
        return tuple(tokens)
    glob = f"{part.text}*" if said[at] in _BEGINNING else f"*{part.text}"
    lead = at
    while lead and said[lead - 1] in (
        "whose",
        "with",
        "a",
        "the",
        "name",
        "names",
        "named",
        "called",
        "that",
        "which",
        "hostname",
        "hostnames",
        "something",
    ):
        lead -= 1
    return (*tokens[:lead], replace(part, text=glob, low=glob.lower()), *tokens[at + 3 :])
