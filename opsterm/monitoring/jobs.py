"""What is worth an alert of jobs: one that failed on a target, until it is done there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsterm.core.settings import ThresholdSetting
from opsterm.monitoring.thresholds import Explain, Rule, make_rule

JOB_FAILED = "job.failed"
"""1 after a job has failed on a target, 0 when it was done there; the item is the name of the job."""

RARE_S = 40 * 86_400.0
"""How rare the turns of a job may be without its alert growing stale."""


def job_rules(*, explain: Explain) -> Sequence[Rule]:
    """Return the rule that raises alerts about jobs; `explain` says why one failed."""
    setting = ThresholdSetting(
        metric=f"{JOB_FAILED}[*]", target="*", warn=1.0, clear=0.5, n=1, m=1,
        advice="`opsterm schedule show {item}` says how its runs ended; `opsterm schedule run {item}` tries it now.",
    )  # fmt: skip
    return (replace(make_rule(setting), explain=explain, every_s=RARE_S),)
