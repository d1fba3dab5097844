"""What keeps jobs, and what does them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opsterm.changes.job import Job, JobRun, Moved
from opsterm.core.events import Fact
from opsterm.runtime.ports_store import Fence


class JobStore(Protocol):
    """Jobs, and the newest of their turns that are over."""

    async def jobs(self) -> Sequence[Job]:
        """Return all jobs, by number."""
        ...

    async def add(self, job: Job, facts: Callable[[Job], Sequence[Fact]]) -> tuple[Job, Sequence[Fact]]:
        """Keep a new job; return it with its number, and the facts that were told with it."""
        ...

    async def update(
        self, number: int, change: Callable[[Job], Moved], facts: Callable[[Job, Sequence[JobRun]], Sequence[Fact]], *,
        fence: Fence | None = None,
    ) -> tuple[Job, Sequence[Fact]] | None:  # fmt: skip
        """Change a job as it is at this moment; None when there is none with this number.

        Args:
            number: of the job.
            change: called in the transaction, in another thread; what it raises undoes all of it.
            facts: called there with the job and the turns that are over; told with them.
            fence: proof of the lease, for what only its holder may do.

        Raises:
            LeaseLost: another process has it.
        """
        ...

    async def remove(self, number: int, facts: Callable[[Job], Sequence[Fact]]) -> tuple[Job, Sequence[Fact]] | None:
        """Forget a job and its turns; None when there is none with this number."""
        ...

    async def runs(self, number: int, limit: int) -> Sequence[JobRun]:
        """Return turns of a job that are over, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What came of a try.

    Attributes:
        said: in whole sentences.
        targets: names of the targets that it was about.
        failed: those of them on which it failed, and why.
        rest: what is to be tried again: a payload, "" for all of it.
        changes: numbers of the changes that it was.
        unsettled: targets on which nothing was done this time, so that a failure of an earlier turn stands.
        met: what was found that somebody wants to know of, by target; None when it was not looked for.
    """

    said: str
    targets: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    rest: str = ""
    changes: tuple[int, ...] = ()
    unsettled: tuple[str, ...] = ()
    met: Mapping[str, str] | None = None


class JobKind(Protocol):
    """Does the jobs of one kind."""

    async def run(self, job: Job) -> JobOutcome:
        """Try the turn that a job has in hand.

        It may be stopped at any moment, by the limit of the job or by the end of the process, and is tried again then.

        Raises:
            OpstermError: nothing of it could be done.
        """
        ...
