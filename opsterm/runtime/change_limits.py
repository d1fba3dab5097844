"""Limits as things are now: what was run lately, which breakers are open, whether a window is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.events import ChangeBreakerReset
from opsterm.core.approval_settings import LimitSetting
from opsterm.core.errors import BadInput, Refused
from opsterm.policy.approval import POLICY, READS_ONLY
from opsterm.policy.change_windows import Zone
from opsterm.policy.limits import (
    PastRun,
    applying,
    decision_outside,
    require_rate,
    require_within,
    tripped,
)
from opsterm.policy.order import Order
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import Store

LOOKED_AT = 2_000
"""Newest changes that are looked at for rates and breakers."""

_FAILED = frozenset({ChangeState.FAILED, ChangeState.INTERRUPTED})
_BACK = frozenset({ChangeState.ROLLED_BACK, ChangeState.ROLLBACK_FAILED})
"""They count by how the change itself went: one that its target took back has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """One limit with a breaker.

    Attributes:
        environment: as the setting has it.
        failures: how many in a row open it.
        is_open: whether nothing is approved there now.
    """

    environment: str
    failures: int
    is_open: bool


class ChangeLimits:
    """Looks whether a change is within the limits of its environments."""

    def __init__(self, store: Store, ledger: Ledger, limits: Sequence[LimitSetting], zone: Zone) -> None:
        self._store = store
        self._ledger = ledger
        self._limits = limits
        self._zone = zone

    def require_within(self, order: Order, environments: Sequence[str]) -> None:
        """Check what can be told from the order alone. Raises Refused."""
        require_within(order, applying(self._limits, environments))

    def decision(self, environments: Sequence[str]) -> tuple[str, str]:
        """Return what the hour asks for: ("deny", window), ("two persons", window), or ("", "")."""
        limits = applying(self._limits, environments)
        return decision_outside(limits, now=self._ledger.clock.now(), zone=self._zone)

    def require_open_window(self, environments: Sequence[str]) -> None:
        """Check that no window that denies is closed. Raises Refused."""
        decision, window = self.decision(environments)
        if decision == "deny":
            raise Refused(
                "Changes do not run there at this time.", why=f"The window is {window}.",
                next_step="Wait until it is open. Where approvals.break_glass allows it, --break-glass goes past it.",
            )  # fmt: skip

    async def require_calm(self, environments: Sequence[str], *, by: str) -> None:
        """Check rates and breakers. Raises Refused."""
        limits = applying(self._limits, environments)
        if not any(limit.per_hour or limit.failures for limit in limits):
            return
        past = await self._past()
        require_rate(limits, past, by=by, now=self._ledger.clock.now())
        for limit in limits:
            if tripped(limit, past, reset_at=await self._reset_at(limit)):
                raise Refused(
                    f"Nothing is approved in {limit.environment}: {limit.failures} changes in a row have failed.",
                    next_step="Find out why. Then a person lets it go on: "
                    f"opsterm breaker --reset '{limit.environment}' --reason …",
                )

    async def breakers(self) -> Sequence[Breaker]:
        """Return every breaker of the settings."""
        if not any(limit.failures for limit in self._limits):
            return []
        past = await self._past()
        return [
            Breaker(
                environment=limit.environment, failures=limit.failures,
                is_open=tripped(limit, past, reset_at=await self._reset_at(limit)),
            )
            for limit in self._limits if limit.failures
        ]  # fmt: skip

    async def reset(self, environment: str, note: str) -> None:
        """Let changes go on, as a person says. Raises BadInput: there is no such breaker, or no reason."""
        known = [limit.environment for limit in self._limits if limit.failures]
        if environment not in known:
            raise BadInput(
                f"There is no breaker of {environment!r}.", next_step=f"There is: {', '.join(known) or 'none'}."
            )
        if not note.strip():
            raise BadInput("A breaker is not reset without a reason.", next_step="Say with --reason what was found.")
        await self._ledger.record(self._ledger.fact(ChangeBreakerReset(environment=environment, note=note)))

    async def _reset_at(self, limit: LimitSetting) -> float:
        facts = await self._store.journal.search(kinds=[ChangeBreakerReset.kind], limit=LOOKED_AT)
        resets = [fact.at for fact in facts if getattr(fact.event, "environment", None) == limit.environment]
        return max(resets, default=0.0)

    async def _past(self) -> Sequence[PastRun]:
        return [_past_run(change) for change in await self._store.changes.list((), LOOKED_AT) if _counts(change)]


def _counts(change: Change) -> bool:
    only_reads = change.decided_by == POLICY and change.decision_note == READS_ONLY
    return bool(change.started_at) and not only_reads


def _past_run(change: Change) -> PastRun:
    return PastRun(
        by=change.requested_by,
        environments=change.order.terms.environments if change.order.terms is not None else (),
        started_at=change.started_at,
        ended_at=change.ended_at,
        failed=change.state in _FAILED or (change.state in _BACK and change.ended_badly),
    )
