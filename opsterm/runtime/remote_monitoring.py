"""The worker that measures targets: those that monitoring.remote, or a plan, chooses, each once in an interval."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opsterm.core.clock import Clock
from opsterm.core.errors import OpstermError, StorageFull
from opsterm.core.settings import MonitoringSettings
from opsterm.core.text import clean_line
from opsterm.inventory.target import Protocol
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.policy.watch_order import WatchKind, watched_selector
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.measurers import Measurement, Measurer
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.supervisor import Heart

AT_ONCE = 20
"""Targets that are measured at the same time on connections that stand."""
LOG_INS_AT_ONCE = 8
"""Targets that are tried at the same time when they were never reached, or not at the last try: those that hang must
not hold up the others, and a log-in costs both sides much more than a reading."""

ROUND_S = 0.5
"""How often the worker looks who is due, and hands over what has come: one commit for all of it."""
CHOSEN_EVERY_S = 5.0
"""How often the selector is asked again."""
SEEN_EVERY_S = 30.0
"""How often it is kept that a target still answers."""
SHORTEST_LIMIT_S = 5.0
LONGEST_LIMIT_S = 20.0
LONGEST_PAUSE_S = 300.0
"""A target that cannot be measured, or not to the end, is tried again after 2, 4, 8, … intervals, and never later."""

_SPREAD = (math.sqrt(5) - 1) / 2  # multiples of it, modulo 1, lie as evenly as can be however many there are

log = logging.getLogger("opsterm.remote")


@dataclass(slots=True)
class _Watched:
    """One target and how its measuring goes.

    Attributes:
        order: how it is reached.
        due_at, told_at: of the clock that does not jump.
        stands: whether the last measurement reached it.
        boot: id of the boot that it last showed, "" for none.
    """

    order: OrderTarget
    due_at: float
    stands: bool = False
    boot: str = ""
    failures: int = 0
    running: bool = False
    told: str | None = None
    told_at: float = 0.0
    keys: dict[tuple[str, str], SeriesKey] = field(default_factory=dict)


class RemoteMonitoring:
    """Measures, each target in its protocol's way; what comes goes the way of this host's own measurements.

    A target that cannot be measured (no answer, an unknown or changed host key, a credential that is missing or locked
    away) says so in its note and is tried less often. Nobody is asked anything.
    """

    def __init__(
        self, clock: Clock, *, settings: MonitoringSettings, inventory: Inventory, monitoring: Monitoring,
        measurers: Mapping[Protocol, Measurer],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._selector = watched_selector(settings.remote, WatchKind.MEASUREMENTS)
        self._interval_s = settings.remote_interval_s
        self._limit_s = min(max(self._interval_s, SHORTEST_LIMIT_S), LONGEST_LIMIT_S)
        self._inventory = inventory
        self._monitoring = monitoring
        self._measurers = measurers
        self._watched: dict[str, _Watched] = {}
        self._arrived: list[Sample] = []
        self._news: dict[str, str] = {}
        self._chosen_ever = 0

    async def measure_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Measure until cancelled; then every session is ended. Run under the lease.

        Raises:
            LeaseLost: another process runs the workers now.
            StorageError: measurements could not be kept, and the disk is not just full.
        """
        for one in self._watched.values():
            self._forget(one)
        self._watched, self._arrived, self._news = {}, [], {}
        try:
            async with asyncio.TaskGroup() as group:
                await self._rounds(group, heart, fence)
        except ExceptionGroup as errors:  # the one of the rounds: a measurement raises nothing
            raise errors.exceptions[0] from None

    def boots(self) -> Mapping[str, str]:
        """Return the id of the boot that each target last showed, of those that are measured now."""
        return {name: one.boot for name, one in self._watched.items() if one.boot}

    async def _rounds(self, group: asyncio.TaskGroup, heart: Heart, fence: Fence) -> None:
        choose_at = -math.inf
        while True:
            heart.beat()
            now = self._clock.monotonic()
            if now >= choose_at:
                choose_at = now + CHOSEN_EVERY_S
                for name in self._choose(now):
                    await self._monitoring.forget(name, fence)
            self._start_due(group, now)
            await self._hand_over(fence)
            await asyncio.sleep(ROUND_S)

    def _choose(self, now: float) -> Sequence[str]:
        """Ask the selector again; return the names of targets that are measured no longer."""
        rows = self._inventory.select(self._selector).rows
        chosen = {row.target.name: row.target for row in rows if row.target.protocol in self._measurers}
        gone = [name for name in self._watched if name not in chosen]
        for name in gone:
            self._forget(self._watched.pop(name))
        for name, target in chosen.items():
            order = self._inventory.order_target(target)
            if name not in self._watched or self._watched[name].order != order:
                if name in self._watched:
                    self._forget(self._watched[name])
                self._chosen_ever += 1
                self._watched[name] = _Watched(order, now + self._chosen_ever * _SPREAD % 1.0 * self._interval_s)
        return gone

    def _forget(self, one: _Watched) -> None:
        self._measurers[Protocol(one.order.protocol)].forget(one.order)

    def _start_due(self, group: asyncio.TaskGroup, now: float) -> None:
        """Begin with the targets that are due and not at work, the longest due first, as many as may be at once."""
        free = {True: AT_ONCE, False: LOG_INS_AT_ONCE}
        for one in self._watched.values():
            free[one.stands] -= one.running
        due = [one for one in self._watched.values() if not one.running and one.due_at <= now]
        for one in sorted(due, key=lambda one: one.due_at):
            if free[one.stands] > 0:
                free[one.stands] -= 1
                one.running = True
                group.create_task(self._measure(one))

    async def _measure(self, one: _Watched) -> None:
        """Measure one target once. What goes wrong here must not end the others: it raises nothing."""
        name, reason = one.order.name, ""
        try:
            found = await self._measurers[Protocol(one.order.protocol)].measure(one.order, limit_s=self._limit_s)
            if self._watched.get(name) is one:
                self._arrived += self._samples(one, found)
            one.stands, one.boot = True, found.boot
            one.failures = 0 if found.is_complete else one.failures + 1  # what hangs there should not pile up
        except OpstermError as error:
            reason = error.what
        except Exception as error:  # a fault of ours: of this target only, and it is told
            log.error("measuring %s failed", name, exc_info=error)
            reason = f"A fault of opsterm: {type(error).__name__}: {error}"
        finally:
            one.running = False
        if reason:
            one.stands, one.failures = False, one.failures + 1
        self._plan(one, self._clock.monotonic())
        if self._watched.get(name) is not one:
            self._forget(one)
        else:
            self._news[name] = mask(clean_line(f"Not measured: {reason}", limit=300))[0] if reason else ""

    def _samples(self, one: _Watched, found: Measurement) -> Sequence[Sample]:
        at = self._clock.now()
        made = []
        for metric, item, value in found.values:
            key = one.keys.get((metric, item))
            if key is None:
                key = one.keys[metric, item] = SeriesKey(one.order.name, metric, mask(item)[0])
            made.append(Sample(key, at, float(value)))
        return made

    def _plan(self, one: _Watched, now: float) -> None:
        """Set when a target is due next: on its own grid, or later and later while it cannot be measured."""
        if one.failures:
            longest_s = max(LONGEST_PAUSE_S, self._interval_s)
            one.due_at = now + min(self._interval_s * 2.0 ** min(one.failures, 20), longest_s)
        else:
            one.due_at += self._interval_s * max(1, math.ceil((now - one.due_at) / self._interval_s))

    async def _hand_over(self, fence: Fence) -> None:
        """Give away what has come since the last round."""
        arrived, self._arrived = self._arrived, []
        if arrived:
            await self._monitoring.take(arrived, fence)
        told = self._to_tell(self._clock.monotonic())
        if told:
            try:
                await self._inventory.note_seen(told)
            except StorageFull:
                self._news = {**told, **self._news}  # once there is room

    def _to_tell(self, now: float) -> Mapping[str, str]:
        """Return reasons by name, "" for who answers: of those where it changed, or was kept a while ago."""
        news, self._news = self._news, {}
        told = {}
        for name, reason in news.items():
            one = self._watched.get(name)
            if one is not None and (reason != one.told or now - one.told_at >= SEEN_EVERY_S):
                one.told, one.told_at = reason, now
                told[name] = reason
        return told
