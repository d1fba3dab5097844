"""Use-cases of alerts: look, acknowledge, silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.events import Fact
from opsterm.monitoring import alerts as states
from opsterm.monitoring.alerts import OPEN_STATES, Alert
from opsterm.monitoring.events import AlertChanged
from opsterm.policy.mask import mask
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_store import Store
from opsterm.runtime.supervisor import Heart


class Alerts:
    """The alert feed. What is open is kept in memory and follows every process's changes."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock, *, operator: Operator) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._operator = operator
        self._open: dict[str, Alert] = {}  # by fingerprint: an alert that a full disk did not take has no number

    async def open(self) -> None:
        """Read what is open."""
        self._open = {alert.fingerprint: alert for alert in reversed(await self._store.alerts.open())}

    def feed(self) -> Sequence[Alert]:
        """Return what is firing, acknowledged or silenced: critical first, then the newest. Costs no query."""
        shown = [alert for alert in self._open.values() if alert.state in OPEN_STATES]
        return sorted(
            shown,
            key=lambda a: (
                a.state is not states.AlertState.FIRING,
                a.severity is not states.Severity.CRITICAL,
                -a.since,
            ),
        )

    def by_target(self) -> Mapping[str, Sequence[Alert]]:
        """Return open alerts by target name."""
        found: dict[str, list[Alert]] = {}
        for alert in self.feed():
            found.setdefault(alert.key.target, []).append(alert)
        return found

    async def recent(self, limit: int = 200) -> Sequence[Alert]:
        """Return the newest alerts, resolved ones included."""
        return [a for a in await self._store.alerts.recent(limit) if a.state is not states.AlertState.PENDING]

    async def get(self, alert_id: int) -> Alert:
        """Return one alert. Raises NotFound."""
        alert = await self._store.alerts.get(alert_id)
        if alert is None:
            raise NotFound(f"There is no alert a{alert_id}.", next_step="`opsterm alerts --all` lists those there are.")
        return alert

    async def acknowledge(self, alert_id: int, *, note: str = "") -> Alert:
        """Say: somebody works on it."""
        now = self._clock.now()
        return await self._change(
            alert_id,
            lambda a: states.acknowledge(a, self._operator.name, mask(note)[0], now),
            "acknowledged",
        )

    async def silence(self, alert_id: int, *, for_s: float, note: str = "") -> Alert:
        """Keep it quiet for a time that must end."""
        if not 1 <= for_s <= 90 * 86400:
            raise BadInput("A silence lasts between 1 s and 90 days.", next_step="Write it as in 30m, 4h or 2d.")
        now = self._clock.now()
        return await self._change(
            alert_id,
            lambda a: states.silence(a, self._operator.name, now + for_s, mask(note)[0], now),
            "silenced",
        )

    async def unsilence(self, alert_id: int) -> Alert:
        """End a silence or an acknowledgement: the alert fires again."""
        return await self._change(alert_id, states.unsilence, "silence ended")

    async def _change(self, alert_id: int, transition: Callable[[Alert], Alert], reason: str) -> Alert:
        def change(alert: Alert) -> Alert:
            if alert.state not in OPEN_STATES:
                raise BadInput(f"Alert a{alert_id} is {alert.state}; there is nothing to do.")
            return transition(alert)

        found = await self._store.alerts.update(alert_id, change, lambda a: [self.changed_fact(a, reason)])
        if found is None:
            return await self.get(alert_id)  # raises
        kept, facts = found
        self.keep(kept)
        self._ledger.committed(facts)
        return kept

    def changed_fact(self, alert: Alert, reason: str, *, by: str = "") -> Fact:
        """Return the fact that tells an alert's new state."""
        return self._ledger.fact(
            AlertChanged(
                alert=alert.id,
                target=alert.key.target,
                state=alert.state,
                severity=alert.severity,
                summary=alert.summary,
                reason=reason,
            ),
            by=by,
            correlation_id=f"a{alert.id}",
        )

    def keep(self, alert: Alert) -> None:
        """Remember an alert's newest form."""
        if alert.state is not states.AlertState.RESOLVED:
            self._open[alert.fingerprint] = alert
        elif alert.fingerprint in self._open and self._open[alert.fingerprint].id in (0, alert.id):
            del self._open[alert.fingerprint]

    async def follow(self, heart: Heart) -> None:
        """Take in what any process changes. Run by the supervisor."""
        heart.beat()
        with self._ledger.hub.listen("alerts in memory", AlertChanged) as ear:
            await self.open()
            async for facts in ear.batches():
                heart.beat()
                for number in {fact.event.alert for fact in facts if isinstance(fact.event, AlertChanged)}:
                    alert = await self._store.alerts.get(number)
                    if alert is not None:
                        self.keep(alert)


def alert_number(text: str) -> int:
    """Return 7 for "a7" or "7". Raises BadInput."""
    number = text.strip().lower().removeprefix("a")
    if not (number.isascii() and number.isdigit()) or len(number) > 15:
        raise BadInput(f"{text!r} is not the number of an alert.", next_step="Write it as in a7.")
    return int(number)
