"""Use-cases of changes: propose, approve, deny, run, stop, look back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState
from opsterm.changes.events import (
    ChangeApproved,
    ChangeDenied,
    ChangeEnded,
    ChangeExpired,
    ChangeProposed,
    ChangeStopAsked,
    ChangeVoided,
)
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, Bug, NotApproved, NotFound, Refused
from opsterm.core.events import Event, Fact
from opsterm.core.settings import ChangeSettings
from opsterm.policy.mask import mask
from opsterm.policy.order import Order, OrderTarget
from opsterm.policy.risk import assess
from opsterm.runtime.executor import Executor
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Operator, Store
from opsterm.runtime.supervisor import Heart, Supervisor

SWEEP_EVERY_S = 5.0
SHELLS = ("sh", "bash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is asked for, before it becomes a change.

    Attributes:
        command: the text for the shell, exactly.
        selector: which targets.
        shell: one of SHELLS.
        reason: why, "" when not said.
        origin: "chat", "screen" or "command line".
        timeout_s: seconds it may run on one target; None for the setting.
    """

    command: str
    selector: str
    shell: str = "sh"
    reason: str = ""
    origin: str
    timeout_s: float | None = None


class Changes:
    """Everything that can be done with a change. `start` is `approve`'s other half: it runs what was approved."""

    def __init__(
        self, store: Store, ledger: Ledger, clock: Clock, *, settings: ChangeSettings, operator: Operator,
        inventory: Inventory, executor: Executor, supervisor: Supervisor, alive: Callable[[str], Awaitable[bool]],
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._operator = operator
        self._inventory = inventory
        self._executor = executor
        self._supervisor = supervisor
        self._alive = alive
        self._running: dict[int, asyncio.Task[object]] = {}
        self._stopping: set[int] = set()

    async def propose(self, proposal: Proposal) -> Change:
        """Record a proposal and return it with its number, risk and digest.

        Raises:
            BadInput: no command, an unknown shell, no target matches.
            Refused: opsterm is in read-only mode.
        """
        if self._settings.read_only:
            raise Refused(
                "Nothing can be proposed: opsterm is in read-only mode.",
                why="The setting changes.read_only is true.",
                next_step="Set changes.read_only = false in config.toml if this account may change targets.",
            )
        if not proposal.command.strip():
            raise BadInput("There is no command to run.", next_step="Write the command behind --, as in: -- uptime")
        if "\x00" in proposal.command:
            raise BadInput("A command cannot hold a zero byte.")
        if proposal.shell not in SHELLS:
            raise BadInput(f"{proposal.shell!r} is not a shell that this version runs.", next_step="Use sh or bash.")
        rows = await self._inventory.resolve(proposal.selector)
        targets = tuple(self._inventory.order_target(row.target) for row in rows)
        now = self._clock.now()
        order = Order(
            command=proposal.command,
            shell=proposal.shell,
            targets=targets,
            timeout_s=proposal.timeout_s or self._settings.timeout_s,
            expires_at=now + self._settings.approval_expires_s,
        )
        risk = assess(order.command, order.shell, targets, [row.target.environment for row in rows])
        change = lifecycle.propose(
            order=order, selector=proposal.selector, risk=risk, reason=proposal.reason, origin=proposal.origin,
            by=self._operator.name, now=now,
        )  # fmt: skip
        kept, facts = await self._store.changes.insert(change, lambda made: [self._proposed(made)])
        self._ledger.committed(facts)
        return kept

    def _proposed(self, change: Change) -> Fact:
        return self._fact(
            change,
            ChangeProposed(
                change=change.id,
                command=mask(change.order.command)[0],
                targets=tuple(t.name for t in change.order.targets),
                risk=change.risk.level,
                digest=change.digest,
                reason=mask(change.reason)[0],
                origin=change.origin,
            ),
        )

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

    async def approve(self, change_id: int, *, digest: str) -> Change:
        """Approve the bytes with this digest, as the account that asks.

        Args:
            change_id: the change.
            digest: the digest that the approver was shown.

        Raises:
            NotApproved: expired, already decided, other bytes, or a target is no longer what it was.
        """
        if self._settings.read_only:
            raise Refused("Nothing can be approved: opsterm is in read-only mode.")
        change = await self._unless_void(await self.get(change_id))
        approved = lifecycle.approve(change, by=self._operator.name, digest=digest, now=self._clock.now())
        await self._move(approved, ChangeState.PROPOSED, ChangeApproved(change=change.id, digest=digest))
        return approved

    async def deny(self, change_id: int, *, note: str = "") -> Change:
        """Say no. Raises NotApproved when it is no longer waiting."""
        change = await self.get(change_id)
        denied = lifecycle.deny(change, by=self._operator.name, note=mask(note)[0], now=self._clock.now())
        await self._move(denied, change.state, ChangeDenied(change=change.id, note=denied.decision_note))
        return denied

    async def run(self, change_id: int) -> Change:
        """Run an approved change here and wait for its end, also when somebody stops it.

        Cancelling the caller stops it as well.
        """
        await self._unless_void(await self.get(change_id))
        task = asyncio.current_task()
        if task is None:
            raise Bug("a change runs outside a task")
        self._running[change_id] = task
        try:
            return await self._executor.run(change_id)
        except asyncio.CancelledError:
            if change_id not in self._stopping:
                raise
            task.uncancel()
            return await self.get(change_id)
        finally:
            self._running.pop(change_id, None)
            self._stopping.discard(change_id)

    def start(self, change_id: int) -> None:
        """Run an approved change here in the background; its end is told as a fact."""

        async def work(heart: Heart) -> None:
            heart.beat()
            await self.run(change_id)

        self._supervisor.start(f"change c{change_id}", work, restart=False)

    async def stop(self, change_id: int) -> None:
        """Ask that a running change be stopped, whichever process runs it."""
        change = await self.get(change_id)
        if change.state is not ChangeState.RUNNING:
            raise BadInput(f"{change.name} is not running: it is {change.state}.")
        await self._ledger.record(self._fact(change, ChangeStopAsked(change=change.id)))

    async def heed_stops(self, heart: Heart) -> None:
        """Stop changes of this process when anybody asks. Run by the supervisor."""
        heart.beat()
        with self._ledger.hub.listen("changes to stop", ChangeStopAsked) as ear:
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
            now = self._clock.now()
            for change in await self.list([ChangeState.PROPOSED, ChangeState.APPROVED]):
                if now > change.order.expires_at:
                    await self._try_move(
                        lifecycle.expire(change, now=now), change.state, ChangeExpired(change=change.id)
                    )
            for change in await self.list([ChangeState.RUNNING]):
                if not await self._alive(await self._store.changes.runner(change.id)):
                    ended = lifecycle.interrupt(change, now=now)
                    for outcome in ended.outcomes:
                        await self._store.changes.save_outcome(change.id, outcome, [])
                    await self._try_move(ended, change.state, ChangeEnded(change=change.id, state=ended.state))
            await asyncio.sleep(SWEEP_EVERY_S)

    async def output(self, change_id: int, target: str, *, offset: int = 0, limit: int = 1_000_000) -> bytes:
        """Return what a target printed, as kept, from `offset`. Raw bytes: clean them before showing."""
        return await self._store.output.read(change_id, target, offset=offset, limit=limit)

    async def _unless_void(self, change: Change) -> Change:
        """Return the change, or void it when one of its targets is not what it was when it was proposed."""
        why = await self._difference(change.order.targets)
        if not why or change.state not in (ChangeState.PROPOSED, ChangeState.APPROVED):
            return change
        voided = lifecycle.void(change, why=why, now=self._clock.now())
        await self._try_move(voided, change.state, ChangeVoided(change=change.id, why=why), by="opsterm")
        raise NotApproved(
            f"{change.name} is void: {why}", next_step="Propose it again, so that what you approve is what would run."
        )

    async def _difference(self, targets: Sequence[OrderTarget]) -> str:
        for target in targets:
            try:
                now = self._inventory.order_target(await self._inventory.get(target.name))
            except NotFound:
                return f"{target.name} is no longer in the inventory."
            if now != target:
                return f"{target.name} is reached differently than when it was proposed."
        return ""

    async def _move(self, change: Change, expected: ChangeState, event: Event) -> None:
        if not await self._try_move(change, expected, event):
            fresh = await self.get(change.id)
            raise NotApproved(
                f"{change.name} was decided elsewhere: it is {fresh.state}.", next_step="Nothing was changed here."
            )

    async def _try_move(self, change: Change, expected: ChangeState, event: Event, *, by: str = "") -> bool:
        moved = await self._store.changes.move(change, expected=expected, facts=[self._fact(change, event, by=by)])
        if moved is None:
            return False
        self._ledger.committed(moved)
        return True


def change_number(text: str) -> int:
    """Return 18 for "c18" or "18". Raises BadInput."""
    number = text.strip().lower().removeprefix("c")
    if not number.isdigit() or len(number) > 15:
        raise BadInput(f"{text!r} is not the number of a change.", next_step="Write it as in c18.")
    return int(number)
