"""Counters that only grow, until they wrap around or begin again.

Sources: RFC 2578, 7.1.6 and 7.1.10 (a counter wraps to 0 and has no defined start), RFC 2863, 3.1.6 (a 32-bit octet
counter of a 1 Gb/s link wraps in 34 s, a 64-bit one in centuries).
"""

from __future__ import annotations

from dataclasses import dataclass

TICKS_WRAP = 2**32
"""TimeTicks wrap after 497 days."""

SLACK = 1.1
"""A counter may seem faster than its link by this much: an agent caches what it tells."""

_CLOCK_SLACK_TICKS = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterReading:
    """A counter at one time.

    Attributes:
        count: its value.
        bits: 32 or 64: how wide it is.
    """

    count: int
    bits: int


def growth(
    before: CounterReading, now: CounterReading, *, elapsed_s: float, fastest: float | None = None
) -> float | None:
    """Return how much a counter grew in a second; None when that cannot be known.

    A 32-bit counter that went down has wrapped once, unless that would be faster than the thing it counts can be: then
    it began again. A 64-bit counter that went down began again, always.

    Args:
        before: the earlier reading.
        now: the later one; of another width, as when an agent begins to have 64 bits, it says nothing.
        elapsed_s: seconds between the two.
        fastest: units a second that are possible, None when that is not known.
    """
    if elapsed_s <= 0 or before.bits != now.bits:
        return None
    grown = now.count - before.count
    if grown < 0:
        if now.bits != 32:
            return None
        grown += 2**32
        if fastest is None and grown > 2**31:  # more likely a new start than more than half the way round
            return None
    rate = grown / elapsed_s
    return None if fastest is not None and rate > fastest * SLACK else rate


def restarted(before_ticks: int, now_ticks: int, *, elapsed_s: float) -> bool:
    """Return whether an agent began again between two readings of its up-time, both in hundredths of a second.

    Up-time that went back is a new start, unless it has wrapped: then it is where the old one would be by now.
    """
    if now_ticks >= before_ticks:
        return False
    expected = (before_ticks + round(elapsed_s * 100)) % TICKS_WRAP
    apart = abs(now_ticks - expected)
    return min(apart, TICKS_WRAP - apart) > _CLOCK_SLACK_TICKS
