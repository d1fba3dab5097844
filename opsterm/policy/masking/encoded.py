"""Secrets inside of base64: a word is one when the text in it holds one. So are settings in a manifest or a header kept."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator

from opsterm.core import lean_re as re
from opsterm.policy.masking.spans import SecretSpan

_WORD = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{24,20000}={0,2}(?![A-Za-z0-9+/=_-])")
_PEEK = 24
"""Characters that are decoded first: most words are no text, which these show."""

_TEXT = re.compile(r"[\t\n\r -~]+")
_URL_SAFE = str.maketrans("-_", "+/")


def find_encoded(text: str, holds_secret: Callable[[str], bool]) -> Iterator[SecretSpan]:
    """Yield the words of a text that are base64 of a text with a secret.

    Args:
        text: any text.
        holds_secret: tells whether a decoded text holds one.
    """
    for match in _WORD.finditer(text):
        inner = _decoded(match[0])
        if inner and holds_secret(inner):
            yield SecretSpan(*match.span(), "encoded")


def _decoded(word: str) -> str:
    """Return the text in a word of base64, "" when there is none."""
    if len(word.rstrip("=")) % 4 == 1 or not any(char.isupper() for char in word[:_PEEK]):
        return ""
    standard = word.rstrip("=").translate(_URL_SAFE)
    start = binascii.a2b_base64(standard[:_PEEK])
    if not _TEXT.fullmatch(start.decode("latin-1")):
        return ""
    inner = binascii.a2b_base64(standard + "=" * (-len(standard) % 4)).decode("latin-1")
    return inner if _TEXT.fullmatch(inner) else ""
