"""When many things that repeat are due: spread over their intervals, each on its own grid, none twice at once.

Times are of a clock that does not jump. A thing that takes longer than its interval misses turns; it never catches up,
so that a slow one cannot make a queue.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_SPREAD = (math.sqrt(5) - 1) / 2  # multiples of it, modulo 1, lie as evenly as can be however many there are


@dataclass(slots=True)
class _Turn:
    interval_s: float
    due_at: float
    running: bool = False
    slow: bool = False


class Schedule(Generic[K]):
    """Turns by key. One owner: not safe for several threads.

    Args:
        lane: things at work at the same time, of those that went well at their last turn, or had none yet.
        slow_lane: the same of those that did not: what hangs must not hold up the others.
    """

    def __init__(self, *, lane: int, slow_lane: int) -> None:
        self._width = {False: lane, True: slow_lane}
        self._turns: dict[K, _Turn] = {}
        self._put_ever = 0

    def put(self, wanted: Mapping[K, float], now: float) -> Sequence[K]:
        """Keep exactly these keys, with their intervals in seconds; return those that fell out."""
        gone = [key for key in self._turns if key not in wanted]
        for key in gone:
            del self._turns[key]
        for key, interval_s in wanted.items():
            if key not in self._turns:
                self._put_ever += 1
                self._turns[key] = _Turn(interval_s, now + self._put_ever * _SPREAD % 1.0 * interval_s)
        return gone

    def begin(self, now: float) -> Sequence[K]:
        """Return the keys whose turn begins now, the longest due first; each must be given to `end`."""
        free = dict(self._width)
        for turn in self._turns.values():
            free[turn.slow] -= turn.running
        due = [(turn.due_at, key, turn) for key, turn in self._turns.items() if not turn.running and turn.due_at <= now]
        begun = []
        for _, key, turn in sorted(due, key=lambda one: one[0]):
            if free[turn.slow] > 0:
                free[turn.slow] -= 1
                turn.running = True
                begun.append(key)
        return begun

    def end(self, key: K, now: float, *, well: bool) -> None:
        """Say that a turn has ended, and how; a key that fell out meanwhile is forgotten."""
        turn = self._turns.get(key)
        if turn is None:
            return
        turn.running, turn.slow = False, not well
        steps = max(1, math.ceil((now - turn.due_at) / turn.interval_s))
        turn.due_at += turn.interval_s * steps

    def __contains__(self, key: K) -> bool:
        return key in self._turns
