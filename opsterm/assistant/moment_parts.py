"""One end of a stretch by its parts, in any order: "10pm yesterday", "monday at half past seven in the morning"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from opsterm.assistant.day_edges import day_of_last_week
from opsterm.assistant.lengths import UNITS
from opsterm.assistant.moments import ISO, clock_seconds, day_at, moment_at
from opsterm.assistant.parts_of_day import part_at
from opsterm.assistant.world import LocalTime

_PARTS = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "night", "early hours": "am"}
_LEADS = (("in", "the"), ("at",), ("on",), (",",), ("the",))
_NOON = 43200.0


@dataclass(frozen=True, slots=True)
class MomentParts:
    """What is said of one moment.

    Attributes:
        used: words it took.
        day: epoch seconds of the beginning of its day; None when that was not said.
        clock: seconds of its day; None when that was not said.
        half: "am", "pm", "night", or "" when the clock stands alone.
        bare: whether the clock may be of either half of the day.
        exact: epoch seconds, of "now" and "two hours ago"; then there is nothing else.
    """

    used: int = 0
    day: float | None = None
    clock: float | None = None
    half: str = ""
    bare: bool = False
    exact: float | None = None

    def seconds(self, half: str = "") -> float:
        """Return the seconds of the day that its clock means, in a half of the day that was said elsewhere or here."""
        clock, half = self.clock or 0.0, self.half or half
        if not self.bare or not half or clock >= _NOON + 3600:
            return clock
        if half == "night":
            half = "pm" if 6 * 3600 <= clock < _NOON else "am"
        return clock % _NOON + (_NOON if half == "pm" else 0.0)


def parts_of_moment(words: Sequence[str], world: LocalTime) -> MomentParts | None:
    """Read as many words as tell one moment; None when the first of them tells nothing."""
    if words[:1] and words[0] == "now":
        return MomentParts(used=1, exact=world.now)
    exact = moment_at(words, world)
    if exact is not None and (words[exact[0] - 1] in ("ago", "back", "earlier") or _is_whole(words[0])):
        days = exact[0] > 1 and UNITS.get(words[exact[0] - 2], 0) >= 86400
        return MomentParts(used=exact[0], day=exact[1]) if days else MomentParts(used=exact[0], exact=exact[1])
    lead = words[: 2 + (tuple(words[:1]) == ("the",))]
    if tuple(lead[-2:]) in (("start", "of"), ("beginning", "of"), ("end", "of")):
        day = day_at(words[len(lead) :], world)
        clock = 86400.0 * (lead[-2] == "end")
        return MomentParts(used=len(lead) + day[0], day=day[1], clock=clock) if day is not None else None
    said = MomentParts()
    while (more := _with_next(said, words, world)) is not None:
        said = more
    return said if said.used and (said.day, said.clock) != (None, None) else None


def _is_whole(word: str) -> bool:
    match = ISO.match(word)
    return match is not None and match[4] is not None


def _with_next(said: MomentParts, words: Sequence[str], world: LocalTime) -> MomentParts | None:
    for skip in (0, *(len(lead) for lead in _LEADS if tuple(words[said.used : said.used + len(lead)]) == lead)):
        rest = words[said.used + skip :]
        if rest and (found := _one(said, rest, world)) is not None:
            return replace(found, used=said.used + skip + found.used)
    return None


def _one(said: MomentParts, rest: Sequence[str], world: LocalTime) -> MomentParts | None:
    """Return what is said with the part added that some words begin with; its `used` is that of the part."""
    if said.day is None:
        part = part_at(rest, world)
        if part is not None and not said.half:
            return replace(said, used=part.used, day=part.midnight, half=_PARTS[part.name])
        day = day_of_last_week(rest, world) or day_at(rest, world)
        if day is not None:
            return replace(said, used=day[0], day=day[1])
    if said.clock is None and (clock := clock_seconds(rest, bare=True)) is not None:
        if rest[clock[0] : clock[0] + 1] and rest[clock[0]] in UNITS:
            return None
        told = " ".join(rest[: clock[0]])
        bare = not told.endswith(("am", "pm", "noon", "midday", "midnight")) and 3600 <= clock[1] < _NOON + 3600
        return replace(said, used=clock[0], clock=clock[1], bare=bare and not told.startswith("0"))
    if not said.half and rest[0] in _PARTS and (said.clock is not None or said.day is not None):
        return replace(said, used=1, half=_PARTS[rest[0]])
    return None
