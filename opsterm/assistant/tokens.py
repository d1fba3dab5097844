"""A sentence as tokens: words in lower case with their place, quotes and backticks kept whole."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

LINE_LIMIT = 4000
"""Characters of a sentence, and of a canonical line; a longer one is not one question."""

_TOKEN = re.compile(
    r"""(?P<tick>`[^`]*`)
      | (?P<term>[A-Za-z]+!?[:=~]"[^"]*")
      | (?P<quote>"[^"]*"|(?<![^\s(])'[^']*'(?![^\s),;.?!]))
      | (?P<word>(?:\[[^\]\s]*\]|[^\s"`(),;?!\[\]]|[?!](?=[\w\[*~=-]))+)
      | (?P<sign>[^\s])""",
    re.VERBOSE,
)
_CONTRACTIONS = {
    "what's": "what is", "who's": "who is", "where's": "where is", "how's": "how is", "that's": "that is",
    "there's": "there is", "it's": "it is", "isn't": "is not", "aren't": "are not", "don't": "do not",
    "doesn't": "does not", "can't": "can not", "cannot": "can not", "won't": "will not", "i'm": "i am",
    "hasn't": "has not", "haven't": "have not", "weren't": "were not", "wasn't": "was not", "i'd": "i would",
    "let's": "let us", "whats": "what is", "didn't": "did not", "we're": "we are", "they're": "they are",
    "isnt": "is not", "arent": "are not", "dont": "do not", "doesnt": "does not", "cant": "can not",
    "wont": "will not", "hasnt": "has not", "havent": "have not", "werent": "were not", "wasnt": "was not",
    "didnt": "did not", "hows": "how is", "whos": "who is", "wheres": "where is", "thats": "that is",
    "theres": "there is", "theyre": "they are", "i've": "i have", "we've": "we have", "ive": "i have",
    "what're": "what are", "who're": "who are", "you've": "you have", "they've": "they have", "weve": "we have",
    "wot's": "what is", "wots": "what is", "which're": "which are", "how're": "how are", "which's": "which is",
    "aint": "is not", "ain't": "is not", "shouldn't": "should not", "wouldn't": "would not", "couldn't": "could not",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        text: as written, without quotes or backticks.
        low: lower case; "" for what was quoted, which is never a keyword.
        start: place of its first character in the sentence.
        end: place behind its last character.
        quote: "`", '"', "'" or "".
    """

    text: str
    low: str
    start: int
    end: int
    quote: str = ""


def tokenize(text: str) -> tuple[Token, ...]:
    """Return the tokens of a sentence; sentence signs at the end of words are dropped, commas are kept."""
    made: list[Token] = []
    for match in _TOKEN.finditer(text.replace("\u2019", "'")):
        kind, raw, start = match.lastgroup, match[0], match.start()
        if kind in ("tick", "quote"):
            made.append(Token(raw[1:-1], "", start, match.end(), raw[0]))
            continue
        if kind == "sign":
            if raw in ",()" or raw not in ";?!":
                made.append(Token(raw, raw, start, match.end()))
            continue
        word = raw if kind == "term" else raw.rstrip(".:,") or raw
        low = word.lower()
        made.extend(Token(piece, piece, start, match.end()) for piece in _CONTRACTIONS.get(low, "").split())
        if low in _CONTRACTIONS:
            continue
        if low.endswith(("'s", "s'")) and "=" not in low:
            word = word[:-2] if low.endswith("'s") else word[:-1]
        made.append(Token(word, word.lower(), start, start + len(word)))
        if raw.endswith(",") and raw != word:
            made.append(Token(",", ",", match.end() - 1, match.end()))
    return tuple(made)


def lows(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return the keywords of tokens."""
    return tuple(token.low for token in tokens)


def without(tokens: Sequence[Token], start: int, length: int) -> tuple[Token, ...]:
    """Return tokens without `length` of them from `start`."""
    return (*tokens[:start], *tokens[start + length :])


@functools.cache
def _words_of(phrase: str) -> tuple[str, ...]:
    return tuple(phrase.split())


def find_phrase(tokens: Sequence[Token], phrases: Sequence[str]) -> tuple[int, int, str]:
    """Return (place, length, phrase) of the first of some phrases, longest first, that occurs; (-1, 0, "") for none."""
    words = lows(tokens)
    there = frozenset(words)
    for phrase in phrases:
        wanted = _words_of(phrase)
        if wanted[0] not in there:
            continue
        for at in range(len(words) - len(wanted) + 1):
            if words[at : at + len(wanted)] == wanted:
                return at, len(wanted), phrase
    return -1, 0, ""
