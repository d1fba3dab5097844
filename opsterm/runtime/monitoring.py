"""Use-cases of monitoring: what was measured, and the worker that measures this host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from opsterm.core.clock import Clock
from opsterm.core.errors import BadSelector, BadSetting, StorageError
from opsterm.core.settings import MonitoringSettings
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.target import LOCALHOST
from opsterm.knowledge.search import KnowledgeBase
from opsterm.monitoring.events import AlertChanged, SamplesTaken
from opsterm.monitoring.metrics import metric_of
from opsterm.monitoring.sample import Sample, SeriesKey, SeriesWindow
from opsterm.monitoring.series import gap_for, step_for
from opsterm.monitoring.thresholds import Rule, rules_from
from opsterm.monitoring.watch import Selects, Watch
from opsterm.runtime.alert_keeper import MONITOR, AlertKeeper
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Fence, HostProbe, Store
from opsterm.runtime.supervisor import Heart

COMPACT_EVERY_S = 60.0
FIRST_RATES_AFTER_S = 0.5
"""The second measurement comes this soon: before it there are no rates, and no processor load to show."""

LATEST_KEPT = 5000
"""Series whose newest value is remembered."""


class Monitoring:
    """What was measured. Reads are the same in every process; only the lease's holder measures."""

    def __init__(
        self, store: Store, ledger: Ledger, clock: Clock, *, settings: MonitoringSettings, offload: Offload,
        open_probe: Callable[[], Awaitable[HostProbe]], alerts: Alerts, selects: Selects,
        open_knowledge: Callable[[], Awaitable[KnowledgeBase]],
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._offload = offload
        self._open_probe = open_probe
        self._alerts = alerts
        self._selects = selects
        self._open_knowledge = open_knowledge
        self._shown_rules = Watch(checked_rules(settings), selects=selects)  # asked only, never fed
        self._latest: dict[SeriesKey, Sample] = {}
        self._measuring = False

    @property
    def interval_s(self) -> float:
        """Seconds between two measurements."""
        return self._settings.interval_s

    def rule_for(self, key: SeriesKey) -> Rule | None:
        """Return the rule that watches a series, None for none."""
        return self._shown_rules.rule_for(key)

    # ------------------------------------------------------------------ looking

    async def open(self) -> None:
        """Read the newest values, so that a screen has something to show before the first measurement."""
        self._latest = {sample.key: sample for sample in await self._store.samples.latest(LOCALHOST)}

    async def series(self, target: str) -> Sequence[SeriesKey]:
        """Return the series of a target, by metric and item."""
        return await self._store.samples.series(target)

    def latest(self, target: str = LOCALHOST) -> Sequence[Sample]:
        """Return the newest sample of each series of a target, by metric and item. Costs no query."""
        return sorted((s for s in self._latest.values() if s.key.target == target), key=lambda s: s.key)

    async def window(
        self, keys: Sequence[SeriesKey], *, start: float, end: float, points: int
    ) -> Sequence[SeriesWindow]:
        """Return series over a window, at most `points` points each, in the order of `keys`."""
        step_s = step_for(end - start, points, self._settings.interval_s)
        drawn = await self._store.samples.points_of(keys, start, end, step_s)
        return [
            SeriesWindow(
                key=key,
                unit=metric_of(key.metric).unit,
                start=start,
                end=end,
                step_s=step_s,
                gap_s=gap_for(step_s, self._settings.interval_s, metric_of(key.metric).every_s),
                points=one,
            )
            for key, one in zip(keys, drawn, strict=True)
        ]

    # ---------------------------------------------------------------- measuring

    async def follow(self, heart: Heart) -> None:
        """Keep the newest values of this process fresh from what is told. Run by the supervisor."""
        heart.beat()
        with self._ledger.hub.listen("newest values", SamplesTaken, limit=1000) as ear:
            async for facts in ear.batches():
                heart.beat()
                for fact in facts:
                    if isinstance(fact.event, SamplesTaken):
                        self._remember(samples_of(fact.event, fact.at))

    def _remember(self, samples: Sequence[Sample]) -> None:
        """Keep the newest values, of LATEST_KEPT series at most: interfaces and mounts come and go."""
        self._latest.update((sample.key, sample) for sample in samples)
        if len(self._latest) > LATEST_KEPT:
            newest = sorted(self._latest.values(), key=lambda s: s.at)[-LATEST_KEPT // 2 :]
            self._latest = {sample.key: sample for sample in newest}

    def look_elsewhere(self, start: Callable[[str, Callable[[Heart], Awaitable[None]]], None]) -> None:
        """Called when another process wrote something: tell this one's listeners its measurements."""
        if not self._measuring:
            start("measurements of another process", self._tell_elsewhere)

    async def _tell_elsewhere(self, heart: Heart) -> None:
        heart.beat()
        fresh = await self._store.samples.latest(LOCALHOST)
        newest = max((s.at for s in fresh), default=0.0)
        if newest > max((s.at for s in self._latest.values()), default=0.0):
            self._tell([s for s in fresh if s.at == newest])

    def _tell(self, samples: Sequence[Sample]) -> None:
        if not samples:
            return
        event = SamplesTaken(
            target=samples[0].key.target,
            metrics=tuple(s.key.metric for s in samples),
            items=tuple(s.key.item for s in samples),
            values=tuple(s.value for s in samples),
        )
        self._ledger.hub.tell(replace(self._ledger.fact(event, by=MONITOR), at=samples[0].at))

    async def measure_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Measure this host, keep the samples, and raise and end alerts. Run under the lease."""
        probe = await self._open_probe()
        stale_after_s = max(600.0, 10 * self._settings.interval_s)
        rules = rules_from(self._settings, advise=(await self._open_knowledge()).advice_for)
        watch = Watch(rules, selects=self._selects, stale_after_s=stale_after_s)
        keeper = AlertKeeper(self._store, self._ledger, self._alerts, watch, fence)
        with self._ledger.hub.listen("alerts changed by hand", AlertChanged) as ear:
            await keeper.load(self._clock.now())
            next_at = self._clock.monotonic()
            wait_s = min(FIRST_RATES_AFTER_S, self._settings.interval_s)
            self._measuring = True
            try:
                while True:
                    heart.beat()
                    samples = await self._offload.run("probe", partial(probe.measure, LOCALHOST, self._clock.now()))
                    self._tell(samples)
                    await keeper.take_in(ear)
                    await self._keep(samples, fence)
                    await keeper.judge(samples, self._clock.now())
                    await keeper.take_in(ear)
                    keeper.show()
                    next_at, wait_s = max(next_at + wait_s, self._clock.monotonic()), self._settings.interval_s
                    await asyncio.sleep(next_at - self._clock.monotonic())
            finally:
                self._measuring = False

    async def _keep(self, samples: Sequence[Sample], fence: Fence) -> None:
        """Write samples; a disk that takes no writes costs the history, not the live view."""
        try:
            await self._store.samples.write(samples, fence=fence)
        except StorageError:
            if not self._store.read_only_because:
                raise

    async def compact_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Make minutes and hours of what was measured and drop what is too old. Run under the lease."""
        while True:
            heart.beat()
            if not self._store.read_only_because:
                await self._store.samples.compact(
                    self._clock.now(),
                    keep_raw_s=self._settings.keep_raw_h * 3600,
                    keep_minutes_s=self._settings.keep_minutes_d * 86400,
                    keep_hours_s=self._settings.keep_hours_d * 86400,
                    fence=fence,
                )
            await asyncio.sleep(COMPACT_EVERY_S)


def checked_rules(settings: MonitoringSettings) -> Sequence[Rule]:
    """Return the thresholds in force.

    Raises:
        BadSetting: one of them cannot be used, or chooses its targets by something that is no selector.
    """
    rules = rules_from(settings)
    for rule in rules:
        try:
            parse_selector(rule.target)
        except BadSelector as error:
            raise BadSetting(
                f"[[monitoring.threshold]] ({rule.metric}): the target {rule.target!r} is no selector.",
                why=f"{error.what}\n{error.why}",
                next_step="Write it as in tag:web, web-[01-12] or *.",
            ) from error
    return rules


def samples_of(event: SamplesTaken, at: float) -> Sequence[Sample]:
    """Return an event's samples, stamped with its fact's time."""
    return [
        Sample(SeriesKey(event.target, metric, item), at, value)
        for metric, item, value in zip(event.metrics, event.items, event.values, strict=True)
    ]
