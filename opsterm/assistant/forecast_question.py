"""A question for what comes: when something is full, or what is left of it by some day."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsterm.assistant.intents.names import Intent
from opsterm.core.errors import BadInput
from opsterm.core.units import parse_duration
from opsterm.monitoring.metrics import pattern_fault
from opsterm.monitoring.outlook import LONGEST_S

DISKS = "fs.used_percent"

COPES = (DISKS, "fs.inodes_used_percent", "memory.used_percent", "swap.used_percent", "cpu.used_percent")
"""What is looked at when a target is to cope."""

_LINE = re.compile(r"forecast (\S+) of (.+?)(?: within (\d+)h)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastQuestion:
    """What is expected of measured values.

    Attributes:
        metrics: metric patterns, at least one; those in % can be looked ahead for.
        selector: canonical selector of the targets, "" for all.
        within_h: hours ahead that are asked about, 0 for as far as the history carries.
    """

    intent = Intent.CAPACITY
    metrics: tuple[str, ...]
    selector: str = ""
    within_h: int = 0

    @property
    def line(self) -> str:
        """The canonical line."""
        within = f" within {self.within_h}h" if self.within_h else ""
        return f"forecast {','.join(self.metrics)} of {self.selector or 'all'}{within}"


def read_forecast_line(line: str) -> tuple[tuple[str, ...], str, int] | None:
    """Return (metrics, selector as written, hours) of a canonical line; None when it is none."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    metrics, hours = tuple(match[1].split(",")), int(match[3] or 0)
    if any(pattern_fault(pattern) for pattern in metrics) or (match[3] and not 1 <= hours <= LONGEST_S / 3600):
        return None
    return metrics, match[2], hours


def hours_of(text: str) -> int:
    """Return the whole hours of a length of time as in 30d. Raises BadInput: none, or too many."""
    seconds = parse_duration(text)
    if not 3600 <= seconds <= LONGEST_S:
        raise BadInput(f"{text[:100]!r} cannot be looked ahead.", next_step="Give between 1h and 400d, as in 30d.")
    return round(seconds / 3600)
