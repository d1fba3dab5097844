"""How bad a command could be."""

from __future__ import annotations

from dataclasses import dataclass
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
        return list(RiskLevel).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A grade and the sentences that explain it.

    Attributes:
        level: the grade.
        reasons: whole sentences, the weightiest first; never empty.
    """

    level: RiskLevel
    reasons: tuple[str, ...]
