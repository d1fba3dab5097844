"""Use-case of the metrics page: what opsterm knows, in the Prometheus text format."""

from __future__ import annotations

from opsterm import __version__
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.exposition import exposition
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.monitoring import Monitoring


class Exposition:
    """Makes the page from what is in memory."""

    def __init__(self, inventory: Inventory, monitoring: Monitoring, alerts: Alerts) -> None:
        self._inventory = inventory
        self._monitoring = monitoring
        self._alerts = alerts

    def page(self, target: str = "") -> str:
        """Return the page, of one target or ("") of all that are measured."""
        return exposition(
            self._monitoring.latest(target or LOCALHOST),
            alerts=self._alerts.feed(),
            statuses=[row.status for row in self._inventory.rows()],
            version=__version__,
        )
