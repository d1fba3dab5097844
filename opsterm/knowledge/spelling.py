"""Words that nobody has written in a card, and the known ones that were probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from opsterm.knowledge.synonyms import COMPOUNDS

SHORTEST = 5
"""Letters from which a word is mended: shorter ones are too like others."""

LEAST_RATIO = 0.8
"""Of matching letters (Ratcliff and Obershelp, 1988): one letter in five may be another, or two change places."""


class KnownWords:
    """The words of all cards."""

    def __init__(self, words: Iterable[str]) -> None:
        """Take the words in, as `card_terms` gives them; names with digits or signs are never what was meant."""
        self._known = frozenset(words)
        self._by_start: dict[str, list[str]] = {}
        for word in sorted({*self._known, *COMPOUNDS}):
            if len(word) >= SHORTEST - 1 and word.isalpha():
                self._by_start.setdefault(word[0], []).append(word)

    def meant(self, terms: Sequence[str]) -> list[tuple[str, str]]:
        """Return each unknown word of a question with the known one that was probably meant."""
        found = []
        for term in dict.fromkeys(terms):
            if term not in self._known and len(term) >= SHORTEST and term.isalpha():
                best = max(((self._ratio(term, word), word) for word in self._near(term)), default=(0.0, ""))
                if best[0] >= LEAST_RATIO:
                    found.append((term, best[1]))
        return found

    def _near(self, term: str) -> Iterable[str]:
        return (word for word in self._by_start.get(term[0], ()) if abs(len(word) - len(term)) <= 1)

    def _ratio(self, term: str, word: str) -> float:
        matcher = SequenceMatcher(None, term, word, autojunk=False)
        return matcher.ratio() if matcher.quick_ratio() >= LEAST_RATIO else 0.0
