"""Numbers with their units, for people: "3.2 GB", "41 %", "4 m"."""

from __future__ import annotations

import math
import re

from opsterm.core.errors import BadInput

UNKNOWN = "?"
"""What stands for a value that is no finite number."""

_STEPS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_SPANS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|min|m|h|d|w)\s*")


def bytes_text(count: float) -> str:
    """Return a size with a decimal unit: 1_500_000 -> "1.5 MB"."""
    size, step = abs(count), 0
    while size >= 999.5 and step < len(_STEPS) - 1:
        size /= 1000
        step += 1
    number = f"{size:.{0 if step == 0 or size >= 99.95 else 1}f}"
    return f"{'-' if count < 0 and number != '0' else ''}{number} {_STEPS[step]}"


def percent_text(percent: float) -> str:
    """Return 71.25 as "71 %", 0.4 as "0.4 %"."""
    return f"{percent:.1f} %" if 0.05 <= abs(percent) < 9.95 else f"{percent + 0.0:.0f} %"


def age_text(seconds: float) -> str:
    """Return how long ago in one unit that does not jitter: "3 s", "4 m", "2 h", "5 d"; "?" for no number."""
    if not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 60:
        return f"{max(0, int(seconds))} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} m"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} d"


def span_text(seconds: float) -> str:
    """Return a length of time in its largest whole unit: 900 -> "15 m", 86400 -> "24 h"."""
    if not math.isfinite(seconds):
        return UNKNOWN
    if seconds % 3600 == 0 and seconds >= 3600:
        return f"{int(seconds // 3600)} h"
    if seconds % 60 == 0 and seconds >= 60:
        return f"{int(seconds // 60)} m"
    return f"{f'{seconds:.3f}'.rstrip('0').rstrip('.')} s"


def seconds_text(seconds: float) -> str:
    """Return how long something took, to three digits: "0.4 ms", "12 ms", "3.1 s"."""
    if not math.isfinite(seconds):
        return UNKNOWN
    ms = seconds * 1000
    if ms < 999.5:
        return f"{ms:.{1 if ms < 9.95 else 0}f} ms"
    return f"{seconds:.{1 if seconds < 99.95 else 0}f} s"


def value_text(value: float, unit: str) -> str:
    """Return a measured value with its unit as a person reads it.

    Args:
        value: the number.
        unit: "%", "B", "B/s", "s", "" (a plain count) or any other word that is put behind the number.

    Returns:
        The text; "?" for a value that is no finite number.
    """
    if not math.isfinite(value):
        return UNKNOWN
    if unit == "%":
        return percent_text(value)
    if unit == "B":
        return bytes_text(value)
    if unit == "B/s":
        return f"{bytes_text(value)}/s"
    if unit == "s":
        return age_text(value)
    number = f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{number} {unit}".rstrip()


def parse_duration(text: str) -> float:
    """Return seconds for "90s", "15m", "1h30m", "2 d"; a bare number is seconds.

    Raises:
        BadInput: the text is no duration.
    """
    stripped = text.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", stripped):
        stripped += "s"
    total, at = 0.0, 0
    while at < len(stripped):
        match = _DURATION.match(stripped, at)
        if not match:
            break
        total += float(match[1]) * _SPANS[match[2]]
        at = match.end()
    if not stripped or at < len(stripped) or not math.isfinite(total):
        raise BadInput(
            f"{text[:100]!r} is not a length of time.",
            next_step="Write a number and a unit, as in 90s, 15m, 1h30m or 2d.",
        )
    return total
