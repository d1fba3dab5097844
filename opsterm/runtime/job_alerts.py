"""What is worth an alert of jobs, for `monitoring`. Light: it is there from the start."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.monitoring.jobs import JOB_FAILED, JOB_MET, RARE_S, job_rules
from opsterm.monitoring.sample import SeriesKey
from opsterm.monitoring.thresholds import Rule


class JobAlerts:
    """What is worth an alert of jobs; `monitoring` asks it.

    Attributes:
        found: why a job failed, by target and name of the job.
        met: what a job found that somebody wants to know of, in the same way.
    """

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], str] = {}
        self.met: dict[tuple[str, str], str] = {}

    def rules(self) -> Sequence[Rule]:
        """Return the rules for jobs."""
        return job_rules(explain=self._why)

    def _why(self, key: SeriesKey) -> str:
        return (self.met if key.metric == JOB_MET else self.found).get((key.target, key.item), "")

    def every_s(self, key: SeriesKey) -> float:
        """Return the seconds between two turns at most, 0 for a series that is none of jobs."""
        return RARE_S if key.metric in (JOB_FAILED, JOB_MET) else 0.0
