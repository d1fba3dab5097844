"""Keeps what the watch decides, beside what persons decide about the same alerts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from opsterm.core.errors import StorageError
from opsterm.core.events import Fact
from opsterm.core.hub import Ear
from opsterm.monitoring.alerts import Alert, AlertState, Decision, Reason
from opsterm.monitoring.events import AlertChanged
from opsterm.monitoring.reconcile import reconcile
from opsterm.monitoring.sample import Sample
from opsterm.monitoring.watch import Among, Watch, any_series
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import Fence, Store

FIGURES_KEPT_EVERY_S = 10.0
"""How often a firing alert's count and last value are written when nothing else about it changed."""

RECENT_ALERTS = 500
"""Ended alerts that are read at the start: a silence outlives its alert, and a fault that comes back is the same."""

MONITOR = "monitor"
"""Who facts of the measuring worker are by."""


class AlertKeeper:
    """Lets the watch judge, and writes what it decides, not more often than needed.

    A person may decide about an alert at any moment, in any process. So an alert is written over the one that is kept
    at that moment, not over the one that was known here, and what was kept is handed back to the watch.
    """

    def __init__(self, store: Store, ledger: Ledger, alerts: Alerts, watch: Watch, fence: Fence) -> None:
        self._store = store
        self._ledger = ledger
        self._alerts = alerts
        self._watch = watch
        self._fence = fence
        self._known: dict[int, Alert] = {}  # by number, as it was last read or written here
        self._unwritten: list[Decision] = []  # ends that a full disk did not take

    async def load(self, now: float) -> None:
        """Take up the alerts that an earlier holder of the lease left."""
        found = {alert.id: alert for alert in await self._store.alerts.recent(RECENT_ALERTS)}
        found.update({alert.id: alert for alert in await self._store.alerts.open()})
        self._known = {number: alert for number, alert in found.items() if alert.is_open}
        for decision in self._watch.load(found.values(), now):
            await self._write(decision.alert, decision.reason)

    async def take_in(self, ear: Ear) -> None:
        """Hand alerts that somebody acknowledged or silenced to the watch: what the ear has heard of by now."""
        facts = await ear.batch() if ear.has_facts else ()
        for fact in facts:
            if isinstance(fact.event, AlertChanged) and fact.by != MONITOR:
                alert = await self._store.alerts.get(fact.event.alert)
                if alert is not None:
                    await self._adopt(alert)

    async def _adopt(self, alert: Alert) -> None:
        self._known[alert.id] = alert
        ended = self._watch.adopt(alert)
        if ended is not None:
            await self._write(ended.alert, ended.reason)

    async def judge(self, samples: Sequence[Sample], now: float) -> None:
        """Feed measurements to the watch and keep what follows."""
        again, self._unwritten = self._unwritten, []
        for decision in [*again, *self._watch.observe(samples, now), *self._watch.tick(now)]:
            await self._write(decision.alert, decision.reason)
        for alert in self._watch.unsaved(now, every_s=FIGURES_KEPT_EVERY_S):
            await self._write(alert, None if alert.id else Reason.FIRED)

    async def forget(self, target: str, now: float, *, among: Among = any_series) -> None:
        """End the alerts of a target, of those series that are no longer watched."""
        for decision in self._watch.forget(target, now, among=among):
            await self._write(decision.alert, decision.reason)

    def show(self) -> None:
        """Bring the figures of open alerts in this process up to date."""
        for alert in self._watch.open_alerts():
            self._alerts.keep(alert)

    async def _write(self, alert: Alert, reason: Reason | None) -> None:
        try:
            kept, facts = await self._save(alert, reason)
        except StorageError:
            if not self._store.read_only_because:
                raise
            self._alerts.keep(alert)
            if alert.state is AlertState.RESOLVED and alert.id:
                self._unwritten.append(Decision(alert=alert, reason=Reason.RESOLVED))
            return
        self._watch.adopt(kept)
        self._alerts.keep(kept)
        self._ledger.committed(facts)
        if kept.is_open:
            self._known[kept.id] = kept
        else:
            self._known.pop(kept.id, None)

    async def _save(self, alert: Alert, reason: Reason | None) -> tuple[Alert, Sequence[Fact]]:
        def facts(kept: Alert) -> Sequence[Fact]:
            untold = reason is None or (reason is Reason.SILENCE_ENDED and kept.state is AlertState.SILENCED)
            return [] if untold else [self._alerts.changed_fact(kept, str(reason), by=MONITOR)]

        over_kept = partial(reconcile, alert, known=self._known.get(alert.id))
        found = await self._store.alerts.update(alert.id, over_kept, facts, fence=self._fence) if alert.id else None
        if found is None:
            return await self._store.alerts.save(alert, facts, fence=self._fence)
        return found
