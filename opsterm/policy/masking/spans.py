"""Where in a text a secret stands."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple


class SecretSpan(NamedTuple):
    """A piece of a text that is a secret.

    Attributes:
        start: offset of its first character.
        end: offset behind its last.
        kind: what it is, as in "password": the word in its placeholder.
    """

    start: int
    end: int
    kind: str


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern from its text: of the many that there are, a start compiles only those that it needs."""
    return re.compile(pattern)


def fold_case(text: str) -> str:
    """Return the text with ASCII capitals made small: unlike `str.lower` it keeps every character in its place."""
    return text.translate(_SMALL)


_SMALL = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
