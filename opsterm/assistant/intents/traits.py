"""What the classifier sees of a sentence: its words, pairs of them, pieces of words, and the concepts they name.

A trait begins with the letter of its kind; each kind is weighed by itself, or the many pieces would hide the few words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import pairwise

TRAITS = 2
"""Number of this way of looking; a model of another number is not used."""

SHARES: Mapping[str, float] = {"w": 1.3, "b": 1.0, "t": 0.8, "c": 1.2, "s": 0.5, "k": 0.35}
"""Letter of a kind -> how much it counts: words, pairs, openings, pieces, pairs with a gap, concepts."""

LONGEST_SENTENCE = 1000
"""Characters that are looked at: what a sentence wants is said at its beginning."""

WORDS_LIMIT = 60

_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?\b")
_NUMBERED = re.compile(r"\b([ac])#?\d+\b")
_CLOCK = re.compile(r"\b\d{1,2}:\d{2}(?:\s?[ap]m)?\b|\b\d{1,2}\s?[ap]m\b")
_HOST = re.compile(r"\b[a-z][a-z0-9]*(?:-[a-z0-9]+)*-?(?:\[[\d,-]+\]|\d+)\b|\b[a-z]{2,}[-0-9]*\*")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[a-z0-9']+|[^\sa-z0-9']")
_EDGES = '?!:;.,()"`'

Concepts = Mapping[tuple[str, ...], tuple[str, ...]]
"""Words of a phrase -> the concepts that it names."""


def plain(text: str) -> str:
    """Return a sentence in lower case, with names of hosts, addresses, numbers and clocks put as one word each."""
    low = unicodedata.normalize("NFKC", text[:LONGEST_SENTENCE]).lower().replace("\u2019", "'")
    low = _ADDRESS.sub(" addressx ", low)
    low = _NUMBERED.sub(lambda match: " alertx " if match[1] == "a" else " changex ", low)
    low = _HOST.sub(" hostx ", _CLOCK.sub(" clockx ", low))
    return " ".join(_DIGITS.sub("0", low).split())


def word_traits(text: str) -> Iterator[str]:
    """Yield words, pairs, the first three words, pieces of three to five characters, each as often as it occurs."""
    said = _WORD.findall(plain(text))[:WORDS_LIMIT]
    edged = ["^", *said, "$"]
    yield from (f"w:{word}" for word in said)
    yield from (f"b:{first} {second}" for first, second in pairwise(edged))
    yield from (f"t:{' '.join(edged[at : at + 3])}" for at in range(min(3, len(edged) - 2)))
    for word in said:
        padded = f" {word} "
        for length in (3, 4, 5):
            yield from (f"c:{padded[at : at + length]}" for at in range(len(padded) - length + 1))
    yield from (f"s:{said[at]} {said[at + gap]}" for at in range(len(said)) for gap in (2, 3) if at + gap < len(said))
    if "`" in text:
        yield "w:`tick"


def concept_traits(text: str, concepts: Concepts) -> Iterator[str]:
    """Yield concepts, pairs of them, and those that the first words name."""
    longest = max(map(len, concepts), default=1)
    said = [word.strip(_EDGES) for word in plain(text).split()][:WORDS_LIMIT]
    found: set[str] = set()
    for at in range(len(said)):
        for length in range(1, longest + 1):
            for concept in concepts.get(tuple(said[at : at + length]), ()) if at + length <= len(said) else ():
                found.add(concept)
                yield f"k:{concept}"
                if length > 1:
                    yield f"k:{concept}"  # a phrase says more than a word
                if at == 0:
                    yield f"k:^{concept}"
    ordered = sorted(found)
    yield from (f"k:{one}+{other}" for at, one in enumerate(ordered) for other in ordered[at + 1 :])
    if not ordered:
        yield "k:none"
