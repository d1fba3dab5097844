"""Recovery points by schedule. A point only reads its target, so that nobody has to approve each of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opsterm.changes.job import Job, JobTerms
from opsterm.core.errors import OpstermError, StorageError
from opsterm.core.units import bytes_text
from opsterm.policy.way_back import Thing, ThingKind
from opsterm.runtime.jobs import JobWish
from opsterm.runtime.ports_jobs import JobOutcome
from opsterm.runtime.recovery import Recovery, Taken, TakeWish
from opsterm.runtime.schedules import ReadPhrase

SNAPSHOT = "snapshot"
"""The kind of these jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotWish:
    """What is to be taken by schedule.

    Attributes:
        take: what of which targets.
        keep: how many points of the job are kept instead of what the settings say, by word of `PointRetention`.
    """

    take: TakeWish
    keep: Mapping[str, int] = field(default_factory=dict)

    def job(self, when: ReadPhrase, terms: JobTerms) -> JobWish:
        """Return what is kept of it."""
        return JobWish(kind=SNAPSHOT, payload=_payload(self), what=_what(self), when=when, terms=terms)


class SnapshotJobs:
    """Takes recovery points by schedule, and throws away those of the same job that no rule keeps.

    Args:
        recovery: takes them.
    """

    def __init__(self, recovery: Callable[[], Recovery]) -> None:
        self._recovery = recovery

    async def run(self, job: Job) -> JobOutcome:
        """Take a point of each target; after a try that failed on some, of those alone.

        Raises:
            OpstermError: as `Recovery.take`.
        """
        wish = _wish(job.payload)
        again = job.turn.rest if job.turn is not None else ""
        take = replace(wish.take, origin=job.name, selector=again or wish.take.selector)
        taken = await self._recovery().take(take)
        failed = {one.target: _why(one.error) for one in taken if one.error is not None}
        said = _said(taken, failed)
        if len(failed) < len(taken):
            said = f"{said} {await self._prune(job, wish.keep)}".strip()
        return JobOutcome(
            said=said, targets=tuple(one.target for one in taken), failed=failed, rest=" or ".join(sorted(failed))
        )

    async def _prune(self, job: Job, keep: Mapping[str, int]) -> str:
        """Throw away the points of a job that no rule keeps; others are left alone. What fails there is said."""
        recovery = self._recovery()
        plan = await recovery.plan_prune(replace(recovery.retention, **keep))
        gone = tuple(point for point in plan.gone if point.origin == job.name)
        if not gone:
            return ""
        try:
            done = await recovery.prune(replace(plan, gone=gone))
        except StorageError:
            raise
        except OpstermError as error:  # another point is being taken: the next turn does it
            return f"Older ones stay: {error.what}"
        return f"{len(gone)} older gone, {bytes_text(done.freed_bytes)} became free."


def _said(taken: Sequence[Taken], failed: Mapping[str, str]) -> str:
    points = [one.point for one in taken if one.point is not None]
    names = [point.name for point in points]
    shown = names if len(names) <= 6 else [*names[:3], "…", names[-1]]
    stored = bytes_text(sum(point.stored_bytes for point in points))
    parts = [f"{', '.join(shown)} taken, {stored} new."] if names else []
    parts += [f"{name}: {why}" for name, why in list(failed.items())[:3]]
    return " ".join([*parts, *([f"{len(failed) - 3} more failed."] if len(failed) > 3 else [])])


def _why(error: OpstermError) -> str:
    return " ".join(part for part in (error.what, error.why) if part)


def _what(wish: SnapshotWish) -> str:
    shown = [str(thing) for thing in wish.take.things[:3]]
    more = [f"{len(wish.take.things) - 3} more"] if len(wish.take.things) > 3 else []
    return f"recovery points of {wish.take.selector}: {', '.join([*shown, *more])}"


def _payload(wish: SnapshotWish) -> str:
    take = wish.take
    body = {
        "selector": take.selector, "things": [[one.kind, one.option, one.name] for one in take.things],
        "label": take.label, "become": take.become, "keep": dict(wish.keep),
    }  # fmt: skip
    return json.dumps(body, sort_keys=True)


def _wish(payload: str) -> SnapshotWish:
    body = json.loads(payload)
    things = tuple(Thing(kind=ThingKind(kind), option=option, name=name) for kind, option, name in body["things"])
    take = TakeWish(selector=body["selector"], things=things, label=body["label"], become=body["become"])
    return SnapshotWish(take=take, keep=body["keep"])
