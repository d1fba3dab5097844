"""What is worth an alert of jobs: one that failed on a target, until it is done there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsterm.core.settings import ThresholdSetting
from opsterm.monitoring.thresholds import Explain, Rule, make_rule

JOB_FAILED = "job.failed"
"""1 after a job has failed on a target, 0 when it was done there; the item is the name of the job."""

JOB_MET = "job.met"
"""1 after a job has found on a target what somebody wants to know of, 0 when it no longer did."""

RARE_S = 40 * 86_400.0
"""How rare the turns of a job may be without its alert growing stale."""


def job_rules(*, explain: Explain) -> Sequence[Rule]:
    """Return the rules that raise alerts about jobs; `explain` says why one failed, or what it found."""
    setting = ThresholdSetting(
        metric=f"{JOB_FAILED}[*]", target="*", warn=1.0, clear=0.5, n=1, m=1,
        advice="`opsterm schedule show {item}` says how its runs ended; `opsterm schedule run {item}` tries it now.",
    )  # fmt: skip
    met = replace(
        setting, metric=f"{JOB_MET}[*]",
        advice="`opsterm schedule show {item}` shows the figures; the alert ends when a run no longer finds it.",
    )  # fmt: skip
    return tuple(replace(make_rule(one), explain=explain, every_s=RARE_S) for one in (setting, met))
