"""Which recovery points are kept: the newest few, and the last of so many days, weeks and months."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from opsterm.changes.recovery.point import RecoveryPoint

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRetention:
    """How many are kept of the same things on one target.

    Attributes:
        last: newest points.
        daily, weekly, monthly: days, weeks and months, of UTC, of which the last point is kept.
        changes_d: days for which the copies of what changes touched are kept.
    """

    last: int
    daily: int
    weekly: int
    monthly: int
    changes_d: float


_SPANS: tuple[tuple[str, Callable[[datetime], str]], ...] = (
    ("daily", lambda at: f"{at:%Y-%m-%d}"), ("weekly", lambda at: f"{at:%G-%V}"), ("monthly", lambda at: f"{at:%Y-%m}"),
)  # fmt: skip


def kept_because(
    points: Sequence[RecoveryPoint], policy: PointRetention, *, baselines: Collection[int], now: float
) -> dict[int, str]:
    """Return the points that are kept, by number, each with why; those that are not named are not kept.

    Args:
        points: all there are.
        policy: how many.
        baselines: numbers of points that say how their target should be.
        now: epoch seconds.
    """
    kept = {point.number: "baseline" for point in points if point.number in baselines}
    groups: dict[tuple[object, ...], list[RecoveryPoint]] = {}
    for point in sorted(points, key=lambda one: (-one.taken_at, -one.number)):
        if point.on_target:
            if now - point.taken_at <= policy.changes_d * DAY_S:
                kept.setdefault(point.number, f"way back of {point.origin}")
        else:
            groups.setdefault((point.target, point.things), []).append(point)
    for group in groups.values():
        for point in group[: policy.last]:
            kept.setdefault(point.number, "newest")
        for word, span_of in _SPANS:
            spans: dict[str, int] = {}
            for point in group:
                spans.setdefault(span_of(datetime.fromtimestamp(point.taken_at, UTC)), point.number)
            for number in list(spans.values())[: getattr(policy, word)]:
                kept.setdefault(number, word)
    return kept
