"""Shell patterns, compiled so that no pattern takes longer than its length times the text's.

Only `*` and `?` have a meaning, as in ssh_config; brackets are host ranges and belong to `folding`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_WILD = re.compile(r"[*?]")


def is_wild(pattern: str) -> bool:
    """Return whether a pattern has a `*` or `?`."""
    return _WILD.search(pattern) is not None


def glob_regex(pattern: str) -> str:
    """Return a regular expression for the whole of a text.

    Every piece after a `*` is looked for once, at its first place (an atomic group), which is enough for `*` and
    keeps a pattern such as `*a*a*a*a*b` from trying every way to place its pieces.
    """
    first, *rest = re.sub(r"\*+", "*", pattern).split("*")
    if not rest:
        return _fixed(first)
    middle = "".join(f"(?>.*?{_fixed(piece)})" for piece in rest[:-1] if piece)
    return f"{_fixed(first)}{middle}.*{_fixed(rest[-1])}"


def _fixed(piece: str) -> str:
    return "".join("." if char == "?" else re.escape(char) for char in piece)


@lru_cache(maxsize=1024)
def compile_glob(pattern: str, *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Return a test for whole texts."""
    if not is_wild(pattern):
        if ignore_case:
            wanted = pattern.lower()
            return lambda text: text.lower() == wanted
        return pattern.__eq__
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    match = re.compile(glob_regex(pattern), flags).fullmatch
    return lambda text: match(text) is not None


def near_enough(word: str, known: list[str] | tuple[str, ...]) -> str:
    """Return the known word that is spelt most like `word`, or "" when none is close."""
    import difflib  # noqa: PLC0415 (only when something was misspelt)

    found = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return found[0] if found else ""
