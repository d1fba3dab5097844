"""What this program's own measurements say of a condition, target by target."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from opsterm.core.clock import Clock
from opsterm.monitoring.condition import ConditionReading, MeasuredCondition, look_at
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.monitoring import Monitoring

FRESH_READINGS = 3
"""A reading older than so many intervals says nothing of now."""

FRESH_AT_LEAST_S = 60.0
"""A younger one always does."""


class Measured:
    """Looks at the newest measurements. It measures nothing itself.

    Args:
        monitoring: knows the newest measurements.
        clock: what time it is.
    """

    def __init__(self, monitoring: Monitoring, clock: Clock) -> None:
        self._monitoring = monitoring
        self._clock = clock

    async def look(
        self, condition: MeasuredCondition, names: Sequence[str], *, before: Collection[str] = ()
    ) -> Mapping[str, ConditionReading]:
        """Return what is known of a condition by target; `before` names those for which it held until now."""
        await self._monitoring.know(names)
        now = self._clock.now()
        return {
            name: look_at(
                condition, self._monitoring.latest(name), now, fresh_s=self.fresh_s(condition, name),
                before=name in before,
            )
            for name in names
        }  # fmt: skip

    def fresh_s(self, condition: MeasuredCondition, name: str) -> float:
        """Return the seconds after which a reading of a target is old."""
        key = SeriesKey(name, condition.metric, condition.item)
        return max(FRESH_AT_LEAST_S, FRESH_READINGS * self._every_s(key))

    def _every_s(self, key: SeriesKey) -> float:
        return max(self._monitoring.interval_s(key.target), self._monitoring.every_s(key))
