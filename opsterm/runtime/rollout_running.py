"""Takes a change over its targets, as its rollout lets them start, and stands at the gates between its batches.

It opens nothing itself: the executor hands it what makes the change on one target, and what looks there. A plan whose
order is kept across targets is gone over phase by phase; when one does not end well everywhere, none follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from opsterm.changes.change import Change, Outcome, OutcomeState
from opsterm.changes.guard import guard_of
from opsterm.changes.plan_phases import PlanPhase, across_targets, phases_of
from opsterm.changes.plan_steps import repeated, undoing
from opsterm.changes.rollout import Rollout, narrowed, rollout_of
from opsterm.changes.rollout_progress import RolloutProgress
from opsterm.changes.verification import OnFailure, verification_of
from opsterm.core.clock import Clock
from opsterm.core.errors import OpstermError
from opsterm.inventory.folding import fold
from opsterm.policy.order import OrderTarget
from opsterm.policy.plan_order import PlanStep, takes_back
from opsterm.runtime.gating import Gating, OpenSession
from opsterm.runtime.guarded_rollout import GuardedRollout
from opsterm.runtime.wave import Wave

_SEEN_TO_FAIL = (OutcomeState.FAILED, OutcomeState.TIMED_OUT, OutcomeState.NOT_VERIFIED)
"""After these a change is taken back where that was approved; after a line that was lost a person decides."""


class FleetWork(Protocol):
    """What the executor does for a rollout."""

    @property
    def change(self) -> Change:
        """The one that runs."""
        ...

    @property
    def log_in(self) -> OpenSession:
        """Logs in to a target to look there."""
        ...

    async def one(
        self, target: OrderTarget, phase: PlanPhase, *, wave: Wave | None = None, arming_s: int = 0
    ) -> Outcome:  # fmt: skip
        """Do a phase on one target, or arm it; return what came of it. Raises nothing."""
        ...

    async def disarm(self, target: OrderTarget) -> None:
        """Have a target forget a guard under which nothing was changed."""
        ...

    async def fell(self, target: OrderTarget, why: str) -> Outcome:
        """Take note that it is not well on a target after all, and take it back if that was approved."""
        ...

    async def undo(self, target: OrderTarget, steps: Sequence[PlanStep]) -> str:
        """Take back some steps of a plan on one target; return what is not as it was, "" when all is."""
        ...

    async def is_touched(self, name: str) -> bool:
        """Return whether a step of the plan was begun on a target and is not back."""
        ...

    async def undone(self, target: OrderTarget, wrong: str, why: str) -> Outcome:
        """Tell that a plan was taken back on a target; `wrong` is what is not as it was, "" when all is."""
        ...

    async def keep(self, outcome: Outcome) -> Outcome:
        """Keep what came of a target."""
        ...


@dataclass(slots=True)
class _Run:
    """One change on its way.

    Attributes:
        work: what the executor does for it.
        targets: by name.
        outcomes: what came of each target so far.
        stopped: why nothing more starts, "" while that is not so.
    """

    work: FleetWork
    targets: Mapping[str, OrderTarget]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    stopped: str = ""

    def is_well(self, name: str) -> bool:
        """Whether nothing has failed on a target so far."""
        return name not in self.outcomes or self.outcomes[name].state in (OutcomeState.DONE, OutcomeState.WAITING)


class RolloutRunning:
    """Goes over targets.

    Args:
        gating: stands at gates.
        clock: tells the time.
        parallel: targets of one change worked on at the same time.
        silent: names those members of the groups of a rollout that are known not to answer.
    """

    def __init__(
        self, gating: Gating, clock: Clock, *, parallel: int, silent: Callable[[Rollout], Collection[str]]
    ) -> None:  # fmt: skip
        self._gating = gating
        self._clock = clock
        self._parallel = parallel
        self._silent = silent

    async def run(self, work: FleetWork) -> list[Outcome]:
        """Run on all targets that the rollout lets start; return the outcomes, in the order of the targets."""
        order = work.change.order
        run = _Run(work=work, targets={target.name: target for target in order.targets})
        phases = phases_of(order)
        begun: list[PlanPhase] = []
        for phase in phases:
            names = tuple(name for name in phase.names if run.is_well(name))
            if names:
                begun.append(replace(phase, names=names))
                await self._go_over(run, begun[-1], whole=len(phases) == 1)
            failed = [name for name in phase.names if not run.is_well(name)]
            if failed and not takes_back(order.command, order.shell):
                run.stopped = run.stopped or f"an earlier step failed on {fold(failed)}"
            if run.stopped:
                break
        await self._end(run)
        if len(phases) > 1 and verification_of(order).on_failure is OnFailure.ROLLBACK:
            await self._take_back(run)
        return [run.outcomes[name] for name in run.targets]

    async def _go_over(self, run: _Run, phase: PlanPhase, *, whole: bool) -> None:
        """Do one phase on all of its targets that the rollout lets start.

        Args:
            run: the change.
            phase: with the targets that are left of it.
            whole: whether there is no other; of several each is gone over as far as the rollout can be had there.
        """
        rollout = rollout_of(run.work.change.order)
        rollout = rollout if whole else narrowed(rollout, len(phase.names))
        progress = RolloutProgress(rollout, phase.names, at_once=self._parallel, silent=self._silent(rollout))

        async def one(group: asyncio.TaskGroup, name: str) -> None:
            outcome = run.outcomes[name] = await run.work.one(run.targets[name], phase)
            progress.ended(name, well=outcome.state in (OutcomeState.DONE, OutcomeState.WAITING))
            start(group)

        async def stand(group: asyncio.TaskGroup) -> None:
            await self._stand_at_gate(run, progress, phase)
            start(group)

        def start(group: asyncio.TaskGroup) -> None:
            for name in progress.starts():
                group.create_task(one(group, name))
            if progress.at_gate:
                group.create_task(stand(group))

        if guard_of(run.work.change.order).seconds:
            await self._go_in_waves(run, phase, progress)
        else:
            async with asyncio.TaskGroup() as group:
                start(group)
        run.stopped = progress.stopped

    async def _go_in_waves(self, run: _Run, phase: PlanPhase, progress: RolloutProgress) -> None:
        """Arm a guarded change everywhere, and make it wave by wave."""

        async def arm(name: str, seconds: int) -> bool:
            outcome = await run.work.one(run.targets[name], phase, arming_s=seconds)
            if outcome.state is not OutcomeState.DONE:
                run.outcomes[name] = outcome
            return outcome.state is OutcomeState.DONE

        async def make(name: str, wave: Wave) -> bool:
            run.outcomes[name] = await run.work.one(run.targets[name], phase, wave=wave)
            return run.outcomes[name].state is OutcomeState.DONE

        async def disarm(name: str) -> None:
            await run.work.disarm(run.targets[name])

        seconds = guard_of(run.work.change.order).seconds
        waves = GuardedRollout(progress, phase.names, seconds=seconds, at_once=self._parallel)
        await waves.run(arm, make, disarm)

    async def _end(self, run: _Run) -> None:
        """Say of targets that were not started, or are half way, that nothing more follows there."""
        for name in run.targets:
            outcome = run.outcomes.get(name) or Outcome(target=name)
            if outcome.state is not OutcomeState.WAITING:
                continue
            how = "Stopped between two steps" if outcome.started_at else "Not started"
            left = replace(
                outcome, state=OutcomeState.CANCELLED, ended_at=self._clock.now(), message=f"{how}: {run.stopped}."
            )
            run.outcomes[name] = await run.work.keep(left)

    async def _stand_at_gate(self, run: _Run, progress: RolloutProgress, phase: PlanPhase) -> None:
        """Wait and look between two batches; say of those that fell what came of them."""
        well = [run.targets[name] for name in progress.at_gate if run.is_well(name)]
        rest = [run.targets[name] for name in progress.not_started]
        change = run.work.change
        try:
            held = await self._gating.hold(
                change, well, rest, wanted=repeated(change.order, phase), log_in=run.work.log_in,
                compares=progress.is_trial,
            )  # fmt: skip
        except OpstermError as error:  # nothing more starts that is not looked at as was approved
            progress.shut(f"at the gate: {error.what}")
            return
        if not held.why:
            progress.passed()
            return
        for name, why in held.fallen.items():
            run.outcomes[name] = await run.work.fell(run.targets[name], why)
        progress.shut(held.why, fallen=list(held.fallen))

    async def _take_back(self, run: _Run) -> None:
        """Take a plan back that has failed, in reverse across the targets that it has touched."""
        failed = [name for name, outcome in run.outcomes.items() if outcome.state in _SEEN_TO_FAIL]
        if not failed:
            return
        touched = [name for name in reversed(list(run.targets)) if await run.work.is_touched(name)]
        back = undoing(run.work.change, touched)
        wrong = dict.fromkeys(touched, "")
        for phase in across_targets(replace(back, across=True), touched):
            steps = [back.steps[number - 1] for number in phase.steps]
            for name in phase.names:
                wrong[name] = wrong[name] or await run.work.undo(run.targets[name], steps)
        for name in touched:
            why = run.outcomes[name].message if name in failed else f"The plan failed on {fold(failed)}."
            run.outcomes[name] = await run.work.undone(run.targets[name], wrong[name], why)
