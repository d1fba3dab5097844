"""Parts of a day in words: "this morning", "last night", "friday evening", and clocks that are said within them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.assistant.moments import day_at, midnight
from opsterm.assistant.world import LocalTime

_HOURS = {"morning": (0, 12), "afternoon": (12, 18), "evening": (18, 24), "night": (18, 30), "early hours": (0, 6)}


@dataclass(frozen=True, slots=True)
class PartOfDay:
    """A part of one day.

    Attributes:
        used: words it took.
        midnight: epoch seconds of the beginning of its day.
        name: "morning", "afternoon", "evening" or "night".
    """

    used: int
    midnight: float
    name: str

    @property
    def stretch(self) -> tuple[float, float]:
        """From when to when, epoch seconds."""
        first, last = _HOURS[self.name]
        return self.midnight + first * 3600, self.midnight + last * 3600

    def moment(self, clock: float, *, bare: bool) -> float:
        """Return a clock within it as epoch seconds.

        Args:
            clock: seconds of the day, as said.
            bare: whether it is a number alone: the 9 of "9 last night" is 21:00.
        """
        noon = 43200.0
        if self.name == "morning" or clock > noon or (clock == noon and not (bare and self.name == "night")):
            return self.midnight + clock
        if self.name == "night":
            late = bare and 6 * 3600 <= clock < noon
            day = 0.0 if clock == noon else clock
            return self.midnight + (clock + noon if late else day + 86400)
        return self.midnight + clock + (noon if bare else 0)


def part_at(words: Sequence[str], world: LocalTime) -> PartOfDay | None:
    """Read "this morning", "last night", "friday evening", "yesterday in the afternoon"; None for anything else."""
    if tuple(words[:2]) in (("last", "night"), ("over", "night")):
        return PartOfDay(2, midnight(world, 1), "night")
    if tuple(words[:2]) == ("last", "evening"):
        return PartOfDay(2, midnight(world, 1), "evening")
    if tuple(words[:1]) == ("this",):
        name = words[1] if len(words) > 1 else ""
        return PartOfDay(2, midnight(world), name) if name in _HOURS and name != "night" else None
    if words and (words[0] in _HOURS or tuple(words[:2]) == ("early", "hours")):
        return _part_of(words, world)
    day = day_at(words, world)
    if day is None:
        return None
    lead = tuple(words[day[0] : day[0] + 2])
    skip = day[0] + (2 if lead == ("in", "the") else 1 if lead == ("at", "night") else 0)
    name = words[skip] if skip < len(words) else ""
    return PartOfDay(skip + 1, day[1], name) if name in _HOURS else None


def _part_of(words: Sequence[str], world: LocalTime) -> PartOfDay | None:
    """Read "morning of 3 november", "early hours of monday"."""
    name = "early hours" if words[0] == "early" else words[0]
    skip = 1 + (name == "early hours")
    day = day_at(words[skip + 1 :], world) if tuple(words[skip : skip + 1]) in (("of",), ("on",)) else None
    return PartOfDay(skip + 1 + day[0], day[1], name) if day is not None else None
