"""Words of time that were misspelt: "huors", "frist", "tuseday"."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher, get_close_matches

from opsterm.assistant.schedules.words import MENDED

_CLOSE = 0.8


def mended(words: tuple[str, ...], left: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words with those put right that are part of nothing and near to just one word of time; what was."""
    odd = [word for word in left if word.isalpha() and word not in MENDED]
    near = {word: found for word in odd if (found := _nearest(word))}
    notes = tuple(f"Is {word!r} {found}? That is taken." for word, found in near.items())
    return tuple(near.get(word, word) for word in words), notes


def _nearest(word: str) -> str:
    """Return the one word that is meant, "" where there are two or none; "never" is not "every"."""
    if len(word) < 4:
        return ""
    swapped = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1)} & MENDED
    if len(swapped) == 1:  # two letters that changed their places
        return swapped.pop()
    found = get_close_matches(word, MENDED, n=2, cutoff=_CLOSE)
    if not found:  # a short word with one wrong letter
        near = {one for one in MENDED if len(one) == len(word) and one[0] == word[0] and _apart(one, word) == 1}
        return near.pop() if len(near) == 1 else ""
    close = [SequenceMatcher(None, one, word).ratio() for one in found]
    alone = found and (len(found) == 1 or close[0] - close[1] > 0.02)
    return found[0] if alone and found[0][0] == word[0] else ""


def _apart(one: str, other: str) -> int:
    """Return in how many places two words of one length differ."""
    return sum(a != b for a, b in zip(one, other, strict=True))
