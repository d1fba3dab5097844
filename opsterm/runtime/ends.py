"""How changes have ended: written at once, and again until the disk takes it."""

from __future__ import annotations

import asyncio

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.core.errors import OpstermError, StorageError, TimedOut, Unreachable
from opsterm.core.events import Fact
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import Store
from opsterm.runtime.supervisor import Heart

TRY_AGAIN_S = 3.0
"""How often an end that the disk did not take is written again."""


class Ends:
    """Keeps the ends of changes.

    Args:
        store: where changes are kept.
        ledger: where facts are told.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger
        self._unkept: dict[int, tuple[Change, Fact]] = {}

    async def keep(self, change: Change, told: Fact) -> Change:
        """Write an end with all its outcomes; return the change as it is kept.

        Args:
            change: that has ended.
            told: the fact that says so.

        Raises:
            StorageError: the disk did not take it; `keep_all` tries again.
        """
        try:
            return await self._keep(change, told)
        except StorageError:
            self._unkept[change.id] = change, told
            raise

    async def _keep(self, change: Change, told: Fact) -> Change:
        moved = await self._store.changes.move(
            change, expected=ChangeState.RUNNING, facts=[told], outcomes=change.outcomes
        )
        if moved is None:
            return await self._store.changes.get(change.id) or change
        self._ledger.committed(moved)
        return change

    @property
    def has_unkept(self) -> bool:
        """Whether the disk has not taken an end yet."""
        return bool(self._unkept)

    async def keep_all(self, heart: Heart) -> None:
        """Write ends that the disk did not take, until it takes them. Run by the supervisor."""
        while self._unkept:
            heart.beat()
            await asyncio.sleep(TRY_AGAIN_S)
            for number, (change, told) in list(self._unkept.items()):
                try:
                    await self._keep(change, told)
                except StorageError:
                    break
                del self._unkept[number]


def state_after(error: OpstermError, *, began: bool) -> OutcomeState:
    """Return how it went on a target.

    Args:
        error: was raised there.
        began: whether the command was begun.
    """
    if isinstance(error, TimedOut):
        return OutcomeState.TIMED_OUT
    if isinstance(error, Unreachable):
        # A line that broke while the command ran: whether it came to its end, nobody saw.
        return OutcomeState.UNKNOWN if began else OutcomeState.UNREACHABLE
    return OutcomeState.FAILED
