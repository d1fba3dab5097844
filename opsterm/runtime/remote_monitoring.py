"""The worker that measures targets over SSH and WinRM: those that monitoring.remote chooses, once in an interval."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from opsterm.core.clock import Clock
from opsterm.core.errors import OpstermError, StorageFull, Unreachable
from opsterm.core.settings import MonitoringSettings
from opsterm.core.text import clean_line
from opsterm.inventory.target import Protocol
from opsterm.monitoring.looks import Look
from opsterm.monitoring.remote_host import HostReading, host_reading, readings
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.monitoring.windows_host import windows_reading
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.ports import Connector, Fence
from opsterm.runtime.remote_look import look_at
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

_MEASURED = (Protocol.SSH, Protocol.WINRM)
"""Protocols over which a target can be measured."""

_SPREAD = (math.sqrt(5) - 1) / 2  # multiples of it, modulo 1, lie as evenly as can be however many there are

log = logging.getLogger("opsterm.remote")


@dataclass(slots=True)
class _Watched:
    """One target and how its measuring goes; `due_at` and `told_at` are of the clock that does not jump."""

    order: OrderTarget
    due_at: float
    before: HostReading | None = None
    failures: int = 0
    running: bool = False
    told: str | None = None
    told_at: float = 0.0
    keys: dict[tuple[str, str], SeriesKey] = field(default_factory=dict)


class RemoteMonitoring:
    """Measures over the connector; what comes goes the way of this host's own measurements.

    A target that cannot be measured (no answer, an unknown or changed host key, a credential that is missing or locked
    away) says so in its note and is tried less often. Nobody is asked anything.
    """

    def __init__(
        self, clock: Clock, *, settings: MonitoringSettings, inventory: Inventory, monitoring: Monitoring,
        connector: Callable[[], Awaitable[Connector]],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._selector = settings.remote
        self._interval_s = settings.remote_interval_s
        self._limit_s = min(max(self._interval_s, SHORTEST_LIMIT_S), LONGEST_LIMIT_S)
        self._inventory = inventory
        self._monitoring = monitoring
        self._connector = connector
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
        self._watched, self._arrived, self._news = {}, [], {}
        try:
            async with asyncio.TaskGroup() as group:
                await self._rounds(group, heart, fence)
        except ExceptionGroup as errors:  # the one of the rounds: a measurement raises nothing
            raise errors.exceptions[0] from None

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
        chosen = {row.target.name: row.target for row in rows if row.target.protocol in _MEASURED}
        gone = [name for name in self._watched if name not in chosen]
        for name in gone:
            del self._watched[name]
        for name, target in chosen.items():
            order = self._inventory.order_target(target)
            if name not in self._watched or self._watched[name].order != order:
                self._chosen_ever += 1
                self._watched[name] = _Watched(order, now + self._chosen_ever * _SPREAD % 1.0 * self._interval_s)
        return gone

    def _start_due(self, group: asyncio.TaskGroup, now: float) -> None:
        """Begin with the targets that are due and not at work, the longest due first, as many as may be at once."""
        free = {True: AT_ONCE, False: LOG_INS_AT_ONCE}
        for one in self._watched.values():
            free[one.before is not None] -= one.running
        due = [one for one in self._watched.values() if not one.running and one.due_at <= now]
        for one in sorted(due, key=lambda one: one.due_at):
            if free[one.before is not None] > 0:
                free[one.before is not None] -= 1
                one.running = True
                group.create_task(self._measure(one))

    async def _measure(self, one: _Watched) -> None:
        """Measure one target once. What goes wrong here must not end the others: it raises nothing."""
        name, reason = one.order.name, ""
        try:
            look, read, kind = _kind_of(one.order)
            text = await look_at(await self._connector(), one.order, look, limit_s=self._limit_s)
            reading = read(text)
            if reading.says_nothing:
                raise Unreachable(f"{name} let us in, but shows no {kind}.")
            if self._watched.get(name) is one:
                self._arrived += self._samples(one, reading)
            one.before = reading
            one.failures = 0 if reading.complete else one.failures + 1  # what hangs there should not pile up
        except OpstermError as error:
            reason = error.what
        except Exception as error:  # a fault of ours: of this target only, and it is told
            log.error("measuring %s failed", name, exc_info=error)
            reason = f"A fault of opsterm: {type(error).__name__}: {error}"
        finally:
            one.running = False
        if reason:
            one.before, one.failures = None, one.failures + 1
        self._plan(one, self._clock.monotonic())
        if self._watched.get(name) is one:
            self._news[name] = mask(clean_line(f"Not measured: {reason}", limit=300))[0] if reason else ""

    def _samples(self, one: _Watched, reading: HostReading) -> Sequence[Sample]:
        at = self._clock.now()
        made = []
        for metric, item, value in readings(one.before, reading):
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


def _kind_of(order: OrderTarget) -> tuple[Look, Callable[[str], HostReading], str]:
    """Return how a target is looked at, what reads what it says, and what should have answered."""
    if order.protocol == Protocol.WINRM:
        return Look.WINDOWS_READING, windows_reading, "Windows with its performance counters"
    return Look.READING, host_reading, "Linux with sh and /proc"
