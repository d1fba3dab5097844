"""Words that point to one thing that was spoken of before: the "that server" of "cpu of that server"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from opsterm.assistant.gist.meanings import meanings
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.reading import Sentence, asked
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import words

_ONE = words("target host machine server box node device vm computer instance")
_WHOLE = words("site group environment env tag")


def asks_of_nothing(sentence: Sentence) -> Interpretation | None:
    """Ask which one is meant when a question points to what was never named; None when it does not."""
    at = _place(sentence)
    if at < 0 or (sentence.pointed() is not None and sentence.tokens[at + 1].low in _ONE):
        return None
    noun = sentence.tokens[at + 1].text
    return asked(Intent.INVENTORY, f"Which {noun} is that? Say its name.", ("list targets grouped by group",))


def pointed_at(sentence: Sentence, tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return tokens with "those" for "that server", where targets were spoken of before."""
    if _place(sentence) < 0 or sentence.pointed() is None:
        return tuple(tokens)
    at = next((n for n, pair in enumerate(pairwise(tokens)) if _points(*pair)), -1)
    if at < 0:
        return tuple(tokens)
    first = tokens[at]
    return (*tokens[:at], Token("those", "those", first.start, first.end), *tokens[at + 2 :])


def _points(one: Token, then: Token) -> bool:
    return one.low == "that" and then.low in _ONE | _WHOLE


def _place(sentence: Sentence) -> int:
    """Return the place of the word that points, -1 for none or where the sentence names targets itself."""
    at = next((n for n, pair in enumerate(pairwise(sentence.tokens)) if _points(*pair)), -1)
    if at < 0:
        return -1
    others = [token.low for token in sentence.tokens if token.low not in _ONE]
    chosen = {one for low in others for one in meanings(low, sentence.words)}
    return at if all(one.startswith(("status:", "item:")) for one in chosen) else -1
