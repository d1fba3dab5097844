"""What each word of a question does: it says what is meant, it links, it is talk, or nobody knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

from opsterm.assistant.gist.meanings import meanings
from opsterm.assistant.lengths import NUMBERS
from opsterm.assistant.metric_words import METRIC_FILLERS, METRIC_PHRASES, STATISTICS
from opsterm.assistant.neutral_words import DIVIDING
from opsterm.assistant.questions import ALERT_NOUNS
from opsterm.assistant.small_talk import CROWDS, TALK
from opsterm.assistant.superlatives import DIRECT, SUPERLATIVES
from opsterm.assistant.tokens import Token, lows
from opsterm.assistant.vocabulary import (
    ALIASES,
    DESKTOPS,
    FILLERS,
    GROUPING_WORDS,
    NOUNS,
    PROTOCOL_WORDS,
    STATUS_WORDS,
    SYSTEMS,
    words,
)
from opsterm.assistant.world import Vocabulary

DENIALS = words("besides but except excluding minus n't neither never no non none nor not outside without")
_COMPARING = words(
    "% above below between beyond exceed exceeded exceeding exceeds fewer first free full gb half last least left less "
    "mb more most over past pct percent quarter spare tb than under"
)  # fmt: skip
_ALERTS = ALERT_NOUNS | words("acknowledged firing resolved silenced unacknowledged") - words(
    "issue issues problem problems"
)
_LINKS = words(
    "& , a all an and any are at be both by count did do does each equipment every everything for from gear had "
    "hardware has have history how if in info is it just kit list looking many much number of on only or per plus "
    "right roles seen show state stuff the their them these they things those to total trend trends was were what when "
    "where which who with"
)
_ADVERB = re.compile(r"[a-z]{3,}ly")
_DATED = words(
    "anomaly apply badly barely currently daily early family formerly friendly hardly heavily hourly lately monopoly "
    "monthly newly nightly only previously rarely recently scarcely reply supply weekly yearly"
)  # fmt: skip


_MEANT = (
    DENIALS | SUPERLATIVES | _ALERTS | STATISTICS.keys() | DIRECT.keys() | _COMPARING | STATUS_WORDS.keys() | SYSTEMS
    | DESKTOPS | PROTOCOL_WORDS
)  # fmt: skip
_LINKING = NOUNS | _LINKS | GROUPING_WORDS.keys() | NUMBERS.keys() | METRIC_FILLERS

SKELETON = NOUNS | GROUPING_WORDS.keys() | NUMBERS.keys() | words(
    ", and between by count from group how info list many number of only or per seen site state tag tagged than to top "
    "total which"
) - words("a an half")  # fmt: skip
"""Little words that a question cannot be read without."""


class WordRole(Enum):
    """What a word does in a question."""

    MEANT = auto()
    LINK = auto()
    TALK = auto()
    UNKNOWN = auto()


def roles(tokens: Sequence[Token], vocabulary: Vocabulary) -> tuple[WordRole, ...]:
    """Return the role of each token."""
    found = [_role(tokens, at, vocabulary) for at in range(len(tokens))]
    at = 0
    while at < len(tokens):
        used = METRIC_PHRASES.at(tokens, at, ())[0]
        pair = " ".join(token.low for token in tokens[at : at + 2])
        if pair in ALIASES:
            used = max(used, len(pair.split()))
        found[at : at + used] = [WordRole.MEANT] * used
        at += used or 1
    return tuple(found)


def _role(tokens: Sequence[Token], at: int, vocabulary: Vocabulary) -> WordRole:
    token = tokens[at]
    low = token.low
    if token.quote or low in _MEANT or meanings(low, vocabulary):
        return WordRole.MEANT
    if low in _LINKING:
        return WordRole.LINK
    if low in DIVIDING:  # "the batch nodes" may be nodes of their own
        apart = at == 0 or tokens[at - 1].low not in ("the", "all", "our", "any", "a")
        return WordRole.LINK if apart and {"by", "per", "into"} & set(lows(tokens)) else WordRole.UNKNOWN
    if low in CROWDS:
        return WordRole.TALK
    if any(char.isdigit() or char in "*[]/=<>%@_" for char in low):
        return (
            WordRole.MEANT if re.fullmatch(r"[<>=]{1,2}|[\d.:/%+-]+[a-z%]{0,7}|.*[\[*?].*", low) else WordRole.UNKNOWN
        )
    if low in FILLERS:
        return WordRole.LINK
    if low in TALK or not low.strip("-,.'") or (_ADVERB.fullmatch(low) and low not in _DATED):
        return WordRole.TALK
    return WordRole.UNKNOWN
