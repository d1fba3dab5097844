"""What time it is, asked in one place so that a test can set it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: one for people, one for measuring."""

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC; may jump when the host's clock is set."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an unknown moment of this boot; never jumps, the same for every process."""
        ...


class SystemClock:
    """The clock of the machine opsterm stands on."""

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds of the boot-wide monotonic clock."""
        return time.monotonic()


class StoppedClock:
    """A clock that moves only when told to: for tests and simulations.

    Attributes:
        at: the time both readings give, in seconds.
    """

    def __init__(self, at: float = 1_700_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        """Return the set time."""
        return self.at

    def monotonic(self) -> float:
        """Return the set time."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self.at += seconds
