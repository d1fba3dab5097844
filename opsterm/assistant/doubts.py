"""When a sentence that the classifier takes for an errand may as well be a question that no rule has read.

An errand looks things up and says so, but it does not answer "which hosts run FreeBSD". Where the words name targets,
values or alerts and the classifier is not sure, or they ask to see them, it is asked: the errand is a line to send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from opsterm.assistant.gist.meanings import meanings
from opsterm.assistant.gist.roles import WordRole, roles
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.metric_words import take_metrics
from opsterm.assistant.questions import ALERT_NOUNS
from opsterm.assistant.reading import Sentence
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import NOUNS
from opsterm.assistant.world import squeezed_name

SURE = 0.6
"""From here on an errand is believed although targets are named."""

VERY_SURE = 0.9
"""From here on it is believed although the words ask to see something."""

LEAST = 0.45
"""Below it no errand is believed."""

RIVAL = 0.15
"""From this belief on in targets, values or alerts it is asked."""

NOTE = 6
"""Tokens of a note."""

_ASKED = (Intent.INVENTORY, Intent.METRIC, Intent.ALERT)
_NEVER_SHOWN = (Intent.SCHEDULE, Intent.TROUBLESHOOT)
"""What nobody asks for by "which hosts"."""

_SHOWING = re.compile(
    r"(?:^|[,;:.?!-]\s+|\b(?:so|and)\s+)(?:(?:please|kindly|can you|could you|would you)\s+)*"
    r"(?:which\s+(?:\w+\s+){0,3}(?:hosts?|servers?|box|boxes|machines?|systems?|targets?|ones?|of)\b"
    r"|how many\b|(?:show|give|list|name)\s)"
)
_NUMBERED = re.compile(r"([a-z]+)[-_.]?\d+")


def may_be_a_question(sentence: Sentence, likely: Mapping[Intent, float]) -> bool:
    """Return whether a sentence that no rule has read should be asked about before it becomes an errand.

    Args:
        sentence: what no rule has read.
        likely: what the classifier believes, the likeliest first.
    """
    kind, sure = next(iter(likely.items()))
    if sure < LEAST or (sure < VERY_SURE and _names_an_absent_one(sentence)):
        return True
    if not _names(sentence):
        return False
    if sure < SURE or sum(likely[other] for other in _ASKED) > RIVAL:
        return True
    if kind is not Intent.EXPLAIN and _is_note(sentence):
        return True
    return (sure < VERY_SURE or kind in _NEVER_SHOWN) and _SHOWING.search(sentence.text.lower()) is not None


def _names(sentence: Sentence) -> bool:
    """Return whether any word names targets, what is measured, or alerts."""
    named = any(_is_named(token, sentence) for token in sentence.tokens)
    return named or take_metrics(sentence.tokens, sentence.words) is not None


def _is_named(token: Token, sentence: Sentence) -> bool:
    return token.low in NOUNS | ALERT_NOUNS or bool(meanings(token.low, sentence.words))


def _is_note(sentence: Sentence) -> bool:
    """Return whether a sentence is a few words that name something, as in "pci hots"."""
    found: Sequence[WordRole] = roles(sentence.tokens, sentence.words)
    unknown = found.count(WordRole.UNKNOWN)
    return len(found) <= NOTE and (not unknown or len(found) == 2)


def _names_an_absent_one(sentence: Sentence) -> bool:
    """Return whether a word looks like a target that does not exist, beside others that do: "mail-2"."""
    names = sentence.words.names
    stems = {
        match[1]
        for token in sentence.tokens
        if squeezed_name(token.low) not in sentence.words.alike and (match := _NUMBERED.fullmatch(token.low))
    }
    return bool(stems) and any((match := _NUMBERED.fullmatch(name)) and match[1] in stems for name in names)
