"""What can have happened to a job."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("job.added")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobAdded(Event):
    """Something will be done by schedule.

    Attributes:
        job: its number.
        job_kind: what does it.
        what: what is done, one line.
        when: the schedule in words.
        payload: what is done, in the words of its kind.
    """

    job: int
    job_kind: str
    what: str
    when: str
    payload: str


@event("job.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobRemoved(Event):
    """A job was taken out; `what` it was."""

    job: int
    what: str


@event("job.paused")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobPaused(Event):
    """A job begins no turn any more, or (`off`) does again."""

    job: int
    off: bool


@event("job.begun")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobBegun(Event):
    """A try of a turn of a job was begun; `planned_at` in epoch seconds, `tries` failed before."""

    job: int
    planned_at: float
    tries: int


@event("job.ended")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded(Event):
    """A turn of a job is over.

    Attributes:
        job: its number.
        planned_at: epoch seconds of the turn's time.
        state: how it ended: a word of `RunState`.
        tries: tries that failed.
        stands_for: planned times that it stands for.
        said: what came of it.
    """

    job: int
    planned_at: float
    state: str
    tries: int
    stands_for: int
    said: str
