"""Drift: a target that is no longer as its baseline says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsterm.core.settings import ThresholdSetting
from opsterm.monitoring.thresholds import Explain, Rule, make_rule

DRIFT = "drift.differs"
"""1 when something of a baseline is not as it says, 0 when all is; the item is the name of the point."""


def drift_rules(every_s: float, *, explain: Explain) -> Sequence[Rule]:
    """Return the rule that raises alerts about drift.

    Args:
        every_s: seconds between two looks.
        explain: says what differs now.
    """
    setting = ThresholdSetting(
        metric=f"{DRIFT}[*]", target="*", warn=1.0, clear=0.5, n=1, m=1,
        advice="`opsterm snapshot diff {item}` says how it differs; `opsterm snapshot restore {item}` proposes to put "
        "it back; `opsterm snapshot baseline` takes a newer point for what should be.",
    )  # fmt: skip
    return (replace(make_rule(setting), explain=explain, every_s=every_s),)
