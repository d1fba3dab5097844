"""The words that queries are made with: what of something is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Statistic(StrEnum):
    """Which number of a window is asked for."""

    ALL = ""
    LARGEST = "largest"
    SMALLEST = "smallest"
    MEAN = "mean"


class LastSeen(StrEnum):
    """What is asked of the time at which a target last answered."""

    ANY = ""
    WITHIN = "seen"
    NOT_WITHIN = "not seen"
    NEVER = "never seen"


class Age(StrEnum):
    """Which end of a list, by age, comes first."""

    ANY = ""
    NEWEST = "newest"
    OLDEST = "oldest"


class TargetFact(StrEnum):
    """One thing that is known of a target."""

    ADDRESS = "address"
    PORT = "port"
    USER = "user"
    OS = "os"
    GROUPS = "groups"
    TAGS = "tags"
    PROTOCOL = "protocol"
    ENVIRONMENT = "environment"
    SITE = "site"
    STATUS = "status"
    LAST_SEEN = "last-seen"


class HostTopic(StrEnum):
    """What looks at targets have shown."""

    SERVICES = "services"
    RUNNING = "running"
    LISTENING = "listening"
    UPDATES = "updates"
    SECURITY = "security-updates"
    NEEDED_BY = "needed-by"
    PROFILE = "profile"
    PORTS = "ports"
    LOGGED_IN = "logged-in"
    OFFERING = "offering"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricBound:
    """What the newest value of a further metric must be, of the same target.

    Attributes:
        metric: a metric pattern.
        above, below: the bounds in the metric's unit, None for none.
        inclusive: whether a value that is the bound itself counts.
    """

    metric: str
    above: float | None = None
    below: float | None = None
    inclusive: bool = False

    def holds(self, value: float) -> bool:
        """Return whether a value is within the bounds."""
        if self.inclusive and value in (self.above, self.below):
            return True
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)

    @property
    def line(self) -> str:
        """The bounds as they stand in a canonical line."""
        more, less = ("at-least", "at-most") if self.inclusive else ("above", "below")
        parts = [f"{word} {_number(to)}" for word, to in ((more, self.above), (less, self.below)) if to is not None]
        return " ".join(parts)


def _number(value: float) -> str:
    """Return a number that reads back to the same float."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
