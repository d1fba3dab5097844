"""Compares targets with their baselines, at an interval and after every change; what differs becomes an alert."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from opsterm.changes.events import ChangeEnded
from opsterm.changes.recovery.difference import Difference
from opsterm.changes.recovery.point import RecoveryPoint
from opsterm.core.clock import Clock
from opsterm.core.errors import LeaseLost, OpstermError
from opsterm.core.text import clean_line
from opsterm.monitoring.drift import DRIFT
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.policy.mask import mask
from opsterm.runtime.changes import Changes
from opsterm.runtime.drift_alerts import DriftAlerts
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.recovery import Recovery
from opsterm.runtime.supervisor import Heart
from opsterm.runtime.workers import Worker

ROUND_S = 5.0
"""How often it is looked which baselines are due."""

PAUSE_S = 900.0
"""After a look that failed."""

NAMED = 3
"""Differences that an alert names."""

log = logging.getLogger("opsterm.drift")


class DriftWatch:
    """Looks whether targets are as their baselines say; run under the lease.

    Args:
        alerts: told what differs.
        recovery: has the baselines.
        changes: says on which targets a change has ended.
        monitoring: takes what was seen.
    """

    def __init__(
        self, alerts: DriftAlerts, recovery: Callable[[], Recovery], changes: Changes, monitoring: Monitoring,
        ledger: Ledger, clock: Clock,
    ) -> None:  # fmt: skip
        self._alerts = alerts
        self._recovery = recovery
        self._changes = changes
        self._monitoring = monitoring
        self._ledger = ledger
        self._clock = clock
        self._due: dict[str, float] = {}
        self._watched: dict[str, str] = {}

    async def watch_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Look until cancelled.

        Raises:
            LeaseLost: another process runs the workers now.
        """
        self._due = {}
        with self._ledger.hub.listen("drift after changes", ChangeEnded) as ear:
            while True:
                heart.beat()
                await self._round(heart, fence)
                try:
                    async with asyncio.timeout(ROUND_S):
                        for fact in await ear.batch():
                            if isinstance(fact.event, ChangeEnded):
                                await self._changed(fact.event.change)
                except TimeoutError:
                    continue

    async def _changed(self, number: int) -> None:
        """Let the baselines of the targets of a change be due."""
        change = await self._changes.get(number)
        names = {target.name for target in change.order.targets}
        self._due = {point: at for point, at in self._due.items() if self._watched.get(point) not in names}

    async def _round(self, heart: Heart, fence: Fence) -> None:
        recovery = self._recovery()
        try:
            numbers = await recovery.baselines.numbers()
            points = [point for point in await recovery.points() if point.number in numbers] if numbers else []
        except OpstermError as error:  # the key may be locked away: then nothing can be compared
            log.info("no drift is looked for: %s", error.what)
            return
        for name in [name for name in self._watched if name not in {point.name for point in points}]:
            target = self._watched.pop(name)
            self._due.pop(name, None)
            await self._monitoring.forget(
                target, fence, among=lambda key, name=name: key.metric == DRIFT and key.item == name  # type: ignore[misc]  # its own
            )  # fmt: skip
        for point in points:
            self._watched[point.name] = point.target
            if self._clock.monotonic() >= self._due.get(point.name, 0.0):
                heart.beat()
                await self._look(point, fence)

    async def _look(self, point: RecoveryPoint, fence: Fence) -> None:
        """Look at one target. What goes wrong there must not end the others."""
        pause_s = self._alerts.interval_s
        try:
            found = await self._recovery().comparison.differences(point)
            self._alerts.found[point.target, point.name] = told(found)
            key = SeriesKey(point.target, DRIFT, point.name)
            await self._monitoring.take([Sample(key, self._clock.now(), float(bool(found)))], fence)
        except LeaseLost:
            raise
        except OpstermError as error:
            pause_s = min(PAUSE_S, pause_s)
            log.info("%s was not compared with %s: %s", point.target, point.name, error.what)
        self._due[point.name] = self._clock.monotonic() + pause_s


def told(found: Sequence[Difference]) -> str:
    """Return what differs in a line, without secrets."""
    named = [" ".join([one.path or one.thing, *(one.how or (one.what,))]) for one in found[:NAMED]]
    more = [f"{len(found) - NAMED} more"] if len(found) > NAMED else []
    return mask(clean_line("; ".join([*named, *more]), limit=300))[0]


def drift_works(watch: DriftWatch, alerts: DriftAlerts) -> Sequence[Worker]:
    """Return the worker, where drift is to be looked for."""
    if not alerts.interval_s:
        return ()
    return (Worker(name="drift", run=watch.watch_for_ever, beat_every_s=2 * ROUND_S),)
