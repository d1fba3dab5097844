"""Stretches of time with the words in which they are written back."""

from __future__ import annotations

from datetime import UTC, datetime

from opsterm.assistant.queries import TimeWindow
from opsterm.assistant.world import LocalTime

Read = tuple[int, TimeWindow | None] | None
"""Words used and the window they say, which is None for now; None for words that say none."""


def since_time(start: float, world: LocalTime) -> TimeWindow | None:
    """Return the stretch from a moment until now."""
    return between_times(start, world.now, f"since {_stamp(start, world)}")


def from_to(start: float, end: float, world: LocalTime) -> TimeWindow | None:
    """Return the stretch between two moments."""
    return between_times(start, end, f"from {_stamp(start, world)} to {_stamp(end, world)}")


def between_times(start: float, end: float, words: str) -> TimeWindow | None:
    """Return a stretch with the words that it is read back from; it is a second long at least."""
    return TimeWindow(start=start, end=max(end, start + 1), words=words)


def _stamp(at: float, world: LocalTime) -> str:
    local = datetime.fromtimestamp(at + world.utc_offset_s, UTC)
    return local.strftime("%Y-%m-%dt%H:%M")
