"""The words of a text as everything that searches counts them: stemmed, codes as a whole and in their parts."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z0-9]+(?:[._/-][a-z0-9]+)*")
_PART = re.compile(r"[a-z0-9]+")
_STOP = frozenset(_WORD.findall("""
    a about an and are as at be been but by can could did do does for from get got had has have how i if in into is
    it its just me my no not of on or our please should so some tell than that the their them then there these they
    this to up us use used uses using was we were what when where which who why will with would you your
"""))  # fmt: skip


def terms_of(text: str) -> list[str]:
    """Return the words of a text, stemmed; "fs.used_percent" also as a whole."""
    made: list[str] = []
    for match in _WORD.finditer(text.lower().replace("_", ".")):
        word = match[0]
        parts = _PART.findall(word)
        if len(parts) > 1:
            made.append(word)
        made += [_stem(part) for part in parts if part not in _STOP]
    return made


def _stem(word: str) -> str:
    """Return a word without its commonest English endings: "filling", "filled" and "fills" are one word."""
    if word.isdigit() or len(word) < 5:
        return word
    for ending in ("ings", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            stem = word.removesuffix(ending)
            doubled = len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "aeiouls"
            return stem[:-1] if doubled else stem
    return word.removesuffix("e")


def trigrams_of(word: str) -> frozenset[str]:
    """Return the runs of three letters of a word with a blank at both ends."""
    padded = f" {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))
