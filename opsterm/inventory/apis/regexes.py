"""Whether a stranger's regular expression may be tried on a text here, or would hold this process up.

Python's `re` tries one way after another: `(a+)+b` takes a time that doubles with each character. What may be tried
is what this reads completely, and whose number of ways is small for the text at hand. The rest is not checked here,
and is left to the server, which has to check it anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 500
MOST_OPTIONAL = 8
MOST_WAYS = 5_000_000
"""Steps of a search at most, about a tenth of a second."""

_PIECE = re.compile(
    r"""(?P<escape>\\[wWdDsSbB.\-\\/+*?^$|()\[\]{}'"@:,;=&%#!<>~_ tnr])
      | (?P<set>\[\^?\]?(?:\\.|[^\]\\\[])*\])
      | (?P<open>\((?:\?:)?(?!\?))
      | (?P<close>\))
      | (?P<either>\|)
      | (?P<repeat>[*+]|\{\d{1,4}(?:,\d{0,4})?\})
      | (?P<maybe>\?)
      | (?P<plain>[^\\\[\](){}|*+?])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a pattern's cost depends on."""

    repeats: int
    optional: int


def _shape(pattern: str) -> _Shape | None:
    """Return the shape of a pattern that is read completely; None for one that is not, or repeats what varies."""
    varies = [False]  # for each open group: whether it can match in several ways
    closed = False  # whether the piece before was a group that varies
    repeats = optional = at = 0
    while at < len(pattern):
        match = _PIECE.match(pattern, at)
        if match is None or len(varies) > 20:
            return None
        kind, at = match.lastgroup, match.end()
        if kind == "repeat" and closed:
            return None
        if kind == "open":
            varies.append(False)
        elif kind == "close":
            if len(varies) == 1:
                return None
            closed = varies.pop()
            varies[-1] = varies[-1] or closed
            continue
        elif kind in ("repeat", "maybe", "either"):
            varies[-1] = True
            repeats += kind == "repeat"
            optional += kind in ("maybe", "either")
        closed = False
    return _Shape(repeats, optional) if len(varies) == 1 else None


def is_tame(pattern: str) -> bool:
    """Return whether there are texts on which a pattern may be tried."""
    if len(pattern) > LONGEST:
        return False
    shape = _shape(pattern)
    if shape is None or shape.optional > MOST_OPTIONAL or shape.repeats > MOST_OPTIONAL:
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def may_be_tried(pattern: str, text: str) -> bool:
    """Return whether a search for a pattern in a text ends soon."""
    if not is_tame(pattern):
        return False
    shape = _shape(pattern)
    return shape is not None and (2**shape.optional) * (len(text) + 1) ** (shape.repeats + 1) <= MOST_WAYS
