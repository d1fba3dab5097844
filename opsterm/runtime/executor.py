"""The executor: the only code that runs a change on a target.

It runs an order only when the change is approved, the approval is for the very digest of that order, and the
order has not expired; all three, and the sealed approvals themselves, are looked at again at the instant of starting,
and the move to "running" is a compare-and-set on disk, so that no order runs twice, however many processes try.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState, Outcome
from opsterm.changes.events import ChangeEnded, ChangeStarted
from opsterm.changes.guard import GuardAnswer, guard_of
from opsterm.changes.plan_phases import is_across
from opsterm.changes.rollout import Rollout
from opsterm.changes.verification import require_same_keeper, verification_of
from opsterm.changes.way_back.prepared import as_run, keeper_shell, prepared
from opsterm.changes.way_back.words import OF_GUARD, KeeperStep
from opsterm.core.clock import Clock
from opsterm.core.errors import NotApproved, NotFound
from opsterm.policy import approval
from opsterm.policy.order import BESIDE_SESSIONS, COMMAND_PROTOCOLS, PLAN, OrderTarget, RunAs
from opsterm.policy.way_back import WayBack
from opsterm.runtime.change_work import ChangeWork, Hands, TargetPart
from opsterm.runtime.claims import Passage
from opsterm.runtime.ends import Ends
from opsterm.runtime.gating import Gating
from opsterm.runtime.guard_watch import Guarded
from opsterm.runtime.guarding import Guarding
from opsterm.runtime.keeping import Keeping, OpenCopies, RunText
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.marking import Marking
from opsterm.runtime.opened_target import OpenedTarget
from opsterm.runtime.output_intake import OutputIntake
from opsterm.runtime.output_record import OutputRecord
from opsterm.runtime.outside_checks import LookFromHere
from opsterm.runtime.plan_running import OnTarget, PlanRunning
from opsterm.runtime.ports import Connector, Ended
from opsterm.runtime.ports_connection_test import UNHEARD
from opsterm.runtime.ports_store import Store
from opsterm.runtime.rollout_running import RolloutRunning
from opsterm.runtime.step_transports import CarryStep
from opsterm.runtime.supervisor import to_the_end
from opsterm.runtime.verifying import Verifying

log = logging.getLogger("opsterm.executor")


class Executor:
    """Runs approved changes.

    Args:
        store: where changes and output are kept.
        ledger: where facts are told.
        connector: gives what opens sessions.
        require: raises when the approvals that are kept of a change do not let it run.
        passage: raises when others have claimed its targets, and nothing says why it runs all the same.
        marking: leaves marks on targets.
        runner: name of this process, kept with a running change so that a crash is noticed.
        parallel: targets of one change worked on at the same time.
        output_limit: bytes of output kept per target.
        copies: what is kept on this host of what changes touch, and is put back from here.
        from_here: looks from this host whether a change has come out as it should.
        carry: carries out steps that need no session.
        silent: names those members of the groups of a rollout that are known not to answer.
        quiet_limit_s: seconds a command may print nothing before it is stopped; 0 for any.
        read_only: the setting changes.read_only: nothing is run.
        waits: whether time passes between batches; in a simulation it does not.

    Attributes:
        ends: how changes have ended, also where the disk has not taken that yet.
    """

    def __init__(  # noqa: PLR0913 (what it needs, and the limits of a run)
        self, store: Store, ledger: Ledger, connector: Callable[[], Awaitable[Connector]], clock: Clock, *,
        require: Callable[[Change], Awaitable[None]], passage: Callable[[Change, str], Awaitable[Passage]],
        marking: Marking, copies: OpenCopies, runner: str, parallel: int, output_limit: int,
        from_here: LookFromHere, carry: CarryStep, silent: Callable[[Rollout], Collection[str]] = lambda _: (),
        quiet_limit_s: float = 0.0, read_only: bool = False, waits: bool = True,
    ) -> None:  # fmt: skip
        self._store = store
        self._require = require
        self._passage = passage
        self._ledger = ledger
        self._connector = connector
        self._clock = clock
        self._runner = runner
        self._output_limit = output_limit
        self._keeping = Keeping(ledger, marking, copies)
        self._guarding = Guarding(self._keeping, ledger)
        self._verifying = Verifying(ledger, from_here)
        self._plans = PlanRunning(store.journal, ledger, self._keeping, self._verifying)
        gating = Gating(ledger, self._verifying, store.samples, waits=waits)
        self._rollouts = RolloutRunning(gating, clock, parallel=parallel, silent=silent)
        self._intake = OutputIntake(store.output, ledger, quiet_limit_s=quiet_limit_s)
        self._carry = carry
        self._read_only = read_only
        self.ends = Ends(store, ledger)

    async def run(self, change_id: int, *, despite: str = "") -> Change:
        """Run an approved change to its end and return it with its outcomes.

        Args:
            change_id: which.
            despite: why it runs although others have claimed some of its targets, "" for not then.

        Raises:
            Refused: read-only mode, or others have claimed some of its targets.
            NotApproved: it may not run, or another process was quicker.
            StorageError: the disk did not take its end; `ends` has it.
        """
        started: list[Change] = []
        try:
            await to_the_end(self._start(change_id, started, despite))
            change = started[0]
            outcomes = await self._run_on_all(change)
        except asyncio.CancelledError:
            if started:
                await to_the_end(self._finish(started[0], cancelled=True))
            raise
        return await to_the_end(self._finish(replace(change, outcomes=tuple(outcomes)), cancelled=False))

    async def _start(self, change_id: int, started: list[Change], despite: str) -> None:
        """Move a change to RUNNING; put it into `started`, which outlives a cancellation."""
        while not started:  # once more when another change has begun on its targets since it was looked at
            await self._try_to_start(change_id, started, despite)

    async def _try_to_start(self, change_id: int, started: list[Change], despite: str) -> None:
        change = await self._store.changes.get(change_id)
        if change is None:
            raise NotApproved(f"There is no change c{change_id}.")
        running = lifecycle.start(change, now=self._clock.now(), read_only=self._read_only)
        prepared(change.order)
        require_same_keeper(verification_of(change.order))
        kinds = [event.kind for event in lifecycle.DECIDING]
        told = await self._store.journal.search(kinds=kinds, correlation_id=change.name)
        lifecycle.require_trail(change, [fact.event for fact in told])
        await self._require(change)
        passage = await self._passage(change, despite)
        fact = self._ledger.fact(
            ChangeStarted(
                change=change.id, digest=change.order.digest(), targets=tuple(t.name for t in change.order.targets)
            ),
            correlation_id=change.name,
        )
        moved = await self._store.changes.move(
            running, expected=ChangeState.APPROVED, facts=[*passage.facts, fact], runner=self._runner,
            beside=passage.beside,
        )  # fmt: skip
        if moved is None:
            fresh = await self._store.changes.get(change_id)
            if fresh is not None and fresh.state is ChangeState.APPROVED:
                return
            raise NotApproved(
                f"{change.name} was not started: another process has started or voided it.",
                next_step="Look at it again; nothing was run here.",
            )
        started.append(running)
        self._ledger.committed(moved)

    async def _run_on_all(self, change: Change) -> list[Outcome]:
        """Run on all targets that the rollout lets start; return the outcomes, in the order of the targets."""
        hands = Hands(
            make=lambda part: self._stream(change, part),
            disarm=lambda target: self._disarm(change, target),
            log_in=self._looking,
            on_target=lambda target: self._on_target(change, target),
            take_back=self._take_back,
        )
        work = ChangeWork(
            change, hands, changes=self._store.changes, ledger=self._ledger, plans=self._plans,
            verifying=self._verifying, output_limit=self._output_limit,
        )  # fmt: skip
        return await self._rollouts.run(work)

    async def _stream(self, change: Change, part: TargetPart) -> Ended:
        connector = await self._connector()
        async with self._opened(target := part.target) as opened:
            on = self._on(opened, change, target, part.record)
            if part.arming_s:
                return await self._arm(connector, on, part.arming_s)
            if is_across(change.order):
                return await self._step_on(on, part)
            return await self._make(connector, on, part)

    async def _arm(self, connector: Connector, on: OnTarget, seconds: int) -> Ended:
        """Keep what the change touches, and have the target take it back unless it is confirmed."""
        way = prepared(on.change.order)
        if way is not None:
            await self._keeping.capture(on.run, on.change, way, on.target)
            await self._guarding.arm(on.run, _guarded(connector, on.change, way, on.target), seconds)
        return Ended(exit_status=0)

    async def _disarm(self, change: Change, target: OrderTarget) -> None:
        """Have a target forget a guard under which nothing was changed."""
        way = prepared(change.order)
        if way is not None:
            connector = await self._connector()
            await self._guarding.watch(_guarded(connector, change, way, target)).disarm()

    async def _step_on(self, on: OnTarget, part: TargetPart) -> Ended:
        """Do those steps of a plan that are next on a target; look at the whole behind the last of them."""
        ended = await self._plans.run(on, part.phase.steps)
        if on.target.name in part.phase.final:
            wanted = verification_of(on.change.order)
            part.record.saw(await self._verifying.look(on.run, on.change, on.target, wanted))
        return ended

    async def _make(self, connector: Connector, on: OnTarget, part: TargetPart) -> Ended:
        """Keep what the change touches, make it, look at it, and take it back if that was approved."""
        change, target, run = on.change, on.target, on.run
        way, order = prepared(change.order), change.order
        of_steps = order.shell == PLAN

        def changing() -> Awaitable[Ended]:
            if of_steps:
                return self._plans.run(on, part.phase.steps)
            feed = self._keeping.feed(order.command, order.shell, target)
            return self._keeping.noting(
                lambda: on.begin(*as_run(order), order.timeout_s, feed), run, change, way, target
            )  # fmt: skip

        def looked_at() -> Awaitable[Ended]:
            return self._verifying.run(run, changing, lambda: self._take_back(on), change, target, say=part.record.saw)

        async def look(run: RunText) -> None:
            part.record.saw(await self._verifying.look(run, change, target, verification_of(order)))

        if way is not None and guard_of(order).seconds:
            guarded = _guarded(connector, change, way, target)
            if len(order.targets) > 1:  # it was armed for as long as those before it may take
                await self._guarding.arm_again(run, guarded)
            return await self._guarding.run(changing, guarded, look, part.wave)
        if way is not None and not of_steps:
            await self._keeping.capture(run, change, way, target)
        return await looked_at()

    def _on(self, opened: OpenedTarget, change: Change, target: OrderTarget, record: OutputRecord) -> OnTarget:
        """Return what runs texts on a target."""
        run = _runs(opened, target)

        async def begin(
            text: str, shell: str, how: RunAs, limit_s: float, feed: AsyncIterator[bytes] | None = None
        ) -> Ended:
            if shell in BESIDE_SESSIONS:
                pieces = self._carry(text, shell, target)
            else:
                pieces = (await opened.on()).run(text, shell=shell, how=how, feed=feed)
            return await self._intake.to_the_end(pieces, change, target, record, limit_s)

        return OnTarget(run=run, begin=begin, change=change, target=target)

    def _take_back(self, on: OnTarget) -> Awaitable[str]:
        """Take back on one target what a change has changed there; return what is not as it was, "" when all is."""
        order = on.change.order
        if order.shell == PLAN:
            return self._plans.take_back(on)
        return self._keeping.put_back(on.run, on.change, prepared(order))

    @asynccontextmanager
    async def _looking(self, target: OrderTarget) -> AsyncIterator[RunText]:
        """Log in to look at a target of a change that runs; give what runs a text there."""
        async with self._opened(target) as opened:
            yield _runs(opened, target)

    @asynccontextmanager
    async def _on_target(self, change: Change, target: OrderTarget) -> AsyncIterator[OnTarget]:
        """Log in to a target to take a change back there that runs; nothing of what is printed is kept."""
        async with self._opened(target) as opened:
            yield self._on(opened, change, target, OutputRecord(limit=0))

    @asynccontextmanager
    async def _opened(self, target: OrderTarget) -> AsyncIterator[OpenedTarget]:
        """Log in to a target; to one that takes no commands when a step needs it: many steps there need none."""
        connector = await self._connector()
        async with OpenedTarget(lambda: connector.session(target)) as opened:
            if target.protocol in COMMAND_PROTOCOLS:
                await opened.on()
            yield opened

    async def at_guard(self, change: Change, name: str, step: KeeperStep, *, seconds: int = 0) -> GuardAnswer:
        """Do a step about the guard that a change has on a target, over a connection of its own.

        What such a step may do was approved with the change: to keep what was changed, or to take it back.

        Args:
            change: one that was run.
            name: of its target.
            step: one of OF_GUARD.
            seconds: of EXTEND: how long from now.

        Raises:
            Refused: read-only mode.
            NotApproved: it never ran with a guard, or has another way back in this version.
            NotFound: it was not for this target.
            Unreachable, TimedOut: the target does not answer.
        """
        approval.require_writable(read_only=self._read_only, what="asked of targets")
        way = prepared(change.order)
        target = next((one for one in change.order.targets if one.name == name), None)
        if target is None:
            raise NotFound(f"{change.name} was not for {name}.", next_step="It is done on its own targets only.")
        approved = change.started_at and change.approved_digest == change.order.digest()
        if way is None or step not in OF_GUARD or not approved or not guard_of(change.order).seconds:
            raise NotApproved(f"{change.name} has not run with a guard.", next_step="Nothing waits to be confirmed.")
        connector = await self._connector()
        return await self._guarding.watch(_guarded(connector, change, way, target)).ask(step, seconds=seconds)

    # ------------------------------------------------------------------------------------------------ the end

    async def _finish(self, change: Change, *, cancelled: bool) -> Change:
        if cancelled:
            change = await self._store.changes.get(change.id) or change
            if change.state is not ChangeState.RUNNING:
                return change
        finished = lifecycle.finish(change, cancelled=cancelled, now=self._clock.now())
        fact = self._ledger.fact(ChangeEnded(change=change.id, state=finished.state), correlation_id=change.name)
        return await self.ends.keep(finished, fact)


def _runs(opened: OpenedTarget, target: OrderTarget) -> RunText:
    async def run(text: str, how: RunAs) -> AsyncIterator[bytes | Ended]:
        session = await opened.on()
        coming = session.run(text, shell=keeper_shell(target), how=how)
        async with aclosing(coming) as pieces:  # type: ignore[type-var]  # an async generator
            async for piece in pieces:
                yield piece

    return run


def _guarded(connector: Connector, change: Change, way: WayBack, target: OrderTarget) -> Guarded:
    return Guarded(change=change, way=way, target=target, afresh=lambda: _afresh(connector, target))


@asynccontextmanager
async def _afresh(connector: Connector, target: OrderTarget) -> AsyncIterator[RunText]:
    """Log in over a connection of its own; give what runs a text there."""
    async with (
        connector.fresh(target, UNHEARD) as sessions,
        OpenedTarget(lambda: sessions.session(target)) as opened,
    ):
        await opened.on()
        yield _runs(opened, target)
