"""Misspelt words of a question, mended where only one known word is near: said in the answer, never in an order.

Names of targets are never mended, nor is anything shorter than four letters or with a digit in it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from opsterm.assistant.metric_words import METRIC_WORDS
from opsterm.assistant.moments import DAYS, MONTHS
from opsterm.assistant.reading import Sentence
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import ALIASES, FILLERS, GROUPING_WORDS, NOUNS, STATUS_WORDS, SYSTEMS, words

SHORTEST = 4
LONG = 9
"""From this length on two letters may be wrong."""

_SHORT = {"al": "all", "teh": "the", "hte": "the", "fo": "of", "si": "is", "ni": "in", "hwo": "how", "taht": "that",
          "lst": "list", "haw": "how", "wich": "which", "whcih": "which", "hwich": "which"}  # fmt: skip
_SAID = words(
    "many number count tagged grouped group split last past since between hour hours minute minutes week weeks month "
    "yesterday today weekend morning night alerts alert critical warning highest lowest average peak most least above "
    "below over under more less than percent free left used busiest fullest reachable everything except without "
    "uptime address kernel installed services running production staging database databases firewalls per broken "
    "half before after offline online total version when where while there their they them then than here have been "
    "into onto does will would should could might must shall only also even ever never still such some same other "
    "another both between about again because until upon very make made take took keep kept work works went goes help "
    "please thanks hello fill fills filled file files page pages name mean means tell told said says time times long "
    "line lines port ports user users read write ready real good best next first second third back down "
)
_KNOWN = (
    FILLERS | NOUNS | SYSTEMS | METRIC_WORDS | STATUS_WORDS.keys() | ALIASES.keys() | GROUPING_WORDS.keys()
    | frozenset(DAYS) | frozenset(MONTHS) | _SAID
)  # fmt: skip


def mended(sentence: Sentence) -> tuple[Sentence, tuple[str, ...]] | None:
    """Return the sentence with its misspelt words mended and what was read as what; None when there is none."""
    vocabulary = sentence.words
    labels = frozenset(label.lower() for label in vocabulary.labels())
    tokens: list[Token] = []
    notes: list[str] = []
    for token in sentence.tokens:
        low, found = token.low, ""
        if low and low not in _KNOWN | labels and low not in vocabulary.names:
            found = _SHORT.get(low, "") or _nearest(low, labels)
        tokens.append(replace(token, text=found, low=found) if found else token)
        notes += [f"{token.text!r} is read as {found!r}."] if found else []
    return (replace(sentence, tokens=tuple(tokens)), tuple(notes)) if notes else None


def _nearest(word: str, labels: frozenset[str]) -> str:
    """Return the one known word that a misspelt one can be, "" when there is none or there are several."""
    if len(word) < SHORTEST or not word.isalpha():
        return ""
    for limit in (1, 2) if len(word) >= LONG else (1,):
        found = set(_near(word, limit)) | {one for one in labels if _may_be(word, one, limit)}
        same = {one for one in found if _single(one) == _single(word)} or {one for one in found if one[0] == word[0]}
        same = same or found
        if found:
            return min(same) if len(same) == 1 else ""
    return ""


def _single(word: str) -> str:
    """Return a word with doubled letters once: "ofline" leaves one out."""
    return "".join(letter for at, letter in enumerate(word) if word[at - 1 : at] != letter)


@cache
def _near(word: str, limit: int) -> frozenset[str]:
    return frozenset(one for one in _KNOWN if _may_be(word, one, limit))


def _may_be(word: str, known: str, limit: int) -> bool:
    return (
        len(known) >= SHORTEST and known.isalpha() and abs(len(word) - len(known)) <= limit
        and _distance(word, known) <= limit
    )  # fmt: skip


def _distance(first: str, second: str) -> int:
    """Return how many letters were left out, added, changed or swapped with their neighbour."""
    before: list[int] = []
    above = list(range(len(second) + 1))
    for at, letter in enumerate(first, 1):
        row = [at]
        for n, other in enumerate(second, 1):
            cost = min(above[n] + 1, row[n - 1] + 1, above[n - 1] + (letter != other))
            if at > 1 and n > 1 and letter == second[n - 2] and first[at - 2] == other:
                cost = min(cost, before[n - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]
