"""The words that queries are made with: what of something is asked for."""

from __future__ import annotations

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
