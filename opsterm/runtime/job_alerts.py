"""What is worth an alert of jobs, for `monitoring`. Light: it is there from the start."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.monitoring.jobs import JOB_FAILED, RARE_S, job_rules
from opsterm.monitoring.sample import SeriesKey
from opsterm.monitoring.thresholds import Rule


class JobAlerts:
    """What is worth an alert of jobs; `monitoring` asks it.

    Attributes:
        found: why a job failed, by target and name of the job.
    """

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], str] = {}

    def rules(self) -> Sequence[Rule]:
        """Return the rule for jobs."""
        return job_rules(explain=lambda key: self.found.get((key.target, key.item), ""))

    def every_s(self, key: SeriesKey) -> float:
        """Return the seconds between two turns at most, 0 for a series that is none of jobs."""
        return RARE_S if key.metric == JOB_FAILED else 0.0
