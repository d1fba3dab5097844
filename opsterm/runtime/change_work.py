"""What is done for one run of a change on each of its targets, and what came of it there.

It opens nothing itself: the executor hands it what makes the change, and what logs in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, Outcome, OutcomeState
from opsterm.changes.events import ChangeTargetEnded
from opsterm.changes.guard import guard_of
from opsterm.changes.plan_phases import PlanPhase, is_across
from opsterm.changes.verification import OnFailure, verification_of
from opsterm.core.errors import OpstermError, StorageError
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.policy.plan_order import PlanStep
from opsterm.runtime.ends import state_after
from opsterm.runtime.gating import OpenSession
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.output_record import OutputRecord
from opsterm.runtime.plan_running import OnTarget, PlanRunning
from opsterm.runtime.ports import Ended
from opsterm.runtime.ports_store import ChangeStore
from opsterm.runtime.supervisor import to_the_end
from opsterm.runtime.verifying import NotVerified, TakingBack, Verifying
from opsterm.runtime.wave import Wave

log = logging.getLogger("opsterm.executor")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPart:
    """What is to be done on one target, once.

    Attributes:
        target: where.
        phase: which part of the change.
        record: of what it prints.
        wave: those that are confirmed together with it, if it has a guard.
        arming_s: for how long it is armed and not changed yet, 0 to change it.
    """

    target: OrderTarget
    phase: PlanPhase
    record: OutputRecord
    wave: Wave
    arming_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What the executor lends to one run of a change: all that touches a target.

    Attributes:
        make: does a part of the change on a target, once; raises OpstermError as it goes wrong.
        disarm: has a target forget a guard under which nothing was changed.
        log_in: logs in to look.
        on_target: logs in to take back.
        take_back: takes the change back where one is logged in.
    """

    make: Callable[[TargetPart], Awaitable[Ended]]
    disarm: Callable[[OrderTarget], Awaitable[None]]
    log_in: OpenSession
    on_target: Callable[[OrderTarget], AbstractAsyncContextManager[OnTarget]]
    take_back: Callable[[OnTarget], Awaitable[str]]


class ChangeWork:
    """One run of a change, for `RolloutRunning`.

    Args:
        change: the one that runs.
        hands: what touches targets.
        changes: keeps outcomes.
        ledger: tells them.
        plans: takes steps back.
        verifying: tells what was taken back.
        output_limit: bytes of output kept per target.
    """

    def __init__(
        self, change: Change, hands: Hands, *, changes: ChangeStore, ledger: Ledger, plans: PlanRunning,
        verifying: Verifying, output_limit: int,
    ) -> None:  # fmt: skip
        self.change = change
        self.log_in = hands.log_in
        self._hands = hands
        self._changes = changes
        self._ledger = ledger
        self._plans = plans
        self._verifying = verifying
        self._output_limit = output_limit
        self._records: dict[str, OutputRecord] = {}
        self._outcomes: dict[str, Outcome] = {}

    async def one(
        self, target: OrderTarget, phase: PlanPhase, *, wave: Wave | None = None, arming_s: int = 0
    ) -> Outcome:  # fmt: skip
        """Return what came of a phase on one target. What goes wrong there must not end the others: it raises nothing.

        A target that has further parts waits for them.

        Args:
            target: where.
            phase: which part of the change.
            wave: those that are confirmed together with it; None for what has no guard.
            arming_s: for how long it is armed and not changed yet, 0 to change it. What is armed so is not kept.
        """
        change, clock = self.change, self._ledger.clock
        before = self._outcomes.get(target.name) or Outcome(target=target.name, started_at=clock.now())
        outcome = replace(before, state=OutcomeState.RUNNING, message="")
        record = self._records.setdefault(target.name, OutputRecord(limit=self._output_limit))
        record.began = False
        try:
            await self._changes.save_outcome(change.id, outcome, [])
            part = TargetPart(
                target=target, phase=phase, record=record, wave=wave or Wave([target.name]), arming_s=arming_s
            )  # fmt: skip
            ended = await self._hands.make(part)
            outcome = replace(
                outcome,
                state=OutcomeState.DONE if ended.exit_status == 0 else OutcomeState.FAILED,
                exit_status=ended.exit_status,
                signal=ended.signal,
            )
            if outcome.state is OutcomeState.DONE and target.name not in phase.final:
                outcome = replace(outcome, state=OutcomeState.WAITING)
                await self._changes.save_outcome(change.id, outcome, [])
                self._outcomes[target.name] = outcome
                return outcome
        except asyncio.CancelledError:
            outcome = replace(outcome, state=OutcomeState.CANCELLED, message=lifecycle.stopped_text(change))
            await to_the_end(self.keep(record.close(outcome, clock.now())))
            raise
        except NotVerified as error:
            outcome = replace(
                outcome, state=error.state, message=mask(str(error))[0], exit_status=error.ended.exit_status,
                signal=error.ended.signal,
            )  # fmt: skip
        except OpstermError as error:
            outcome = replace(outcome, state=state_after(error, began=record.began), message=mask(str(error))[0])
        except Exception as error:  # a fault of ours: of this target only, and it is told
            log.error("running %s on %s failed", change.name, target.name, exc_info=error)
            state = OutcomeState.UNKNOWN if record.began else OutcomeState.FAILED
            said = mask(f"A fault of opsterm: {type(error).__name__}: {error}")[0]
            outcome = replace(outcome, state=state, message=said)
        if arming_s and outcome.state is OutcomeState.DONE:
            return outcome
        return await self.keep(record.close(outcome, clock.now()))

    async def disarm(self, target: OrderTarget) -> None:
        """Have a target forget a guard under which nothing was changed."""
        await self._hands.disarm(target)

    async def fell(self, target: OrderTarget, why: str) -> Outcome:
        """Keep that a change is not well on a target where it had ended well; take it back if that was approved.

        A plan whose order is kept across targets is taken back as a whole, once it has come to its end.
        """
        order = self.change.order
        outcome = replace(self._outcomes[target.name], state=OutcomeState.NOT_VERIFIED, message=mask(why)[0])
        taken_back = verification_of(order).on_failure is OnFailure.ROLLBACK and not guard_of(order).seconds
        if not taken_back or is_across(order):
            return await self.keep(replace(outcome, ended_at=self._ledger.clock.now()))

        async def take_back() -> str:
            async with self._hands.on_target(target) as on:
                return await self._hands.take_back(on)

        return await self._undone(target, outcome, take_back, why)

    async def undo(self, target: OrderTarget, steps: Sequence[PlanStep]) -> str:
        """Take back those of some steps of a plan that were begun on one target; return what is not as it was."""
        try:
            async with self._hands.on_target(target) as on:
                return await self._plans.undo(on, self.change.id, steps)
        except OpstermError as error:
            return mask(error.what)[0]

    async def is_touched(self, name: str) -> bool:
        """Return whether a step of the plan was begun on a target and is not back."""
        return bool(await self._plans.open_steps(self.change.id, name))

    async def undone(self, target: OrderTarget, wrong: str, why: str) -> Outcome:
        """Tell that a plan was taken back on a target.

        Args:
            target: where.
            wrong: what is not as it was, "" when all is.
            why: why it was taken back.
        """

        async def taken_back() -> str:
            return wrong

        return await self._undone(target, self._outcomes[target.name], taken_back, why)

    async def _undone(self, target: OrderTarget, outcome: Outcome, taking_back: TakingBack, why: str) -> Outcome:
        ended = Ended(exit_status=outcome.exit_status, signal=outcome.signal)
        error = await self._verifying.undo(taking_back, self.change, target, why=why, ended=ended)
        now = self._ledger.clock.now()
        return await self.keep(replace(outcome, state=error.state, message=mask(str(error))[0], ended_at=now))

    async def keep(self, outcome: Outcome) -> Outcome:
        """Keep what came of a target."""
        self._outcomes[outcome.target] = outcome
        fact = self._ledger.fact(
            ChangeTargetEnded(
                change=self.change.id,
                target=outcome.target,
                state=outcome.state,
                exit_status=outcome.exit_status,
                output_sha256=outcome.output_sha256,
                output_bytes=outcome.output_bytes,
                message=outcome.message,
            ),
            correlation_id=self.change.name,
        )
        try:
            self._ledger.committed(await self._changes.save_outcome(self.change.id, outcome, [fact]))
        except StorageError:
            log.info("the outcome of %s on %s is kept with the end", self.change.name, outcome.target)
        return outcome
