"""A phrase to what it means: the door of this room."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from opsterm.assistant.schedules import frequency, limits, which_day, which_hour
from opsterm.assistant.schedules.beside_day import beside_day
from opsterm.assistant.schedules.courtesy import without_courtesy
from opsterm.assistant.schedules.meaning import decide
from opsterm.assistant.schedules.occasion import Occasion, Understood
from opsterm.assistant.schedules.pieces import Pieces
from opsterm.assistant.schedules.reading import PhraseReading
from opsterm.assistant.schedules.spelling import mended
from opsterm.assistant.schedules.tokens import words_of
from opsterm.assistant.schedules.words import LONGEST_PHRASE
from opsterm.changes.schedule import JobSchedule, ScheduleKind, Zones, next_times
from opsterm.core.errors import BadInput


def understand_schedule(text: str, *, now: datetime, timezone: str, zones: Zones) -> Understood:
    """Return what a phrase means.

    Args:
        text: the phrase, and nothing else: every word of it must be understood.
        now: with a zone.
        timezone: name of the zone that counts when the phrase names none.
        zones: those that are known.

    Raises:
        BadInput: there is no such zone.
    """
    if len(text) > LONGEST_PHRASE:
        return Understood(None, f"That is longer than {LONGEST_PHRASE} characters. When, in short?")
    if (cron := _as_cron(text)) is not None:
        return cron if isinstance(cron, Understood) else _cron(cron, now, timezone, zones)
    if (told := _AGAIN.split(text, maxsplit=1)) and len(told) > 1:
        first, again = (understand_schedule(one, now=now, timezone=timezone, zones=zones) for one in told)
        if first.schedule is not None:
            return first if again.schedule == first.schedule else Understood(None, "That is said twice. Which one?")
    words = without_courtesy(words_of(text))
    if not words:
        return Understood(None, "When?")
    said, left = _read(words, _local(now, zones.zone(timezone)), zones)
    words, notes = mended(words, left)
    zone = said.zone or timezone  # days are counted where the schedule is
    if notes or said.zone:
        said, left = _read(words, _local(now, zones.zone(zone)), zones)
    if left:
        shown = " ".join(dict.fromkeys(left))
        return Understood(None, f"What is {shown[:80]!r} to say? The rest is understood only with it.", is_whole=False)
    zone = said.zone or timezone
    place = zones.zone(zone)
    understood = _that_exists(decide(Occasion(said, _local(now, place), zone, assumed=list(notes))), place)
    if understood.schedule is not None and not next_times(understood.schedule, now, 1, zones=zones):
        return Understood(None, "That does not come within ten years. When?")
    return understood


def _that_exists(understood: Understood, place: tzinfo) -> Understood:
    """Ask about a single time that clocks leave out, or show twice, on that day."""
    once = understood.schedule
    if once is None or once.kind is not ScheduleKind.ONCE or once.start is None:
        return understood
    early, late = (once.start.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return understood
    there = early.astimezone(UTC).astimezone(place).replace(tzinfo=None) == once.start
    how = "comes twice" if there else "does not come"
    return Understood(None, f"{once.start:%Y-%m-%d %H:%M} {how} there, for clocks are changed. At what time, in UTC?")


def _local(now: datetime, zone: tzinfo) -> datetime:
    return now.astimezone(zone).replace(tzinfo=None)


_AGAIN = re.compile(r"[,;]? \b(?:meaning|i\.?e\.?,?|that is to say|that is,|in other words,?) ", re.IGNORECASE)
"""What a phrase is said once more behind."""
_MACROS = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip
"""crontab(5)."""
_CRON = re.compile(r"(?:cron:?\s+)?((?:[\d*/,a-z#?-]+\s+){4}[\d*/,a-z#?-]+)", re.IGNORECASE)


def _as_cron(text: str) -> str | Understood | None:
    """Return the five fields of a text that is written as cron has it; None when it is not."""
    low = text.strip().lower()
    if low == "@reboot":
        return Understood(None, "A start of the target is no time. When?")
    match = _CRON.fullmatch(low)
    if match is None or match[1][0] not in "0123456789*":
        return _MACROS.get(low)
    fields = match[1].split()
    return " ".join(fields) if any("*" in field or field.isdecimal() for field in fields[:2]) and "*" in low else None


def _cron(cron: str, now: datetime, timezone: str, zones: Zones) -> Understood:
    schedule = JobSchedule(kind=ScheduleKind.CRON, timezone=timezone, cron=cron.upper() if "l" in cron else cron)
    try:
        if not next_times(schedule, now, 1, zones=zones):
            return Understood(None, f"{cron} never comes. When?")
    except BadInput as error:
        return Understood(None, f"{error.what} {error.why} When?")
    day, weekday = cron.split()[2], cron.split()[4]
    both = "It runs on that day of the month and on that weekday, each for itself, as cron reads it. Is that meant?"
    return Understood(schedule, both if "*" not in (day[0], weekday[0]) else "")


_READERS = (
    frequency.unclear, beside_day, limits.choice, limits.zone, limits.bounds, limits.exception, limits.from_now,
    which_hour.past_the_hour, which_day.month_end, which_day.of_this_month, frequency.every, frequency.adverb,
    frequency.times_each, which_hour.window, which_day.named_date, which_day.nth, which_day.named_day,
    which_day.weekdays, which_day.months, which_hour.clocks, which_hour.part_of_day, limits.filler,
)  # fmt: skip
"""In the order in which they are asked at each place."""


def _read(words: tuple[str, ...], now: datetime, zones: Zones) -> tuple[Pieces, Sequence[str]]:
    """Return what was said, and the words that are part of nothing."""
    reading = PhraseReading(words, now, _by_low_name(frozenset(zones.zone_names())))
    at, left = 0, []
    while at < len(words):
        taken = next((length for reader in _READERS if (length := reader(reading, at))), 0)
        if not taken:
            left.append(words[at])
        at += taken or 1
    return reading.said, left


@lru_cache(maxsize=1)
def _by_low_name(names: frozenset[str]) -> Mapping[str, str]:
    return {name.lower(): name for name in sorted(names)}
