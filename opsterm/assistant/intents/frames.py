"""What people put around a wish without changing what it is: every sentence is learned a second time in some of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

Frames = Mapping[str, Sequence[str]]
"""`before` and `after` -> what can stand there."""

PLACES = ("before", "after")

_TENTHS_BEFORE, _TENTHS_BOTH = 7, 9
"""Of ten sentences so many get something before them alone; up to this many something behind alone; the others both."""


def framed(text: str, frames: Frames) -> str:
    """Return a sentence in a frame, the same for the same sentence; one that is in capitals keeps its first letter."""
    chosen = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    share, chosen = chosen % 10, chosen // 10
    before, after = (frames[place] for place in PLACES)
    if _TENTHS_BEFORE <= share < _TENTHS_BOTH:
        return f"{text} {after[chosen % len(after)]}"
    low = text if text[:2].isupper() else text[:1].lower() + text[1:]
    opened = f"{before[chosen % len(before)]} {low}"
    return opened if share < _TENTHS_BEFORE else f"{opened} {after[chosen // len(before) % len(after)]}"
