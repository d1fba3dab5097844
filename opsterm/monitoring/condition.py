"""A level of something that is measured here, as the condition of a job: "memory used over 90 %"."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from opsterm.core.units import age_text, value_text
from opsterm.monitoring.metrics import metric_of, subject
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.monitoring.thresholds import INSIDE

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_WORDS = {">": "over", ">=": "at least", "<": "under", "<=": "at most"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCondition:
    """When a measured value is on the bad side of a level.

    Attributes:
        metric: name of a metric.
        item: of which one, as in "/var"; "" for any.
        compare: one of > >= < <=.
        value: the level, in the metric's unit.
    """

    metric: str
    item: str = ""
    compare: str = ">"
    value: float

    @property
    def text(self) -> str:
        """The condition in words."""
        what = subject(SeriesKey("", self.metric, self.item))
        return f"{what} {_WORDS[self.compare]} {value_text(self.value, metric_of(self.metric).unit)}"

    @property
    def back(self) -> float:
        """The level at which it is over once it held: a twentieth on the good side, as alerts have it."""
        return self.value * (1 - INSIDE if self.compare in (">", ">=") else 1 + INSIDE)

    def holds(self, value: float, *, before: bool = False) -> bool:
        """Return whether it holds for a value; where it held `before`, the value must come back behind `back`."""
        return _HOLDS[self.compare](value, self.back if before else self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionReading:
    """What the measurements of one target say of a condition.

    Attributes:
        met: readings for which it holds, the worst first.
        read: the worst reading there is, met or not; None when none is fresh.
        unread: why nothing can be said, "" when something can.
    """

    met: tuple[Sample, ...] = ()
    read: Sample | None = None
    unread: str = ""


def look_at(
    condition: MeasuredCondition, samples: Sequence[Sample], now: float, *, fresh_s: float, before: bool = False
) -> ConditionReading:
    """Return what newest samples of one target say of a condition.

    Args:
        condition: what is asked.
        samples: the newest of each series.
        now: epoch seconds.
        fresh_s: seconds after which a reading says nothing of now.
        before: whether it held until now.
    """
    mine = [one for one in samples if one.key.metric == condition.metric and condition.item in ("", one.key.item)]
    what = subject(SeriesKey("", condition.metric, condition.item))
    if not mine:
        return ConditionReading(unread=f"{what} is not measured here")
    upward = condition.compare in (">", ">=")
    fresh = sorted((s for s in mine if now - s.at <= fresh_s), key=lambda s: s.value, reverse=upward)
    if not fresh:
        return ConditionReading(unread=f"{what} was last measured {age_text(now - max(s.at for s in mine))} ago")
    met = tuple(one for one in fresh if condition.holds(one.value, before=before))
    return ConditionReading(met=met, read=fresh[0])


def reading_text(sample: Sample) -> str:
    """Return a reading in words: "file system /var 91 %"."""
    return f"{subject(sample.key)} {value_text(sample.value, metric_of(sample.key.metric).unit)}"


def condition_body(condition: MeasuredCondition) -> dict[str, object]:
    """Return a condition as JSON has it."""
    return asdict(condition)


def condition_of(body: Mapping[str, object]) -> MeasuredCondition:
    """Return the condition of `condition_body`."""
    value = body["value"]
    assert isinstance(value, int | float)  # noqa: S101 (we wrote it)
    return MeasuredCondition(
        metric=str(body["metric"]), item=str(body["item"]), compare=str(body["compare"]), value=float(value)
    )
