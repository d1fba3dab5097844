"""When changes may run: days and hours of a week in a time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Zone = Callable[[str], tzinfo]
"""Finds a time zone by its name, as in Europe/Berlin; raises BadInput."""

_SPAN = re.compile(r"([a-z,\-*]+)\s+(\d{2}):(\d{2})-(\d{2}):(\d{2})(?:\s+([A-Za-z][\w+\-/]*))?", re.ASCII)
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    days: frozenset[int]
    start: int  # minutes of the day
    end: int
    zone: str

    def holds(self, at: datetime) -> bool:
        minute, day = at.hour * 60 + at.minute, at.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        # Over midnight: the hours after it belong to the day on which it began.
        return (day in self.days and minute >= self.start) or ((day - 1) % 7 in self.days and minute < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWindow:
    """Spans of the week, at least one.

    Attributes:
        text: as it is written.
        spans: any of which suffices.
    """

    text: str
    spans: tuple[_Span, ...]

    def is_open(self, now: float, zone: Zone) -> bool:
        """Return whether a change may run.

        Args:
            now: epoch seconds.
            zone: finds a time zone.
        """
        return any(span.holds(datetime.fromtimestamp(now, zone(span.zone))) for span in self.spans)


def parse_window(text: str) -> ChangeWindow:
    """Return what is written as "mon-fri 08:00-18:00 Europe/Berlin; sat,sun 22:00-02:00".

    A span without a zone is in UTC; one that ends before it begins goes on after midnight.

    Raises:
        BadInput: it cannot be read.
    """
    return ChangeWindow(text=text, spans=tuple(_span(part.strip(), text) for part in text.split(";")))


def _span(part: str, text: str) -> _Span:
    match = _SPAN.fullmatch(part)
    if match is None:
        raise _unreadable(text)
    start, end = int(match[2]) * 60 + int(match[3]), int(match[4]) * 60 + int(match[5])
    if start >= _DAY_MINUTES or end > _DAY_MINUTES or start == end or int(match[3]) > 59 or int(match[5]) > 59:
        raise _unreadable(text)
    return _Span(days=_days(match[1], text), start=start, end=end, zone=match[6] or "UTC")


def _days(words: str, text: str) -> frozenset[int]:
    found: set[int] = set()
    for word in words.split(","):
        first, _, last = ("mon-sun" if word == "*" else word).partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise _unreadable(text)
        start, count = DAYS.index(first), (DAYS.index(last or first) - DAYS.index(first)) % 7
        found |= {(start + step) % 7 for step in range(count + 1)}
    return frozenset(found)


def _unreadable(text: str) -> BadInput:
    return BadInput(
        f"{clean_line(text, limit=80)!r} is not a time of the week.",
        next_step="Write it as in mon-fri 08:00-18:00 Europe/Berlin, with ; between several.",
    )
