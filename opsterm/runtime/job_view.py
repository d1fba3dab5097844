"""A job as it is shown: when it comes next, how it went, what runs, by which approval."""

from __future__ import annotations

from datetime import UTC, datetime

from opsterm.changes.job import Job, JobRun
from opsterm.changes.job_text import next_text
from opsterm.changes.schedule_text import schedule_text
from opsterm.core.clock import Clock
from opsterm.core.text import clean_bytes, shown_exactly
from opsterm.core.units import age_text, span_text
from opsterm.runtime.changes import Changes
from opsterm.runtime.job_making import JobMaking
from opsterm.runtime.jobs import Jobs
from opsterm.runtime.measure_jobs import MEASURE, measure_wish
from opsterm.runtime.report_jobs import REPORT, report_wish
from opsterm.runtime.schedules import Schedules
from opsterm.runtime.script_jobs import SCRIPT, script_wish

LOOKED_AHEAD_S = 10 * 366 * 86_400.0
RUNS_WITH_OUTPUT = 3
OUTPUT_LINES = 12
OUTPUT_LIMIT = 20_000


class JobView:
    """Says all of a job in lines.

    Args:
        jobs: knows its turns.
        making: knows its approval.
        changes: knows what its turns printed.
        schedules: knows its times.
        clock: what time it is.
    """

    def __init__(self, jobs: Jobs, making: JobMaking, changes: Changes, schedules: Schedules, clock: Clock) -> None:
        self._jobs = jobs
        self._making = making
        self._changes = changes
        self._schedules = schedules
        self._clock = clock

    async def lines(self, job: Job, *, output: bool = True) -> list[str]:
        """Return a job with its next times, its approval, its script and its turns, newest first.

        Args:
            job: any.
            output: whether to show the script, and what the newest turns printed.
        """
        now, terms = self._clock.now(), job.terms
        told = (
            script_wish(job).notice.text if job.kind == SCRIPT
            else measure_wish(job).told if job.kind == MEASURE else ""
        )  # fmt: skip
        only_if = script_wish(job).only_if if job.kind == SCRIPT else None
        to = ", ".join(report_wish(job).to) if job.kind == REPORT else ""
        lines = [
            f"{label:8} {text}"
            for label, text in (
                ("job", job.name), ("what", job.what), ("when", schedule_text(job.schedule)), ("asked", job.phrase),
                ("next", next_text(job, now)), ("missed", terms.missed), ("jitter", span_text(terms.jitter_s)),
                ("retries", str(terms.retries)), ("limit", span_text(terms.limit_s)), ("by", job.by),
                ("only if", only_if.text if only_if is not None else ""), ("told", told), ("to", to),
                ("approval", await self.approval_text(job)),
            )
            if text
        ]  # fmt: skip
        times = await self._schedules.between(job.schedule, now, now + LOOKED_AHEAD_S)
        lines += [f"{'' if number else 'times':8} {time:%a %Y-%m-%d %H:%M %Z}" for number, time in enumerate(times)]
        standing = await self._making.approval_of(job)
        if standing is not None and output:
            lines += ["", "script", *(f"  {line}" for line in shown_exactly(standing.order.command).split("\n"))]
        runs = await self._jobs.runs(job)
        if runs:
            lines.append("")
        for number, run in enumerate(runs):
            lines.append(_run_line(run))
            if output and number < RUNS_WITH_OUTPUT:
                lines += await self._output(run)
        return lines

    async def approval_text(self, job: Job) -> str:
        """Return how the standing approval of a job stands, "" for a job that needs none."""
        standing = await self._making.approval_of(job)
        if standing is None:
            return ""
        left = standing.order.expires_at - self._clock.now()
        until = f", {age_text(left)} left" if left > 0 and standing.state in ("approved", "proposed") else ""
        waits = " and waits for a yes" if standing.state == "proposed" else ""
        return f"{standing.name} is {standing.state}{waits}{until}"

    async def _output(self, run: JobRun) -> list[str]:
        lines = []
        for number in run.changes:
            for outcome in (await self._changes.get(number)).outcomes:
                kept = await self._changes.output(number, outcome.target, limit=OUTPUT_LIMIT)
                said = (
                    [clean_bytes(line.removesuffix(b"\r")) for line in kept.rstrip(b"\n").split(b"\n")] if kept else []
                )
                gone = "" if kept or not outcome.output_bytes else ", what it printed is kept no longer"
                lines.append(f"  {outcome.target}: {outcome.state}{gone}  c{number}")
                lines += [f"    {line}" for line in said[:OUTPUT_LINES]]
                if len(said) > OUTPUT_LINES:
                    lines.append(f"    … {len(said) - OUTPUT_LINES} more lines: opsterm output c{number}")
        return lines


def _run_line(run: JobRun) -> str:
    times = f" for {run.stands_for} times" if run.stands_for > 1 else ""
    at = datetime.fromtimestamp(run.planned_at, UTC).astimezone()
    return f"{at:%Y-%m-%d %H:%M} {run.state}{times}  {run.said}"
