"""Use-cases of monitoring: what was measured, and the worker that measures this host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from opsterm.core.clock import Clock
from opsterm.core.errors import BadSelector, BadSetting
from opsterm.core.settings import MonitoringSettings
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.events import SamplesTaken
from opsterm.monitoring.metrics import metric_of
from opsterm.monitoring.sample import Sample, SeriesKey, SeriesWindow
from opsterm.monitoring.series import gap_for, step_for
from opsterm.monitoring.thresholds import Rule, rules_from
from opsterm.monitoring.watch import STALE_READINGS, Among, Selects, Watch, any_series
from opsterm.runtime.alert_keeper import MONITOR
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.intake import Intake
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.supervisor import Heart

if TYPE_CHECKING:
    from opsterm.knowledge.search import KnowledgeBase
    from opsterm.runtime.ports import HostProbe
    from opsterm.runtime.ports_store import Fence, Store

COMPACT_EVERY_S = 60.0
FIRST_RATES_AFTER_S = 0.5
"""The second measurement comes this soon: before it there are no rates, and no processor load to show."""

TOLD_BY_ITSELF = "host.uptime_s"
"""A metric that only the target itself tells: checks, cameras and traps have others, also of a target that is down."""

LATEST_KEPT = 20_000
"""Series whose newest value is remembered."""


class SeriesSource(Protocol):
    """What measures beside this host and the SSH targets, and says what is worth an alert in its series."""

    def rules(self) -> Sequence[Rule]:
        """Return the rules for its series."""
        ...

    def every_s(self, key: SeriesKey) -> float:
        """Return the seconds between two readings of one of its series, 0 for a series that is not its own."""
        ...


class Monitoring:
    """What was measured. Reads are the same in every process; only the lease's holder measures.

    Attributes:
        heard: when targets last told their own measurements, epoch seconds by name, since this process follows.
    """

    def __init__(
        self, store: Store, ledger: Ledger, clock: Clock, *, settings: MonitoringSettings, offload: Offload,
        open_probe: Callable[[], Awaitable[HostProbe]], alerts: Alerts, selects: Selects,
        open_knowledge: Callable[[], Awaitable[KnowledgeBase]], sources: Sequence[SeriesSource] = (),
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
        self._sources = sources
        self._more_rules = [rule for source in sources for rule in source.rules()]
        self._shown_rules = Watch(checked_rules(settings, self._more_rules), selects=selects)  # asked only, never fed
        self._intake = Intake(store, ledger, clock, alerts=alerts, open_watch=self._open_watch)
        self._latest: dict[SeriesKey, Sample] = {}
        self.heard: dict[str, float] = {}
        self._known: set[str] = set()
        self._measuring = False

    def interval_s(self, target: str = LOCALHOST) -> float:
        """Return the seconds between two measurements of a target."""
        return self._settings.interval_s if target == LOCALHOST else self._settings.remote_interval_s

    def every_s(self, key: SeriesKey) -> float:
        """Return the seconds between two readings of a series that has an interval of its own, else 0."""
        own = (source.every_s(key) for source in self._sources)
        return next((every_s for every_s in own if every_s), metric_of(key.metric).every_s)

    def rule_for(self, key: SeriesKey) -> Rule | None:
        """Return the rule that watches a series, None for none."""
        return self._shown_rules.rule_for(key)

    # ------------------------------------------------------------------ looking

    async def open(self) -> None:
        """Read the newest values, so that a screen has something to show before the first measurement."""
        await self.know([LOCALHOST])

    async def know(self, targets: Iterable[str]) -> None:
        """Read the newest values of targets, so that `latest` has them; each is read once, and followed from then."""
        for target in targets:
            if target not in self._known:
                self._known.add(target)
                for sample in await self._store.samples.latest(target):
                    if sample.key not in self._latest or self._latest[sample.key].at < sample.at:
                        self._latest[sample.key] = sample

    async def all_series(self) -> Sequence[SeriesKey]:
        """Return the series of every target that was ever measured."""
        return await self._store.samples.known()

    async def series(self, target: str) -> Sequence[SeriesKey]:
        """Return the series of a target, by metric and item."""
        return await self._store.samples.series(target)

    def latest(self, target: str = LOCALHOST) -> Sequence[Sample]:
        """Return the newest sample of each series of a target, or ("") of all, by target, metric and item.

        Costs no query: see `know`.
        """
        return sorted((s for s in self._latest.values() if target in ("", s.key.target)), key=lambda s: s.key)

    async def window(
        self, keys: Sequence[SeriesKey], *, start: float, end: float, points: int
    ) -> Sequence[SeriesWindow]:
        """Return series over a window, at most `points` points each, in the order of `keys`."""
        slowest_s = max((self.interval_s(key.target) for key in keys), default=self.interval_s())
        step_s = step_for(end - start, points, slowest_s)
        drawn = await self._store.samples.points_of(keys, start, end, step_s)
        return [
            SeriesWindow(
                key=key,
                unit=metric_of(key.metric).unit,
                start=start,
                end=end,
                step_s=step_s,
                gap_s=gap_for(step_s, self.interval_s(key.target), self.every_s(key)),
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
                        if TOLD_BY_ITSELF in fact.event.metrics:
                            self.heard[fact.event.target] = fact.at

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
        known: dict[str, float] = {}
        for sample in self._latest.values():
            known[sample.key.target] = max(sample.at, known.get(sample.key.target, 0.0))
        self._tell(await self._store.samples.newer(known))

    def _tell(self, samples: Sequence[Sample]) -> None:
        """Tell samples, each target's of one moment in one fact."""
        for (target, at), group in groupby(samples, key=lambda s: (s.key.target, s.at)):
            told = list(group)
            event = SamplesTaken(
                target=target,
                metrics=tuple(s.key.metric for s in told),
                items=tuple(s.key.item for s in told),
                values=tuple(s.value for s in told),
            )
            self._ledger.hub.tell(replace(self._ledger.fact(event, by=MONITOR), at=at))

    async def measure_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Measure this host, keep the samples, and raise and end alerts. Run under the lease."""
        probe = await self._open_probe()
        await self._intake.open(fence)
        next_at = self._clock.monotonic()
        wait_s = min(FIRST_RATES_AFTER_S, self._settings.interval_s)
        self._measuring = True
        try:
            while True:
                heart.beat()
                samples = await self._offload.run("probe", partial(probe.measure, LOCALHOST, self._clock.now()))
                await self.take(samples, fence)
                next_at, wait_s = max(next_at + wait_s, self._clock.monotonic()), self._settings.interval_s
                await asyncio.sleep(next_at - self._clock.monotonic())
        finally:
            self._measuring = False
            self._intake.close()

    async def take(self, samples: Sequence[Sample], fence: Fence) -> None:
        """Tell, keep and judge measurements of any targets, each target's of one moment side by side.

        Raises:
            LeaseLost: another process runs the workers now.
            StorageError: they could not be kept, and the disk is not just full.
        """
        self._tell(samples)
        await self._intake.take(samples, fence)

    async def forget(self, target: str, fence: Fence, *, among: Among = any_series) -> None:
        """End the alerts of a target, of those series that are no longer measured."""
        await self._intake.forget(target, fence, among=among)

    async def _open_watch(self) -> Watch:
        known = await self._open_knowledge()
        rules = rules_from(self._settings, more=self._more_rules, advise=known.advice_for)
        slowest_s = max(self._settings.interval_s, self._settings.remote_interval_s)
        return Watch(rules, selects=self._selects, stale_after_s=max(600.0, STALE_READINGS * slowest_s))

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


def checked_rules(settings: MonitoringSettings, more: Sequence[Rule] = ()) -> Sequence[Rule]:
    """Return the thresholds in force, with `more` of other settings between your own and those that ship.

    Raises:
        BadSetting: one of them cannot be used, or it, or monitoring.remote, chooses targets by what is no selector.
    """
    rules = rules_from(settings, more=more)
    check_selector(settings.remote, "monitoring.remote")
    for rule in rules:
        check_selector(rule.target, f"[[monitoring.threshold]] ({rule.metric}): the target")
    return rules


def check_selector(text: str, place: str) -> None:
    """Look whether a text of the settings is a selector. Raises BadSetting, which names the place."""
    try:
        parse_selector(text)
    except BadSelector as error:
        raise BadSetting(
            f"{place} {text!r} is no selector.",
            why=f"{error.what}\n{error.why}",
            next_step="Write it as in tag:web, web-[01-12] or *.",
        ) from error


def samples_of(event: SamplesTaken, at: float) -> Sequence[Sample]:
    """Return an event's samples, stamped with its fact's time."""
    return [
        Sample(SeriesKey(event.target, metric, item), at, value)
        for metric, item, value in zip(event.metrics, event.items, event.values, strict=True)
    ]
