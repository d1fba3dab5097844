"""What is worth an alert of drift, for `monitoring`. Light: it is there from the start."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.monitoring.drift import DRIFT, drift_rules
from opsterm.monitoring.sample import SeriesKey
from opsterm.monitoring.thresholds import Rule


class DriftAlerts:
    """What is worth an alert of drift; `monitoring` asks it.

    Args:
        interval_s: seconds between two looks; 0: nobody looks by itself.

    Attributes:
        found: what differs, in words, by target and name of the point.
    """

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self.found: dict[tuple[str, str], str] = {}

    def rules(self) -> Sequence[Rule]:
        """Return the rule for drift."""
        if not self.interval_s:
            return ()
        return drift_rules(self.interval_s, explain=lambda key: self.found.get((key.target, key.item), ""))

    def every_s(self, key: SeriesKey) -> float:
        """Return the seconds between two looks, 0 for a series that is none of drift."""
        return self.interval_s if key.metric == DRIFT else 0.0
