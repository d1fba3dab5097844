"""Use-cases of rollbacks: what can be taken back, the change that does it, and what is proven afterwards.

A rollback is a change like any other: proposed, approved and run by the executor. What was kept stands in the journal
and on the targets themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.events import ChangeCaptured, ChangeGuarded, ChangeRolledBack, ChangeStepStarted
from opsterm.changes.guard import OPEN, GuardState, guard_of
from opsterm.changes.plan_steps import undoing
from opsterm.changes.rollout import backwards, rollout_of
from opsterm.changes.way_back.prepared import inverse_of, prepared, restoring
from opsterm.core.errors import BadInput, NotFound
from opsterm.policy.order import PLAN, RESTORE, RunAs
from opsterm.policy.plan_order import undone_by
from opsterm.policy.restoring import Stored
from opsterm.policy.way_back import WayBack
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import Store
from opsterm.runtime.proposal import Proposal

if TYPE_CHECKING:
    from opsterm.runtime.recovery_copies import RecoveryCopies

KEPT_FACTS = 100_000
LOOKED_BACK_S = 2 * 86_400.0
"""Seconds within which it is looked for rollbacks of which a process that died has not said what they have proven."""

_TRIED = (OutcomeState.DONE, OutcomeState.FAILED, OutcomeState.TIMED_OUT, OutcomeState.UNKNOWN, OutcomeState.CANCELLED)
_NOT_BEGUN = (OutcomeState.WAITING, OutcomeState.UNREACHABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackWish:
    """What is to be taken back.

    Attributes:
        change: number of the change.
        targets: on which of its targets; () for all that it has touched.
        insist: whether what somebody else has changed since is put back, too.
        reason: why, "" when not said.
        origin: "chat", "screen" or "command line".
    """

    change: int
    targets: Sequence[str] = ()
    insist: bool = False
    reason: str = ""
    origin: str


class Rollbacks:
    """Takes changes back.

    Args:
        store: where changes and facts are kept.
        ledger: tells what was put back.
        propose: proposes a change.
        copies: has what is kept on this host.
    """

    def __init__(
        self, store: Store, ledger: Ledger, propose: Callable[[Proposal], Awaitable[Change]],
        copies: Callable[[], RecoveryCopies],
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._propose = propose
        self._settled: set[int] = set()
        self._copies = copies

    async def open_targets(self, change: Change) -> tuple[str, ...]:
        """Return the targets on which something was kept that is not proven to be back, in the order of the order."""
        return (await self._open(change))[0]

    async def _open(self, change: Change) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the targets with something kept that is not back, and those where the inverse has not ended well."""
        kept: set[str] = set()
        back: set[str] = set()
        undone: set[str] = set()
        kinds = [ChangeCaptured.kind, ChangeStepStarted.kind, ChangeRolledBack.kind]
        for fact in await self._store.journal.search(kinds=kinds, correlation_id=change.name, limit=KEPT_FACTS):
            told = fact.event
            if isinstance(told, (ChangeCaptured, ChangeStepStarted)):
                kept.add(told.target)
            elif isinstance(told, ChangeRolledBack) and told.equal:
                (undone if told.by_inverse else back).add(told.target)
        names = [target.name for target in change.order.targets]
        begun = {one.target for one in change.outcomes if one.started_at and one.state not in _NOT_BEGUN}
        left = begun - undone if inverse_of(change.order) else set()
        still = [name for name in names if name in kept - back]
        if change.order.shell == PLAN:  # some of its steps may leave nothing to take back
            still = [name for name in still if undoing(change, [name]).steps]
        return tuple(still), tuple(name for name in names if name in left)

    async def propose(self, wish: RollbackWish) -> Change:
        """Propose the change that takes another one back, on the targets where that is still to be done.

        It goes over them as the first did, in the reverse order, and on to the last whatever fails.

        Raises:
            NotFound: there is no such change.
            BadInput: it still waits or runs, has no way back, is taken back already, or a target may still do that.
            NotApproved: this version knows another way back than the one that was prepared.
            Refused: as `Changes.propose`.
        """
        change = await self._get(wish.change)
        way, inverse = prepared(change.order), inverse_of(change.order)
        if change.state in (*lifecycle.WAITING_STATES, ChangeState.RUNNING):
            raise BadInput(f"{change.name} is {change.state}: there is nothing to take back yet.")
        if way is None and not inverse:
            raise BadInput(
                f"{change.name} has no way back: nothing was kept before it ran.",
                next_step=f"See what it did: opsterm output {change.name}. What undoes it can be proposed by hand.",
            )
        await self._refuse_guarded(change)
        still, undone_not = await self._open(change)
        names = [name for name in still if not wish.targets or name in wish.targets]
        others = [name for name in undone_not if not wish.targets or name in wish.targets]
        if way is not None and names:  # what was kept comes first: the inverse may start what reads it
            stored = await self._copies().stored_of(change, names)
            back = Proposal(
                command=_text(change, way, names, insist=wish.insist, stored=stored), selector=" or ".join(names),
                shell=PLAN if change.order.shell == PLAN else RESTORE, origin=wish.origin,
                how=RunAs(become=way.become), way_back=False,
            )  # fmt: skip
        elif others:
            order = change.order
            back = Proposal(
                command=inverse, selector=" or ".join(others), shell=order.shell, origin=wish.origin,
                how=order.run_as, timeout_s=order.timeout_s, undoes=change.id,
            )  # fmt: skip
        else:
            said = _why_nothing(change, elsewhere=bool(still or undone_not))
            raise BadInput(said, next_step=f"See it: opsterm change {change.name}")
        return await self._propose(
            replace(
                back, reason=wish.reason or f"takes back {change.name}", rollout=backwards(rollout_of(change.order)),
                backwards=True,
            )
        )  # fmt: skip

    async def _refuse_guarded(self, change: Change) -> None:
        """Refuse while a target may take it back by itself: it would do so once more, over what came in between."""
        if not guard_of(change.order).seconds:
            return
        heard = {one.target: GuardState.UNKNOWN for one in change.outcomes if one.state is OutcomeState.UNKNOWN}
        facts = await self._store.journal.search(
            kinds=[ChangeGuarded.kind], correlation_id=change.name, limit=KEPT_FACTS
        )
        heard |= {
            one.event.target: GuardState(one.event.state) for one in facts if isinstance(one.event, ChangeGuarded)
        }
        waits = [target.name for target in change.order.targets if heard.get(target.name) in OPEN]
        if waits:
            raise BadInput(
                f"{waits[0]} may still take {change.name} back by itself.",
                next_step=f"Ask it: opsterm status {change.name}. While it waits, opsterm revert {change.name} takes "
                "it back at once.",
            )

    async def _get(self, number: int) -> Change:
        change = await self._store.changes.get(number)
        if change is None:
            raise NotFound(f"There is no change c{number}.", next_step="`opsterm changes` lists those there are.")
        return change

    async def settle(self, ended: Change) -> None:
        """Say of a change that was taken back what was proven; anything but a rollback is left alone.

        Doing it again does nothing: a process may have died before it came to this, or half way.

        Raises:
            StorageError: it cannot be kept.
        """
        number = undone_by(ended.order)
        if not number:
            return
        change = await self._get(number)
        tried = [outcome for outcome in ended.outcomes if outcome.state in _TRIED and outcome.started_at]
        said = await self._said_by(ended, change)
        by_inverse = ended.order.terms is not None and bool(ended.order.terms.undoes)
        facts = [
            self._ledger.fact(
                ChangeRolledBack(
                    change=change.id, target=outcome.target, by_change=ended.id,
                    equal=outcome.state is OutcomeState.DONE, by_inverse=by_inverse,
                ),
                correlation_id=change.name,
            )
            for outcome in tried
            if outcome.target not in said
        ]  # fmt: skip
        if facts:
            await self._ledger.record(*facts)
        self._settled.add(ended.id)
        if change.state is ChangeState.ROLLED_BACK:
            return
        failed = any(outcome.state is not OutcomeState.DONE for outcome in tried)
        if not failed and any(await self._open(change)):
            return
        moved = lifecycle.take_back(change, failed=failed)
        if moved != change:
            await self._store.changes.move(moved, expected=change.state, facts=[])

    async def _said_by(self, ended: Change, change: Change) -> set[str]:
        """Return the targets of which it is told already what one rollback of a change has proven."""
        told = await self._store.journal.search(
            kinds=[ChangeRolledBack.kind], correlation_id=change.name, limit=KEPT_FACTS
        )
        events = [fact.event for fact in told]
        return {one.target for one in events if isinstance(one, ChangeRolledBack) and one.by_change == ended.id}

    async def settle_all(self) -> None:
        """Settle what a process that died has left unsaid.

        Raises:
            StorageError: nothing can be written now.
        """
        for ended in await self._store.changes.rollbacks(self._ledger.clock.now() - LOOKED_BACK_S):
            if ended.id not in self._settled:
                await self.settle(ended)


def _why_nothing(change: Change, *, elsewhere: bool) -> str:
    if elsewhere:
        return "It has touched none of these targets, or is taken back there already."
    if change.state is ChangeState.ROLLED_BACK:
        return f"{change.name} is taken back already."
    return f"{change.name} has nothing to take back: it ended before anything was kept, and so before it began."


def _text(
    change: Change, way: WayBack, names: Sequence[str], *, insist: bool, stored: Mapping[int, Sequence[Stored]]
) -> str:  # fmt: skip
    """Return what takes a change back: one putting back, or the steps of a plan in reverse."""
    if change.order.shell == PLAN:
        return undoing(change, names, insist=insist, stored=stored).text()
    return restoring(change, way, insist=insist, stored=stored.get(0, ())).text()
