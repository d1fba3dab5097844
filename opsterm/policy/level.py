"""The grades of risk."""

from __future__ import annotations

from enum import StrEnum


class RiskLevel(StrEnum):
    """The grades, mildest first."""

    READ = "read"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def order(self) -> int:
        """0 for the mildest."""
        return _ORDER[self]


_ORDER = {level: place for place, level in enumerate(RiskLevel)}
