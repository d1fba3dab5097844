"""Clocks that are said in words: "ten past six", "nine o'clock", "0900", "half past seven"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.assistant.lengths import UNITS

_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
HOUR_WORDS = {word: number for number, word in enumerate(_HOURS, 1)}
_MINUTES = {"five": 5, "ten": 10, "quarter": 15, "twenty": 20, "twenty-five": 25, "half": 30}
_WAYS = {"past": 1, "after": 1, "to": -1, "before": -1}
_BLOCK = re.compile(r"([01]\d|2[0-3])([0-5]\d)(?:h|hrs)?")
_LETTER = re.compile(r"(\d{1,2})[h.](\d{2})(am|pm)?")


def said_clock(words: Sequence[str], *, among_clocks: bool = False) -> tuple[int, str] | None:
    """Return how many words such a clock takes, and how it is written, as in "6:10"; None for any other words.

    Args:
        words: from where it begins.
        among_clocks: whether a clock has to stand here, so that "0900", "9.30" and "nine" are ones.
    """
    if not words:
        return None
    return _past(words) or _one_word(words, among_clocks=among_clocks)


def _past(words: Sequence[str]) -> tuple[int, str] | None:
    """Read "ten past six", "a quarter to 9", "12 minutes past two"; not "ten to twelve", which may be a stretch."""
    skip = int(words[0] == "a")
    said = [*words[skip : skip + 4], "", "", "", ""]
    counted, named = said[0], said[1] in ("minutes", "mins", "minute")
    way = _WAYS.get(said[1 + named], 0)
    minutes = _MINUTES.get(counted, int(counted) if named and counted.isdecimal() and len(counted) <= 2 else 0)
    if (counted == "half" and way < 0) or (counted in ("five", "ten") and way < 0 and not named):
        return None
    hour = _hour(said[2 + named])
    if not (0 < minutes < 60 and way and hour):
        return None
    whole = (hour * 60 + way * minutes) % 1440
    twelve = whole < 60 and hour != 24  # a quarter to one is 12:45
    return skip + named + 3, f"{12 if twelve else whole // 60}:{whole % 60:02}"


def _hour(word: str) -> int:
    number = int(word) if word.isdecimal() and len(word) <= 2 else 0
    number = number or {"noon": 12, "midnight": 24}.get(word, HOUR_WORDS.get(word, 0))
    return number if number <= 24 else 0


def _one_word(words: Sequence[str], *, among_clocks: bool) -> tuple[int, str] | None:
    word, after = words[0], words[1] if len(words) > 1 else ""
    number = str(HOUR_WORDS.get(word, "")) or (word if word.isdecimal() and len(word) <= 2 else "")
    if number and after in ("o'clock", "oclock"):
        return 2, number
    if word in HOUR_WORDS and after not in UNITS and (among_clocks or after in ("am", "pm")):
        return 1, number
    block = _BLOCK.fullmatch(word)
    if block and (word.endswith(("h", "hrs")) or (among_clocks and not word.startswith("202"))):
        return 1, f"{block[1]}:{block[2]}"
    lettered = _LETTER.fullmatch(word) if among_clocks else None
    return (1, f"{lettered[1]}:{lettered[2] or '00'}{lettered[3] or ''}") if lettered else None
