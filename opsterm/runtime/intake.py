"""Where measurements come in, whoever measured: kept, judged, and alerts raised and ended, one batch at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack

from opsterm.core.clock import Clock
from opsterm.core.errors import StorageError
from opsterm.core.hub import Ear
from opsterm.monitoring.events import AlertChanged
from opsterm.monitoring.sample import Sample
from opsterm.monitoring.watch import Among, Watch, any_series
from opsterm.runtime.alert_keeper import AlertKeeper
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import Fence, Store


class Intake:
    """One per process, shared by all that measure under the lease. After a failure it takes up the alerts anew."""

    def __init__(
        self, store: Store, ledger: Ledger, clock: Clock, *, alerts: Alerts, open_watch: Callable[[], Awaitable[Watch]]
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._alerts = alerts
        self._open_watch = open_watch
        self._lock = asyncio.Lock()
        self._fence: Fence | None = None
        self._keeper: AlertKeeper | None = None
        self._ear: Ear | None = None
        self._listening = ExitStack()

    async def open(self, fence: Fence) -> None:
        """Take up the alerts that an earlier holder of the lease left; harmless when that is done.

        Raises:
            LeaseLost: the fence does not hold.
            StorageError: they cannot be read.
        """
        async with self._lock:
            await self._opened(fence)

    async def take(self, samples: Sequence[Sample], fence: Fence) -> None:
        """Keep measurements of any targets and do what follows from them. Raises as `open`."""
        async with self._lock:
            keeper, ear = await self._opened(fence)
            try:
                await keeper.take_in(ear)
                await self._keep(samples, fence)
                await keeper.judge(samples, self._clock.now())
                await keeper.take_in(ear)
                keeper.show()
            except BaseException:
                self.close()
                raise

    async def forget(self, target: str, fence: Fence, *, among: Among = any_series) -> None:
        """End the alerts of a target, of those series that are no longer measured. Raises as `open`."""
        async with self._lock:
            keeper, _ = await self._opened(fence)
            try:
                await keeper.forget(target, self._clock.now(), among=among)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Stop listening; the next batch opens it again. Safe to call twice."""
        self._keeper = self._ear = self._fence = None
        self._listening.close()

    async def _opened(self, fence: Fence) -> tuple[AlertKeeper, Ear]:
        if self._keeper is None or self._ear is None or self._fence != fence:
            self.close()
            keeper = AlertKeeper(self._store, self._ledger, self._alerts, await self._open_watch(), fence)
            ear = self._listening.enter_context(self._ledger.hub.listen("alerts changed by hand", AlertChanged))
            try:
                await keeper.load(self._clock.now())
            except BaseException:
                self.close()
                raise
            self._keeper, self._ear, self._fence = keeper, ear, fence
        return self._keeper, self._ear

    async def _keep(self, samples: Sequence[Sample], fence: Fence) -> None:
        """Write samples; a disk that takes no writes costs the history, not the live view."""
        try:
            await self._store.samples.write(samples, fence=fence)
        except StorageError:
            if not self._store.read_only_because:
                raise
