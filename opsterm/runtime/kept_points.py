"""Where recovery points on this host are, opened when first asked for: a single command seldom needs them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from opsterm.core.clock import Clock
from opsterm.core.recovery_settings import RecoverySettings
from opsterm.runtime.bound_credentials import BoundCredentials
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload

if TYPE_CHECKING:
    from opsterm.runtime.edges import Edges
    from opsterm.runtime.ports_recovery import RecoveryStore
    from opsterm.runtime.recovery_copies import RecoveryCopies


class KeptPoints:
    """The recovery points on this host.

    Args:
        settings: how much of what changes touch is copied.
        edges: open the store.
        credentials: may hold its key.
        ledger: tells of copies.
    """

    def __init__(
        self, settings: RecoverySettings, edges: Edges, offload: Offload, clock: Clock,
        credentials: Callable[[], BoundCredentials], ledger: Callable[[], Ledger],
    ) -> None:  # fmt: skip
        self._settings = settings
        self._edges = edges
        self._offload = offload
        self._clock = clock
        self._credentials = credentials
        self._ledger = ledger
        self._store: RecoveryStore | None = None

    async def store(self) -> RecoveryStore:
        """Return the store, opened once."""
        if self._store is None:
            self._store = await self._edges.open_recovery(self._credentials())
        return self._store

    @cached_property
    def copies(self) -> RecoveryCopies:
        """What is copied here of what changes touch."""
        from opsterm.runtime.recovery_copies import RecoveryCopies  # noqa: PLC0415 (loaded when a change needs it)

        return RecoveryCopies(
            self.store, self._ledger(), self._clock, self._offload.pool("captures"),
            limit_mb=self._settings.copy_limit_mb,
        )  # fmt: skip
