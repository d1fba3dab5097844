"""How a job stands, in a few words."""

from __future__ import annotations

from opsterm.changes.job import Job, JobRun
from opsterm.changes.schedule_text import schedule_text
from opsterm.core.units import age_text


def job_line(job: Job, last: JobRun | None, now: float) -> str:
    """Return in a line when a job is done, when it comes next and how it went last; `last` is None for never."""
    parts = [schedule_text(job.schedule), last_text(last, now), f"next {next_text(job, now)}"]
    return f"{'; '.join(part for part in parts if part)}."


def last_text(last: JobRun | None, now: float) -> str:
    """Return how a job went last, "" when it never did."""
    return "" if last is None else f"{last.state} {age_text(now - last.ended_at)} ago"


def next_text(job: Job, now: float) -> str:
    """Return when a job comes next: "in 3 h", "running for 2 m", "paused"."""
    turn = job.turn
    if turn is not None and turn.begun_at is not None:
        return f"running for {age_text(now - turn.begun_at)}"
    if job.paused:
        return "paused"
    if turn is not None:
        again = "tried again" if turn.tries else "begins"
        return f"{again} in {age_text(turn.try_at - now)}"
    if job.next_at is None:
        return "never: it is over"
    late = job.next_at < now
    return f"due {age_text(now - job.next_at)} ago" if late else f"in {age_text(job.next_at - now)}"
