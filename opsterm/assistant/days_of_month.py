"""Stretches between two days of one month: "20 to 22 november", "november 20 and 22"; the last day is meant whole."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.assistant.moments import day_at, month_number
from opsterm.assistant.world import LocalTime


def day_end(midnight_at: float, world: LocalTime) -> float:
    """Return the end of a day that ends a stretch: "from 16 to 18 november" is three whole days."""
    return min(midnight_at + 86400, max(world.now, midnight_at))


def days_of_month(first: Sequence[str], second: Sequence[str], world: LocalTime) -> tuple[float, float, int] | None:
    """Read "20" and "22 november" as two days of november, and "november 20" and "22"; None for anything else."""
    early, late = _day_number(first), _day_number(second[:1] if second[:1] != ["the"] else second[:2])
    month = next((word for word in (*first, *second[:4]) if month_number(word)), "")
    if not month or (early and any(month_number(word) for word in first)):
        return None
    begins = day_at([early, month], world) if early else day_at(first, world)
    if begins is None or (not early and begins[0] != len(first)):
        return None
    if early:
        ends = day_at(second, world)
        return None if ends is None else (begins[1], day_end(ends[1], world), ends[0])
    behind = second[1 + (second[0] == "the") :]
    if not late or behind[:1] in (["am"], ["pm"]) or any(month_number(word) for word in second[:3]):
        return None
    ends = day_at([late, month], world)
    return None if ends is None else (begins[1], day_end(ends[1], world), 1 + (second[0] == "the"))


def _day_number(words: Sequence[str]) -> str:
    """Return the number of "20", "20th" and "the 20th", "" for anything else."""
    said = [word for word in words if word != "the"]
    match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", said[0]) if len(said) == 1 else None
    return match[1] if match else ""
