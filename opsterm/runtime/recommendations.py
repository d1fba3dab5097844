"""Use-case of recommendations: what could be made easier here, and which of it nobody wants to hear of again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

from opsterm.changes.job import JobRun, RunState
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.text import clean_line
from opsterm.knowledge.card import CardKind
from opsterm.knowledge.recommendations import LEAST_FAILURES, FailingJob, Recommendation, recommendations
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.changes import Changes
from opsterm.runtime.jobs import Jobs
from opsterm.runtime.knowledge import Knowledge
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_store import PreferenceStore
from opsterm.runtime.suggestions import Suggestions

LOOKED_THROUGH = 1_000
"""Changes and alerts that are looked through."""

LONGEST_S = 10 * 366 * 86_400.0


class Recommendations:
    """Works out recommendations and remembers what was dismissed. Nothing is proposed or run from here.

    Args:
        on: the setting learning.commands: off means that nothing is recommended.
    """

    def __init__(
        self, preferences: PreferenceStore, clock: Clock, *, operator: Operator, suggestions: Suggestions,
        alerts: Alerts, changes: Changes, jobs: Callable[[], Jobs], knowledge: Callable[[], Knowledge], on: bool,
    ) -> None:  # fmt: skip
        self._preferences = preferences
        self._clock = clock
        self._key = f"recommendations.dismissed.{operator.name}"
        self._suggestions = suggestions
        self._alerts = alerts
        self._changes = changes
        self._jobs = jobs
        self._knowledge = knowledge
        self.on = on

    async def list(self, *, dismissed: bool = False) -> Sequence[Recommendation]:
        """Return what is recommended, the most urgent first; those that were dismissed as well when asked for.

        Raises:
            StorageError: what it rests on cannot be read.
        """
        if not self.on:
            return ()
        now = self._clock.now()
        jobs = await self._jobs().all()
        uses = await self._suggestions.uses()
        cards = await self._knowledge().all(own=True)
        found = recommendations(
            uses=uses, workflows=await self._suggestions.workflows(),
            alerts=await self._alerts.recent(LOOKED_THROUGH),
            jobs=[one for job in jobs if (one := _failing(job.name, job.what, await self._jobs().runs(job)))],
            places={change.id: change.selector for change in await self._changes.list(limit=LOOKED_THROUGH)},
            kept={tuple(step.text for step in card.fix) for card in cards if card.kind is CardKind.RUNBOOK},
            scheduled={use.command for use in uses if use.command and any(use.command in job.what for job in jobs)},
            now=now, offset_s=float(time.localtime(now).tm_gmtoff),
        )  # fmt: skip
        if dismissed:
            return found
        until = await self.dismissed()
        return [one for one in found if one.id not in until]

    async def dismissed(self) -> Mapping[str, float]:
        """Return until when recommendations are not wanted, epoch seconds by id; 0 for good. None that has run out."""
        try:
            kept = {
                str(key): float(at) for key, at in json.loads(await self._preferences.get(self._key) or "{}").items()
            }
        except (ValueError, TypeError, AttributeError):
            return {}
        now = self._clock.now()
        return {key: at for key, at in kept.items() if not at or at > now}

    async def dismiss(self, name: str, *, for_s: float = 0.0) -> Recommendation:
        """Want one no more, for good or for some seconds; return it. Raises BadInput, NotFound."""
        if for_s < 0 or for_s > LONGEST_S:
            raise BadInput("That is too long.", next_step="Write it as in 30d, or leave it out for good.")
        found = next((one for one in await self.list(dismissed=True) if one.id == name), None)
        if found is None:
            raise NotFound(
                f"There is no recommendation {clean_line(name)[:40]!r}.",
                next_step="`opsterm recommendations list` lists them.",
            )
        await self._keep({**await self.dismissed(), name: self._clock.now() + for_s if for_s else 0.0})
        return found

    async def restore(self, name: str) -> None:
        """Want one again that was dismissed. Raises NotFound."""
        kept = dict(await self.dismissed())
        if kept.pop(name, None) is None:
            raise NotFound(f"{clean_line(name)[:40]!r} was not dismissed.")
        await self._keep(kept)

    async def _keep(self, kept: Mapping[str, float]) -> None:
        await self._preferences.put(self._key, json.dumps(kept, separators=(",", ":"), sort_keys=True))


def _failing(name: str, what: str, runs: Sequence[JobRun]) -> FailingJob | None:
    """Return a job whose newest runs failed, given the newest first; None when it does not fail."""
    failed = []
    for run in runs:
        if run.state is RunState.DONE:
            break
        if run.state is RunState.FAILED:
            failed.append(run)
    if len(failed) < LEAST_FAILURES:
        return None
    return FailingJob(name=name, what=what, failures=len(failed), since=failed[-1].ended_at)
