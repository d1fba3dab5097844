"""The settings of recovery points: their room here, which are kept, how often drift is looked for."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import between, option


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySettings:
    """`[recovery]`: recovery points on this host."""

    reserve_mb: int = option(
        500,
        "Megabytes that stay free on this host's disk when a recovery point is taken.",
        check=between(0, 10_000_000),
    )
    copy_limit_mb: int = option(
        64,
        "Megabytes that what a change touches may have on a target to be copied here before it runs; 0: none is.",
        check=between(0, 1_000_000),
    )
    keep_last: int = option(
        10, "Newest points that are kept of the same things on one target.", check=between(1, 100_000)
    )
    keep_daily: int = option(7, "Days of which the last such point is kept.", check=between(0, 100_000))
    keep_weekly: int = option(5, "Weeks of which the last such point is kept.", check=between(0, 100_000))
    keep_monthly: int = option(12, "Months of which the last such point is kept.", check=between(0, 100_000))
    keep_changes_d: float = option(
        30.0, "Days for which the copy of what a change touched is kept.", check=between(0, 36_600)
    )
    drift_interval_h: float = option(
        24.0, "Hours between two looks whether a target is still as its baseline says; 0: only when asked.",
        check=between(0, 24 * 90),
    )  # fmt: skip
