"""What is looked at when a change is proposed, and again before it is approved or run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from opsterm.changes.change import Change
from opsterm.changes.guard import UNGUARDED, Guard, guard_in, guard_of, unguarded_risk
from opsterm.changes.way_back.prepared import coverage_of, has_way_back
from opsterm.core.errors import NotFound
from opsterm.monitoring.session_path import SessionPath
from opsterm.policy.lockout import NO_LOCKOUT, Lockout, lockout_of
from opsterm.policy.order import Order, OrderTarget
from opsterm.policy.risk import Risk, assess
from opsterm.policy.understanding import READERS, understand
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.surroundings import KnownSurroundings

Ways = Callable[[Sequence[OrderTarget]], Awaitable[Sequence[SessionPath]]]


class ChangeChecks:
    """Judges orders by what the inventory and our sessions say of their targets now.

    Args:
        inventory: targets.
        ways: returns how our sessions reach targets.
        looked_again: looks up again what was shown beforehand of an approved change; returns what differs.
        surroundings: adds to where an order would run what else is known of it.
    """

    def __init__(
        self, inventory: Inventory, ways: Ways, looked_again: Callable[[Change], Awaitable[str]],
        surroundings: KnownSurroundings,
    ) -> None:  # fmt: skip
        self._inventory = inventory
        self._ways = ways
        self._looked_again = looked_again
        self._surroundings = surroundings

    async def risk(
        self, order: Order, environments: Sequence[str], warnings: Sequence[str] = (), *, way_back: bool = True,
        guard: Guard = UNGUARDED, inverse: str = "",
    ) -> Risk:  # fmt: skip
        """Return the grade of an order by what is known here; no target is asked.

        Args:
            order: any order.
            environments: of each target, "" where it is not said.
            warnings: whole sentences of what else should be known.
            way_back: whether what it touches is to be kept; of an order that has its terms these say so.
            guard: how it is to be confirmed; the same.
            inverse: the command that takes it back; the same.
        """
        names = [target.name for target in order.targets]
        place = replace(self._inventory.surroundings(names), environments=tuple(environments))
        kept = way_back if order.terms is None else has_way_back(order)
        around = await self._surroundings.around(
            order.command, order.shell, place, coverage=coverage_of(order, kept=kept, inverse=inverse),
            tags=self._inventory.tags(names), become=order.become,
        )  # fmt: skip
        risk = assess(
            order.command, order.shell, order.targets, environments, warnings, how=order.run_as, around=around,
            ways=await self._ways(order.targets),
        )  # fmt: skip
        return unguarded_risk(risk, guard if order.terms is None else guard_in(order.terms))

    async def lockout(self, order: Order) -> Lockout:
        """Return what an order may do to our way, by what is known here."""
        if order.shell not in READERS:
            return NO_LOCKOUT
        return lockout_of(understand(order.command, order.shell), await self._ways(order.targets))

    async def difference(self, change: Change) -> str:
        """Return a sentence when a change is no longer what was proposed or shown, "" otherwise.

        Args:
            change: one that waits; of an approved one its previews are looked up again.
        """
        return (
            await self._difference_of_targets(change.order)
            or await self._unguarded(change.order)
            or await self._looked_again(change)
        )

    async def _unguarded(self, order: Order) -> str:
        """Return a sentence when an order has no guard and needs one by what is known by now, "" otherwise."""
        guard = guard_of(order)
        if guard.seconds or guard.unguarded or not (await self.lockout(order)).cuts:
            return ""
        return "It can cut our way to the target by what is known now, and nothing takes it back by itself."

    async def _difference_of_targets(self, order: Order) -> str:
        await self._inventory.reload()  # another process may have edited one a moment ago
        places = order.terms.environments if order.terms is not None else ()
        for number, target in enumerate(order.targets):
            try:
                now = await self._inventory.get(target.name)
            except NotFound:
                return f"{target.name} is no longer in the inventory."
            if self._inventory.order_target(now) != target:
                return f"{target.name} is reached differently than when it was proposed."
            if places and now.environment != places[number]:
                return f"{target.name} is in another environment than when it was proposed."
        return ""
