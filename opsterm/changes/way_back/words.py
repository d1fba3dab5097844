"""Words of the steps around a change."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class KeeperStep(StrEnum):
    """What is done about a recovery point on a target."""

    CAPTURE = "capture"
    NOTE = "note"
    RESTORE = "restore"
    ARM = "arm"
    EXTEND = "extend"
    CONFIRM = "confirm"
    REVERT = "revert"
    STATUS = "status"


OF_GUARD: Final = frozenset({KeeperStep.EXTEND, KeeperStep.CONFIRM, KeeperStep.REVERT, KeeperStep.STATUS})
"""Steps about a guard that is armed."""
