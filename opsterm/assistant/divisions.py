"""Lists that are divided by a label, and questions that ask two things at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from opsterm.assistant.tokens import Token, lows
from opsterm.assistant.vocabulary import GROUPING_WORDS

_WISHES = frozenset({"which", "who", "what", "how", "where", "when"})


def labels_first(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return "which sites have offline hosts" as "by site have offline hosts"."""
    said = lows(tokens)
    at = 1 if said[:1] in (("which",), ("what",)) else 0
    has = said[at + 1 : at + 2] and said[at + 1] in ("have", "has", "with", "contain", "hold", "include")
    if at + 2 < len(said) and has and GROUPING_WORDS.get(said[at]) and said[at].endswith("s") and said[at] != "os":
        by = replace(tokens[at], text="by", low="by")
        return (by, tokens[at], *tokens[at + 2 :])
    return tokens


def asks_twice(said: tuple[str, ...]) -> bool:
    """Return whether two things are asked at once: "how many web servers and which are offline"."""
    return any(word == "and" and at and behind in _WISHES for at, (word, behind) in enumerate(pairwise(said)))


def divided_twice(said: tuple[str, ...]) -> bool:
    """Return whether a list is to be divided by two things: "by os and site"."""
    return any(
        word in ("and", "then", ",") and behind in GROUPING_WORDS and {"by", "per"} & set(said[:at])
        for at, (word, behind) in enumerate(pairwise(said))
    )
