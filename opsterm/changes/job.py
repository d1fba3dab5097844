"""A job: what is done by schedule, and how each of its turns goes on, without a clock and without a disk.

A turn is one planned time. It waits until it may begin, is tried, and ends done or failed; or it is given up before it
began. All of it is kept, so that a process that takes over goes on where the last one was killed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from opsterm.changes.schedule import JobSchedule
from opsterm.core.errors import BadInput

GRACE_S = 60.0
"""A turn that is later than this was missed: nobody ran jobs at its time."""

MOST_COUNTED = 1000
"""Missed turns that are counted one by one."""

FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3600.0
"""Between two tries of a turn; each pause is twice the one before."""

Following = Callable[[float], float | None]
"""The planned time behind a moment, both in epoch seconds; None when there is none."""


class MissedPolicy(StrEnum):
    """What becomes of turns at whose time nobody ran jobs."""

    RUN_ONCE = "run-once"
    SKIP = "skip"


class RunState(StrEnum):
    """How a turn ended."""

    DONE = "done"
    FAILED = "failed"
    MISSED = "missed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTerms:
    """How a job is run.

    Attributes:
        missed: what becomes of turns at whose time nobody ran jobs.
        jitter_s: a turn begins up to so many seconds after its time, always as many for the same turn.
        retries: how often a turn that failed is tried again.
        limit_s: seconds after which a try is stopped.
        results: turns of which what was printed is kept.
    """

    missed: MissedPolicy = MissedPolicy.RUN_ONCE
    jitter_s: float = 0.0
    retries: int = 2
    limit_s: float = 3600.0
    results: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTurn:
    """The turn that a job has in hand.

    Attributes:
        planned_at: epoch seconds of its time.
        try_at: when it may begin, or be tried again.
        begun_at: when it was begun, None while it waits.
        tries: tries that have failed.
        stands_for: planned times that it makes up for, itself included.
        rest: what is left of the payload after a try that failed in part, "" for all of it.
        said: why the last try failed.
        failed: names of the targets on which it failed.
        changes: numbers of the changes that its tries were.
    """

    planned_at: float
    try_at: float
    begun_at: float | None = None
    tries: int = 0
    stands_for: int = 1
    rest: str = ""
    said: str = ""
    failed: tuple[str, ...] = ()
    changes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """A turn that is over.

    Attributes:
        job: number of the job.
        planned_at: epoch seconds of its time.
        ended_at: when it was over.
        state: how it ended.
        tries: tries that failed.
        stands_for: planned times that it stands for.
        said: what came of it, in whole sentences.
        failed: names of the targets on which it failed.
        changes: numbers of the changes that its tries were.
    """

    job: int
    planned_at: float
    ended_at: float
    state: RunState
    tries: int = 0
    stands_for: int = 1
    said: str = ""
    failed: tuple[str, ...] = ()
    changes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something that is done by schedule.

    Attributes:
        number: shown as "j3"; 0 until it is kept.
        kind: what does it, as in "snapshot".
        payload: what it does, in the words of its kind: JSON.
        what: the same for people, one line.
        phrase: the operator's words for when.
        schedule: when.
        terms: how.
        by: who made it.
        made_at: epoch seconds.
        paused: whether no turn begins.
        next_at: the planned time to come, epoch seconds; None when there is none.
        turn: the turn in hand, None for none.
    """

    number: int = 0
    kind: str
    payload: str
    what: str
    phrase: str
    schedule: JobSchedule
    terms: JobTerms = field(default_factory=JobTerms)
    by: str
    made_at: float
    paused: bool = False
    next_at: float | None = None
    turn: JobTurn | None = None

    @property
    def name(self) -> str:
        """The number as it is shown and typed: "j3"."""
        return f"j{self.number}"

    @property
    def is_over(self) -> bool:
        """Whether it will never be run again."""
        return self.next_at is None and self.turn is None

    def may_begin(self, now: float) -> bool:
        """Return whether the turn in hand is to begin."""
        return not self.paused and self.turn is not None and self.turn.begun_at is None and self.turn.try_at <= now


Moved = tuple[Job, Sequence[JobRun]]
"""A job as it is afterwards, and the turns that are over by that."""


def come_due(job: Job, now: float, following: Following) -> Moved:
    """Take in hand what has come due; turns that were missed, or run into the one before, are over by that.

    Args:
        job: any.
        now: epoch seconds.
        following: says the planned times of its schedule.
    """
    if job.paused or job.next_at is None or job.next_at > now:
        return job, ()
    planned, upcoming = _planned(job.next_at, now, following)
    job, latest = replace(job, next_at=upcoming), planned[-1]
    if job.turn is not None and job.turn.begun_at is not None:
        said = "The run before was still going on."
        return job, [_over(job, planned[0], now, RunState.SKIPPED, said, stands_for=len(planned))]
    over = []
    if job.turn is not None:
        over.append(_given_up(job, job.turn, now))
    late = now - latest > GRACE_S + job.terms.jitter_s
    missed = len(planned) if late else len(planned) - 1
    if missed and job.terms.missed is MissedPolicy.SKIP:
        over.append(_over(job, planned[0], now, RunState.MISSED, "Nobody ran jobs then.", stands_for=missed))
        turn = None if late else JobTurn(planned_at=latest, try_at=latest + jitter_of(job, latest))
        return replace(job, turn=turn), over
    try_at = now if late else latest + jitter_of(job, latest)
    return replace(job, turn=JobTurn(planned_at=latest, try_at=try_at, stands_for=len(planned))), over


def _planned(first: float, now: float, following: Following) -> tuple[list[float], float | None]:
    """Return the planned times from `first` on that have come, MOST_COUNTED at most, and the one behind now."""
    planned = [first]
    upcoming = following(first)
    while upcoming is not None and upcoming <= now and len(planned) < MOST_COUNTED:
        planned.append(upcoming)
        upcoming = following(upcoming)
    return planned, following(now) if upcoming is not None and upcoming <= now else upcoming


def _given_up(job: Job, turn: JobTurn, now: float) -> JobRun:
    if turn.tries:
        failed = _over(job, turn.planned_at, now, RunState.FAILED, turn.said, stands_for=turn.stands_for)
        return replace(failed, tries=turn.tries, failed=turn.failed, changes=turn.changes)
    said = "The next one came before it could begin."
    return _over(job, turn.planned_at, now, RunState.SKIPPED, said, stands_for=turn.stands_for)


def _over(job: Job, planned_at: float, now: float, state: RunState, said: str, *, stands_for: int = 1) -> JobRun:
    return JobRun(job=job.number, planned_at=planned_at, ended_at=now, state=state, stands_for=stands_for, said=said)


def jitter_of(job: Job, planned_at: float) -> float:
    """Return the seconds after its time at which a turn begins: even over the jobs, and the same when asked again."""
    drawn = hashlib.sha256(f"{job.number} {planned_at:.0f}".encode()).digest()
    return job.terms.jitter_s * int.from_bytes(drawn[:4], "big") / 2**32


def begin(job: Job, now: float) -> Job:
    """Begin the turn in hand. Raises BadInput when it may not begin: somebody was quicker, or paused the job."""
    if job.turn is None or not job.may_begin(now):
        raise BadInput(f"{job.name} is not to begin.")
    return replace(job, turn=replace(job.turn, begun_at=now))


def succeed(job: Job, now: float, said: str, *, changes: Sequence[int] = ()) -> Moved:
    """End the turn in hand well; `changes` are the numbers of those that its last try was."""
    turn = job.turn
    if turn is None:
        return job, ()
    done = _over(job, turn.planned_at, now, RunState.DONE, said, stands_for=turn.stands_for)
    return replace(job, turn=None), [replace(done, tries=turn.tries, changes=(*turn.changes, *changes))]


def fail(
    job: Job, now: float, said: str, *, failed: Sequence[str] = (), rest: str = "", changes: Sequence[int] = ()
) -> Moved:  # fmt: skip
    """End a try that failed: the turn waits for its next try, or is over when there are no more.

    Args:
        job: the one whose turn it is.
        now: epoch seconds.
        said: why it failed.
        failed: names of the targets on which it failed, () when it was not about one.
        rest: what is to be tried again, "" for what was tried.
        changes: numbers of those that the try was.
    """
    turn = job.turn
    if turn is None:
        return job, ()
    tries, made = turn.tries + 1, (*turn.changes, *changes)
    if tries > job.terms.retries:
        over = _over(job, turn.planned_at, now, RunState.FAILED, said, stands_for=turn.stands_for)
        return replace(job, turn=None), [replace(over, tries=tries, failed=tuple(failed), changes=made)]
    pause_s = min(FIRST_PAUSE_S * 2 ** (tries - 1), LONGEST_PAUSE_S)
    waits = replace(
        turn, try_at=now + pause_s, begun_at=None, tries=tries, rest=rest or turn.rest, said=said,
        failed=tuple(failed), changes=made,
    )  # fmt: skip
    return replace(job, turn=waits), ()


def pause(job: Job, now: float, following: Following, *, off: bool) -> Job:
    """Let no turn begin, or let them begin again; turns of a pause are not made up for.

    A turn that runs goes on to its end; one that waits is dropped.
    """
    waits = job.turn is not None and job.turn.begun_at is None
    if not off:
        return replace(job, paused=True, turn=None if waits else job.turn)
    return replace(job, paused=False, next_at=following(now))


def once_a_turn(job: Job) -> str:
    """Return a name of the turn in hand, the same for all its tries: what is told of it is told once."""
    planned = job.turn.planned_at if job.turn is not None else job.made_at
    return f"{job.name} of {job.made_at:.3f} at {planned:.3f}"


def run_now(job: Job, now: float) -> Job:
    """Take a turn in hand beside the schedule. Raises BadInput when it is paused or has one in hand."""
    if job.paused or (job.turn is not None and job.turn.begun_at is not None):
        raise BadInput(
            f"{job.name} is {'paused' if job.paused else 'being run'}.",
            next_step=f"opsterm schedule resume {job.name}" if job.paused else "Wait until that has ended.",
        )
    return replace(job, turn=JobTurn(planned_at=now, try_at=now))
