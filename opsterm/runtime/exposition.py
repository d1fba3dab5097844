"""Use-case of the metrics page: what opsterm knows, in the Prometheus text format."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm import __version__
from opsterm.core.clock import Clock
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.exposition import exposition
from opsterm.monitoring.sample import Sample
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.monitoring import Monitoring

OLD_S = 300.0
"""A remote target's values that are older are of a target that is measured no longer."""


class Exposition:
    """Makes the page from what is in memory."""

    def __init__(self, clock: Clock, inventory: Inventory, monitoring: Monitoring, alerts: Alerts) -> None:
        self._clock = clock
        self._inventory = inventory
        self._monitoring = monitoring
        self._alerts = alerts

    async def page(self, target: str = "") -> str:
        """Return the page, of one target or ("") of all that are measured and still in the inventory."""
        await self.know(target)
        return exposition(
            self.samples(target),
            alerts=self._alerts.feed(),
            statuses=[row.status for row in self._inventory.rows()],
            version=__version__,
        )

    async def know(self, target: str = "") -> None:
        """Read what `samples` will need, once."""
        named = [target] if target else {key.target for key in await self._monitoring.all_series()}
        await self._monitoring.know(named)

    def samples(self, target: str = "") -> Sequence[Sample]:
        """Return the newest samples of one target, or ("") of all that are in the inventory and measured now."""
        if target:
            return self._monitoring.latest(target)
        return [s for s in self._monitoring.latest("") if self._inventory.target(s.key.target) and self._is_new(s)]

    def _is_new(self, sample: Sample) -> bool:
        """Return whether a value is worth a scrape: Prometheus stamps it with its own time."""
        name = sample.key.target
        if name == LOCALHOST and not sample.key.metric.startswith("check."):
            return True
        every_s = max(self._monitoring.interval_s(name), self._monitoring.every_s(sample.key))
        return self._clock.now() - sample.at <= max(OLD_S, 3 * every_s)
