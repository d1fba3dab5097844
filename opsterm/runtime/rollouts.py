"""Use-cases of rollouts: what an order would reach, how it goes over its targets, and going on where one stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from opsterm.changes import lifecycle
from opsterm.changes.blast_radius import blast_radius
from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.guard import guard_of
from opsterm.changes.plan_remainder import STEP_EVENTS, everywhere, names_of, remainder, steps_done
from opsterm.changes.rollout import NO_WISH, Rollout, RolloutWish, narrowed, planned, rollout_of, wish_of
from opsterm.changes.rollout_progress import failed_names, not_started_names
from opsterm.changes.verification import verification_of
from opsterm.changes.way_back.prepared import has_way_back, inverse_of
from opsterm.core.errors import BadInput, NotFound
from opsterm.monitoring.alerts import Alert
from opsterm.policy.order import HTTP, PLAN, RESTORE, Order
from opsterm.policy.plan_order import PlanOrder, parse_plan, takes_back
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports_store import Store
from opsterm.runtime.proposal import Proposal

KEPT_FACTS = 1_000_000
"""Facts about the steps of one plan that are read: a thousand targets of fifty steps have no more."""


class ResumePart(StrEnum):
    """Which targets of a change that has ended are gone on with; those that are done never are."""

    FAILED = "failed"
    NOT_STARTED = "not-started"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeWish:
    """What is to be gone on with.

    Attributes:
        change: number of the change.
        part: which of its targets.
        rollout: how it goes over them; NO_WISH for as before.
        again: whether the steps of a plan that are done on those targets are done once more.
        reason: why, "" when not said.
        origin: "chat", "screen" or "command line".
    """

    change: int
    part: ResumePart = ResumePart.ALL
    rollout: RolloutWish = NO_WISH
    again: bool = False
    reason: str = ""
    origin: str


class Rollouts:
    """Plans how orders go over their targets.

    Args:
        store: where changes are kept.
        inventory: targets.
        open_alerts: returns the open alerts by target.
        propose: proposes a change.
    """

    def __init__(
        self, store: Store, inventory: Inventory, open_alerts: Callable[[], Mapping[str, Sequence[Alert]]],
        propose: Callable[[Proposal], Awaitable[Change]],
    ) -> None:  # fmt: skip
        self._store = store
        self._inventory = inventory
        self._open_alerts = open_alerts
        self._propose = propose

    def text(self, wish: RolloutWish, names: Sequence[str], *, away: Sequence[str] = ()) -> str:
        """Return a rollout as an order binds it.

        Args:
            wish: what is asked for.
            names: of the targets.
            away: targets on which a change has failed that this one goes on with.

        Raises:
            BadInput: a word of it cannot be read.
        """
        groups = self._groups(names) if wish.max_unavailable else {}
        rollout = planned(wish, groups, away)
        return str(narrowed(rollout, len(names)) if wish.if_possible and names else rollout)

    def _groups(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the redundancy groups that targets are in, with all their members, sorted."""
        touched = sorted(share.name for share in self._inventory.surroundings(names).shares if share.partners)
        targets = [row.target for row in self._inventory.rows()] if touched else []
        return {group: tuple(target.name for target in targets if group in target.tags) for group in touched}

    def difference(self, order: Order) -> str:
        """Return a sentence when a redundancy group has other members than when it was proposed, "" otherwise."""
        bound = rollout_of(order).groups
        if not bound:
            return ""
        now = self._groups([target.name for target in order.targets])
        for group in sorted({*bound, *now}):
            if bound.get(group) != now.get(group):
                return f"{group} has other members than when it was proposed."
        return ""

    def silent(self, rollout: Rollout) -> Collection[str]:
        """Return the members of its groups that are known not to answer."""
        members = {name for names in rollout.groups.values() for name in names}
        return {name for name in members if (seen := self._inventory.seen(name)) is not None and not seen.answered}

    def blast_radius(self, change: Change) -> str:
        """Return how much a change would reach by the inventory and the alerts of now, in one line."""
        names = [target.name for target in change.order.targets]
        alerts = self._open_alerts()
        places = Counter(row.target.environment for row in self._inventory.rows())
        alerting = sum(bool(alerts.get(name)) for name in names)
        return blast_radius(self._inventory.surroundings(names), places, alerting)

    async def resume(self, wish: ResumeWish) -> Change:
        """Propose the change that goes on with one that has ended, on targets where it is not done.

        Of a plan only those steps are done there that are not done already, unless that is asked for.

        Raises:
            NotFound: there is no such change.
            BadInput: it still waits or runs, is proposed by another verb, or there is no such target.
            Refused: as `Changes.propose`.
        """
        first = await self._store.changes.get(wish.change)
        if first is None:
            raise NotFound(f"There is no change c{wish.change}.", next_step="`opsterm changes` lists those there are.")
        _require_resumable(first)
        failed, untouched = failed_names(first.outcomes), not_started_names(first.outcomes)
        chosen = {ResumePart.FAILED: failed, ResumePart.NOT_STARTED: untouched, ResumePart.ALL: failed + untouched}[
            wish.part
        ]
        if not chosen:
            raise BadInput(
                f"No target of {first.name} is {_MEANT[wish.part]}.",
                next_step=f"See how it went: opsterm change {first.name}",
            )
        order, command = first.order, first.order.command
        if order.shell == PLAN:
            plan = await self._remainder(first, chosen, again=wish.again)
            command, chosen = everywhere(plan).text(), names_of(plan)
        as_before = replace(wish_of(rollout_of(order)), if_possible=True)
        return await self._propose(
            Proposal(
                command=command, selector=" or ".join(chosen), shell=order.shell, origin=wish.origin,
                reason=f"resumes {first.name}{f': {wish.reason}' if wish.reason else ''}", timeout_s=order.timeout_s,
                how=order.run_as, rollout=wish.rollout if wish.rollout != NO_WISH else as_before,
                way_back=has_way_back(order), away=failed, guard=guard_of(order).wish(),
                verification=verification_of(order), inverse=inverse_of(order),
            )
        )  # fmt: skip

    async def _remainder(self, change: Change, chosen: Sequence[str], *, again: bool) -> PlanOrder:
        """Return what of a plan is still to be done on some of its targets. Raises BadInput as `remainder`."""
        kinds = [one.kind for one in STEP_EVENTS]
        facts = await self._store.journal.search(kinds=kinds, correlation_id=change.name, limit=KEPT_FACTS)
        done = dict(steps_done(fact.event for fact in facts))
        for outcome in change.outcomes:
            if (again and outcome.target in chosen) or outcome.state is OutcomeState.ROLLED_BACK:
                done[outcome.target] = frozenset()  # some of its steps may have left nothing to take back
        names = [target.name for target in change.order.targets]
        return remainder(parse_plan(change.order.command), names, chosen, done, name=change.name)


_MEANT = {ResumePart.FAILED: "failed", ResumePart.NOT_STARTED: "not started", ResumePart.ALL: "failed or not started"}


def _require_resumable(change: Change) -> None:
    if change.state in (*lifecycle.WAITING_STATES, ChangeState.RUNNING) or not change.started_at:
        raise BadInput(
            f"{change.name} is {change.state}: there is nothing to resume.",
            next_step=f"See where it stands: opsterm change {change.name}",
        )
    if change.order.shell in (RESTORE, HTTP) or takes_back(change.order.command, change.order.shell):
        raise BadInput(
            f"{change.name} is no command, plan or file, and only these are resumed.",
            next_step="Propose it again by the verb that it came from, for the targets that are left.",
        )
