"""The newest readings of one series, as a rule sees them: a few bits.

Whether an alert is raised, gets worse, eases or ends follows from these bits alone, so a reading costs a microsecond
and the decision can be replayed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from opsterm.monitoring.thresholds import Rule


class Turn(StrEnum):
    """What the readings ask for."""

    FIRED = "fired"
    WORSE = "worse"
    BETTER = "better"
    RESOLVED = "resolved"


class Ring(NamedTuple):
    """What is remembered of the newest readings; bit 0 stands for the newest.

    Attributes:
        bad: which of the newest m readings were bad.
        worst: which of them were critical.
        size: how many readings there are, at most m.
        eased: how many newest readings in a row lay inside the critical level's way back, at most n.
        calm: how many newest readings in a row lay inside the clear level, at most n.
    """

    bad: int = 0
    worst: int = 0
    size: int = 0
    eased: int = 0
    calm: int = 0


EMPTY = Ring()


def push(ring: Ring, rule: Rule, value: float) -> Ring:
    """Return the ring with one more reading.

    Args:
        ring: what came before.
        rule: the same rule for the whole life of a ring.
        value: a finite number.
    """
    sign, low, high, eased, clear = rule.limits
    n, m = rule.n, rule.m
    level = sign * value
    is_bad = level >= low
    mask = (1 << m) - 1
    return Ring(
        ((ring.bad << 1) | is_bad) & mask,
        ((ring.worst << 1) | (level >= high)) & mask,
        ring.size + 1 if ring.size < m else m,
        0 if level > eased or level >= high else ring.eased + 1 if ring.eased < n else n,
        0 if level > clear or is_bad else ring.calm + 1 if ring.calm < n else n,
    )


def judge(ring: Ring, rule: Rule, *, critical: bool | None) -> Turn | None:
    """Return what the readings ask for, None to leave things as they are.

    Raised or worse: n of the newest m readings are bad. Ended or better: the newest n readings in a row are back
    inside, and no longer n of m are bad.

    Args:
        ring: with the newest reading in it.
        rule: the ring's rule.
        critical: whether the open alert is critical, None when there is no open alert.
    """
    bad = ring.bad.bit_count() >= rule.n
    if critical is None:
        return Turn.FIRED if bad else None
    worst = bad and is_critical(ring, rule)
    if worst and not critical:
        return Turn.WORSE
    if not bad and ring.calm >= rule.n:
        return Turn.RESOLVED
    if critical and rule.warn is not None and not worst and ring.eased >= rule.n:
        return Turn.BETTER
    return None


def is_critical(ring: Ring, rule: Rule) -> bool:
    """Return how bad the readings are, given that n of m are bad."""
    return rule.warn is None or (rule.crit is not None and ring.worst.bit_count() >= rule.n)
