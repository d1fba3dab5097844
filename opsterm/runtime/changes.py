"""Use-cases of changes: propose, approve, deny, run, stop, look back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from types import MappingProxyType

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.changes.comparison import Comparison, compare_outputs
from opsterm.changes.events import (
    ChangeDenied,
    ChangeEnded,
    ChangeExpired,
    ChangeProposed,
    ChangeStopAsked,
    ChangeVoided,
)
from opsterm.changes.guard import guard_for, guard_line, guard_of
from opsterm.changes.verification import bound
from opsterm.changes.way_back.prepared import way_back_of
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, Bug, NotApproved, NotFound, StorageError
from opsterm.core.events import Event, Fact
from opsterm.core.settings import ChangeSettings
from opsterm.policy.approval import require_writable
from opsterm.policy.compliance.review import findings_told
from opsterm.policy.mask import mask
from opsterm.policy.order import Order, usual_shell
from opsterm.runtime.approvals import Approvals
from opsterm.runtime.assent import PLAIN, Assent
from opsterm.runtime.change_checks import ChangeChecks
from opsterm.runtime.compliance import ComplianceGate
from opsterm.runtime.executor import Executor
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.inverses import Inverses
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_store import Store
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.refusals import refusals_told
from opsterm.runtime.rollouts import Rollouts
from opsterm.runtime.supervisor import Heart, Supervisor

SWEEP_EVERY_S = 5.0
SWEPT_AT_ONCE = 10_000
LONGEST_S = 86_400.0
"""Seconds that a proposal may ask for, as for changes.timeout_s."""


class Changes:
    """Everything that can be done with a change. `start` is `approve`'s other half: it runs what was approved."""

    def __init__(  # noqa: PLR0913 (every use-case of changes, and what each needs)
        self, store: Store, ledger: Ledger, clock: Clock, *, settings: ChangeSettings, operator: Operator,
        inventory: Inventory, approvals: Approvals, gate: ComplianceGate, executor: Executor,
        supervisor: Supervisor, alive: Callable[[str], Awaitable[bool]], offload: Offload, checks: ChangeChecks,
        rollouts: Rollouts, settled: Callable[[Change], Awaitable[Change]],
        settle_rollbacks: Callable[[], Awaitable[None]], wait_free: Callable[[Change], Awaitable[None]],
        warnings: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._operator = operator
        self._inventory = inventory
        self.approvals = approvals
        self._gate = gate
        self._executor = executor
        self._supervisor = supervisor
        self._alive = alive
        self._offload = offload
        self._checks = checks
        self._inverses = Inverses(checks, gate)
        self._rollouts = rollouts
        self._settled = settled
        self._settle_rollbacks = settle_rollbacks
        self._wait_free = wait_free
        self._warnings = warnings  # by protocol: what an approver should know of how such targets are reached
        self._running: dict[int, asyncio.Task[object]] = {}  # by change, the task that waits for its end
        self._stopping: set[int] = set()

    @refusals_told("propose")
    async def propose(self, proposal: Proposal) -> Change:
        """Record a proposal and return it with its number, risk and digest.

        Raises:
            BadInput: no command, an unknown shell, no target matches.
            Refused: opsterm is in read-only mode, or a limit of an environment, or the policy, does not let it run.
        """
        change = await self.draft(proposal)
        kept, facts = await self._store.changes.insert(change, lambda made: [self.proposed_fact(made)])
        self._ledger.committed(facts)
        return kept

    async def draft(self, proposal: Proposal) -> Change:
        """Return the change that a proposal would become; nothing is kept of it. Raises as `propose`."""
        require_writable(read_only=self._settings.read_only, what="proposed")
        if proposal.timeout_s is not None and not 1 <= proposal.timeout_s <= LONGEST_S:
            raise BadInput("A command runs for 1 s to 24 h on one target.", next_step="Write it as in 30s or 10m.")
        rows = [*await self._inventory.resolve(proposal.selector)][:: -1 if proposal.backwards else 1]
        targets = tuple(self._inventory.order_target(row.target) for row in rows)
        now = self._clock.now()
        order = Order(
            command=proposal.command, shell=proposal.shell or usual_shell(target.protocol for target in targets),
            targets=targets, timeout_s=proposal.timeout_s or self._settings.timeout_s,
            expires_at=now + self._settings.approval_expires_s, **asdict(proposal.how),
        )  # fmt: skip
        guard = guard_for(
            order, proposal.guard, await self._checks.lockout(order), kept=proposal.way_back,
            default_s=self._settings.confirm_s,
        )  # fmt: skip
        guard = replace(guard, unguarded=mask(guard.unguarded)[0])
        order = replace(order, timeout_s=guard.timeout_s(order.timeout_s))
        ways = sorted({target.protocol for target in targets})
        warnings = [*proposal.warnings, *(said for name in ways for said in self._warnings.get(name, ()))]
        places, by, reason = [row.target.environment for row in rows], self._operator.name, mask(proposal.reason)[0]
        warnings += await self._inverses.said(order, proposal, places, by=by)
        risk = await self._checks.risk(
            order, places, warnings, way_back=proposal.way_back, guard=guard, inverse=proposal.inverse
        )  # fmt: skip
        review = await self._gate.review(order, requested_by=by, reason=reason)
        rollout = self._rollouts.text(proposal.rollout, [target.name for target in targets], away=proposal.away)
        order = self.approvals.on_terms(
            order, places, risk.level, by=by, asked=review.decision, rollout=rollout, guard=guard,
            rollback=way_back_of(order).digest() if proposal.way_back else "", inverse=proposal.inverse,
            verify=bound(proposal.verification, order, way_back=proposal.way_back), undoes=proposal.undoes,
        )  # fmt: skip
        return lifecycle.propose(
            order=order, selector=proposal.selector, risk=risk, review=review, reason=reason, origin=proposal.origin,
            by=by, now=now,
        )  # fmt: skip

    def proposed_fact(self, change: Change) -> Fact:
        """Return what tells of a proposal."""
        told = ChangeProposed(
            change=change.id, command=mask(change.order.command)[0], risk=change.risk.level, digest=change.digest,
            targets=tuple(t.name for t in change.order.targets), reason=change.reason, origin=change.origin,
            become=change.order.become, packs=change.review.packs, findings=findings_told(change.review),
            guard=guard_line(guard_of(change.order)),
        )  # fmt: skip
        return self._fact(change, told)

    def _fact(self, change: Change, event: Event, *, by: str = "") -> Fact:
        return self._ledger.fact(event, by=by, correlation_id=change.name)

    async def get(self, change_id: int) -> Change:
        """Return a change. Raises NotFound."""
        change = await self._store.changes.get(change_id)
        if change is None:
            raise NotFound(f"There is no change c{change_id}.", next_step="`opsterm changes` lists those there are.")
        return change

    async def list(self, states: Sequence[ChangeState] = (), limit: int = 200) -> Sequence[Change]:
        """Return the newest changes, newest first."""
        return await self._store.changes.list(states, limit)

    @refusals_told("approve")
    async def approve(self, change_id: int, *, digest: str, assent: Assent = PLAIN) -> Change:
        """Record a yes to the bytes with this digest, by the account that asks or by whoever `assent` says.

        Args:
            change_id: the change.
            digest: the digest that the approver was shown.
            assent: what the approver adds.

        Returns:
            The change: APPROVED, or PROPOSED as before when others are still needed.

        Raises:
            NotApproved: expired, already decided, other bytes, or a target is no longer what it was.
            Refused: this person's yes does not count, a limit is reached, or a rule denies it.
            BadInput: a reason, a key or a file is missing.
        """
        require_writable(read_only=self._settings.read_only, what="approved")
        change = await self.unless_over(await self.get(change_id))
        return await self.approvals.give(change, digest=digest, assent=assent)

    async def query(self, proposal: Proposal) -> Change:
        """Record a command and let it run without asking anybody, when it is known to only read or autonomy allows it.

        Returns:
            The change: APPROVED, to be run at once by `run` or `start`, or PROPOSED: it waits for an approval.

        Raises:
            BadInput, Refused: as `propose`.
        """
        change = await self.propose(proposal)
        return await self.approvals.permit(change) or await self.get(change.id)

    async def comparison(self, change: Change) -> Comparison:
        """Return the kept outputs of a change, grouped and compared."""
        names = [target.name for target in change.order.targets]
        kept = {name: await self.output(change.id, name) for name in names}
        return await self._offload.run("comparison", lambda: compare_outputs(change.outcomes, kept))

    @refusals_told("deny")
    async def deny(self, change_id: int, *, note: str = "") -> Change:
        """Say no. Raises NotApproved when it is no longer waiting."""
        change = await self.get(change_id)
        denied = lifecycle.deny(change, by=self._operator.name, note=mask(note)[0], now=self._clock.now())
        await self._move(denied, change.state, ChangeDenied(change=change.id, note=denied.decision_note))
        return denied

    @refusals_told("run")
    async def run(self, change_id: int, *, despite: str = "") -> Change:
        """Run an approved change here and wait for its end, also when somebody stops it.

        Cancelling the caller stops it as well. What it teaches about reachability is kept.

        Args:
            change_id: which.
            despite: why it runs although others have claimed some of its targets, "" for not then.

        Raises:
            Refused: opsterm is in read-only mode, or others have claimed some of its targets.
            NotApproved: it may not run, runs already, or another process was quicker.
            StorageError: it has ended, and the disk did not take that; it is written as soon as there is room.
        """
        require_writable(read_only=self._settings.read_only, what="run")
        await self.unless_over(await self.get(change_id))
        task = asyncio.current_task()
        if task is None:
            raise Bug("a change runs outside a task")
        if change_id in self._running:
            raise NotApproved(f"c{change_id} runs already.", next_step="Its output shows how far it is.")
        self._running[change_id] = task
        try:
            ended = await self._executor.run(change_id, despite=despite)
        except asyncio.CancelledError:
            if change_id not in self._stopping or task.uncancel() > 0:
                raise
            return await self.get(change_id)
        finally:
            del self._running[change_id]
            self._stopping.discard(change_id)
            if self._executor.ends.has_unkept:
                self._supervisor.start("ends of changes", self._executor.ends.keep_all, restart=False)
        ended = await self._settled(ended)
        with suppress(StorageError):  # how it ended is kept; that targets answered is only good to know
            await self._inventory.note_seen(lifecycle.reached(ended.outcomes))
        return ended

    def start(self, change_id: int, *, despite: str = "", when_free: bool = False) -> None:
        """Run an approved change here in the background, as `run` does; its end is told as a fact.

        With `when_free` it begins as soon as no claim of others is in its way.
        """

        async def work(heart: Heart) -> None:
            heart.beat()
            await self.run(change_id, despite=despite)

        async def wait(heart: Heart) -> None:
            heart.beat()
            await self._wait_free(await self.get(change_id))
            if (await self.get(change_id)).state is ChangeState.APPROVED:
                self.start(change_id)

        name = f"change c{change_id}"
        self._supervisor.start(f"{name} waits" if when_free else name, wait if when_free else work, restart=False)

    async def stop(self, change_id: int) -> Change:
        """Ask that a running change be stopped, whichever process runs it.

        Returns:
            The change: RUNNING while its process is being asked, INTERRUPTED when that process is gone.

        Raises:
            BadInput: it does not run.
        """
        change = await self.get(change_id)
        if change.state is not ChangeState.RUNNING:
            raise BadInput(f"{change.name} is not running: it is {change.state}.")
        if await self._interrupt_if_orphan(change):
            return await self.get(change_id)
        await self._ledger.record(self._fact(change, ChangeStopAsked(change=change.id)))
        return change

    async def heed_stops(self, heart: Heart) -> None:
        """Stop changes of this process when anybody asks, or has asked while nobody listened. Run by the supervisor."""
        heart.beat()
        with self._ledger.hub.listen("changes to stop", ChangeStopAsked) as ear:
            for number in list(self._running):
                if await self._store.journal.search(kinds=[ChangeStopAsked.kind], correlation_id=f"c{number}", limit=1):
                    self._stop_here(number)
            async for facts in ear.batches():
                for fact in facts:
                    if isinstance(fact.event, ChangeStopAsked):
                        self._stop_here(fact.event.change)

    def _stop_here(self, change_id: int) -> None:
        task = self._running.get(change_id)
        if task is not None and change_id not in self._stopping:
            self._stopping.add(change_id)
            task.cancel()

    async def sweep(self, heart: Heart) -> None:
        """Expire what waited too long and mark what a dead process left running. Run under the lease."""
        while True:
            heart.beat()
            if not self._store.read_only_because:
                await self.settle()
            await asyncio.sleep(SWEEP_EVERY_S)

    async def settle(self) -> None:
        """Let what waited too long expire, and say of what a dead process left running that nobody saw its end.

        Safe in every process: each of it happens once.

        Raises:
            StorageError: nothing can be written now.
        """
        now = self._clock.now()
        for change in await self.list(lifecycle.WAITING_STATES, limit=SWEPT_AT_ONCE):
            if now > change.order.expires_at:
                await self._expire(change)
        for change in await self.list([ChangeState.RUNNING], limit=SWEPT_AT_ONCE):
            await self._interrupt_if_orphan(change)
        await self._settle_rollbacks()

    async def _interrupt_if_orphan(self, running: Change) -> bool:
        """End a change whose process is gone; return whether it was."""
        runner = await self._store.changes.runner(running.id)
        if not runner or await self._alive(runner):
            return False
        change = await self.get(running.id)  # as the dead process left it: it may have ended after all
        if change.state is ChangeState.RUNNING:
            ended = await self._with_kept_sizes(lifecycle.interrupt(change, now=self._clock.now()))
            event = ChangeEnded(change=change.id, state=ended.state)
            await self._try_move(ended, change.state, event, by="opsterm", outcomes=ended.outcomes)
        return True

    async def _with_kept_sizes(self, change: Change) -> Change:
        """Count what a dead process had kept of the output; how much more came, nobody saw."""
        outcomes = []
        for outcome in change.outcomes:
            kept = 0
            if outcome.state is OutcomeState.UNKNOWN:
                kept = len(await self.output(change.id, outcome.target, limit=1 << 40))
            outcomes.append(replace(outcome, output_bytes=kept, kept_bytes=kept) if kept else outcome)
        return replace(change, outcomes=tuple(outcomes))

    async def _expire(self, change: Change) -> None:
        expired = lifecycle.expire(change, now=self._clock.now())
        await self._try_move(expired, change.state, ChangeExpired(change=change.id), by="opsterm")

    async def output(self, change_id: int, target: str, *, offset: int = 0, limit: int = 1_000_000) -> bytes:
        """Return what a target printed, as kept, from `offset`. Raw bytes: clean them before showing."""
        return await self._store.output.read(change_id, target, offset=offset, limit=limit)

    async def unless_over(self, change: Change) -> Change:
        """Return the change; let it expire when its time is over, void it when a target is not what it was."""
        if change.state not in lifecycle.WAITING_STATES:
            return change
        if self._clock.now() > change.order.expires_at:
            await self._expire(change)
            return await self.get(change.id)
        why = (
            await self._checks.difference(change)
            or self._rollouts.difference(change.order)
            or await self._gate.difference(change)
        )
        if not why:
            return change
        voided = lifecycle.void(change, why=why, now=self._clock.now())
        await self._try_move(voided, change.state, ChangeVoided(change=change.id, why=why), by="opsterm")
        raise NotApproved(
            f"{change.name} is void: {why}", next_step="Propose it again, so that what you approve is what would run."
        )

    async def _move(self, change: Change, expected: ChangeState, event: Event) -> None:
        if not await self._try_move(change, expected, event):
            fresh = await self.get(change.id)
            raise NotApproved(
                f"{change.name} was decided elsewhere: it is {fresh.state}.", next_step="Nothing was changed here."
            )

    async def _try_move(
        self, change: Change, expected: ChangeState, event: Event, *, by: str = "", outcomes: Sequence[Outcome] = ()
    ) -> bool:
        fact = self._fact(change, event, by=by)
        moved = await self._store.changes.move(change, expected=expected, facts=[fact], outcomes=outcomes)
        if moved is None:
            return False
        self._ledger.committed(moved)
        return True


def change_number(text: str) -> int:
    """Return 18 for "c18" or "18". Raises BadInput."""
    number = text.strip().lower().removeprefix("c")
    if not (number.isascii() and number.isdigit()) or len(number) > 15:
        raise BadInput(f"{text!r} is not the number of a change.", next_step="Write it as in c18.")
    return int(number)
