"""Use-case of looking ahead: forecasts of series from their kept hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from opsterm.core.errors import BadInput
from opsterm.inventory.selector import parse_selector
from opsterm.monitoring.forecast import forecast
from opsterm.monitoring.metrics import matches, metrics_named, pattern_fault
from opsterm.monitoring.outlook import LEAST_S, WINDOW_S, Forecast, LookAhead, can_fill, limit_of
from opsterm.monitoring.sample import HourRange, Point, Sample, SeriesKey
from opsterm.monitoring.trend import HOUR_S

if TYPE_CHECKING:
    from opsterm.runtime.inventory import Inventory
    from opsterm.runtime.monitoring import Monitoring
    from opsterm.runtime.offload import Offload
    from opsterm.runtime.ports_store import Store

EACH = 40
"""Up to so many series, each has its forecast; of more, only those that could fill are worked out."""

_SLICE = 200  # series whose hours are in memory at a time


class Forecasts:
    """Looks ahead. Reads, and changes nothing."""

    def __init__(self, store: Store, inventory: Inventory, monitoring: Monitoring, offload: Offload) -> None:
        self._store = store
        self._inventory = inventory
        self._monitoring = monitoring
        self._offload = offload

    async def look(
        self, metrics: Sequence[str], selector: str, *, now: float, within_s: float = 0.0, window_s: float = WINDOW_S,
        each: bool = False,
    ) -> LookAhead:  # fmt: skip
        """Return what is expected of series.

        Args:
            metrics: metric patterns.
            selector: of targets, "" for all.
            now: epoch seconds.
            within_s: seconds ahead that are asked about, 0 for as far as the history carries.
            window_s: history that is looked at.
            each: whether each series is worked out, however many there are.

        Raises:
            BadInput: a pattern names no metric, or one that has no value at which it is full.
            BadSelector: the selector is none.
        """
        names = dict.fromkeys(name for pattern in metrics for name in _full_ones(pattern))
        wanted = {row.target.name for row in parse_selector(selector).select(self._inventory.rows())}

        def asked(key: SeriesKey) -> bool:
            return key.target in wanted and any(matches(pattern, key) for pattern in metrics)

        start, found = now - window_s, dict[SeriesKey, HourRange]()
        for name in names:
            for target in sorted(wanted) if len(wanted) <= EACH else ("",):
                ranges = await self._store.samples.ranges(name, start, now, target)
                found.update((one.key, one) for one in ranges if asked(one.key))
        known = [key for key in await self._monitoring.all_series() if key.metric in names and asked(key)]
        old = [key for key, one in found.items() if now - one.first_at >= LEAST_S]
        every = each or len(known) <= EACH
        listed = known if every else [key for key in old if _can_fill(found[key])]
        made = await self._worked_out(listed, start, now, within_s)
        return LookAhead(
            forecasts=tuple(sorted(made, key=_urgency)), series=len(made) if every else len(known),
            too_little=0 if every else len(known) - len(old), steady=0 if every else len(old) - len(listed),
            targets=len({key.target for key in known}),
        )  # fmt: skip

    async def _worked_out(self, keys: Sequence[SeriesKey], start: float, now: float, within_s: float) -> list[Forecast]:
        """Return the forecasts of series; one without a measurement in the window has none."""
        few = {key.target for key in keys} if len(keys) <= EACH else set[str]()
        await self._monitoring.know(few)
        newest = {one.key: one for target in few for one in self._monitoring.latest(target) if start <= one.at <= now}
        made: list[Forecast] = []
        for at in range(0, len(keys), _SLICE):
            some = keys[at : at + _SLICE]
            hours = await self._store.samples.points_of(some, start, now, HOUR_S)
            made += await self._offload.run("forecasts", partial(_forecasts, some, hours, newest, within_s, now))
        return made


def _forecasts(
    keys: Sequence[SeriesKey], hours: Sequence[Sequence[Point]], newest: Mapping[SeriesKey, Sample], within_s: float,
    now: float,
) -> list[Forecast]:  # fmt: skip
    return [
        forecast(key, points, newest.get(key) or Sample(key, min(now, points[-1].at + HOUR_S), points[-1].mean),
                 now=now, within_s=within_s)
        for key, points in zip(keys, hours, strict=True) if points
    ]  # fmt: skip


def _can_fill(one: HourRange) -> bool:
    return can_fill((one.low, one.high, one.last), limit_of(one.key.metric) or 100.0)


def _full_ones(pattern: str) -> Sequence[str]:
    """Return the names of a pattern's metrics. Raises BadInput: it names none, or one that is never full."""
    fault = pattern_fault(pattern)
    if fault:
        raise BadInput(fault, next_step="Write it as in fs.used_percent or fs.used_percent[/var].")
    names = [metric.name for metric in metrics_named(pattern) if limit_of(metric.name) is not None]
    if not names:
        raise BadInput(
            f"{pattern} has no value at which it is full, so nothing is forecast of it.",
            next_step="Forecasts are of what is measured in %, as in fs.used_percent or memory.used_percent.",
        )
    return names


def _urgency(one: Forecast) -> tuple[float, float, float, str]:
    """Return what sorts forecasts: full ones, by the day, what may fill, then by what is left."""
    never = float("inf")
    return (one.full_at or never, one.earliest or never, one.limit - one.value, str(one.key))
