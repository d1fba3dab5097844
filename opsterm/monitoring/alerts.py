"""An alert, from the first bad reading to its end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsterm.monitoring.sample import SeriesKey


class Severity(StrEnum):
    """How bad it is."""

    WARNING = "warning"
    CRITICAL = "critical"


class AlertState(StrEnum):
    """Where an alert stands."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


OPEN_STATES = (AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SILENCED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that is wrong, however often it was seen.

    Attributes:
        id: number, shown as "a7"; 0 until it is kept.
        fingerprint: equal for the same rule and series, so the same fault is one alert.
        key: the series it is about.
        rule: name of the threshold, as in "fs.used_percent above 90 %".
        severity: how bad.
        state: where it stands.
        summary: one line: what is the case, with value and unit.
        advice: what to do next; "" when nothing is known.
        value: newest value, in `unit`.
        unit: as `core.units.value_text` takes it.
        level: the level that was crossed.
        since: when it first fired, epoch seconds.
        last_seen: newest bad reading.
        count: bad readings so far.
        by: who acknowledged or silenced it; "" for nobody.
        note: what they said.
        silenced_until: epoch seconds; 0 when not silenced.
        resolved_at: epoch seconds; 0 while open.
    """

    id: int = 0
    fingerprint: str
    key: SeriesKey
    rule: str
    severity: Severity
    state: AlertState
    summary: str
    advice: str = ""
    value: float
    unit: str
    level: float
    since: float
    last_seen: float
    count: int = 1
    by: str = ""
    note: str = ""
    silenced_until: float = 0.0
    resolved_at: float = 0.0
