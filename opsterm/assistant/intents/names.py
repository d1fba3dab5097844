"""The kinds of things a sentence can want, by name."""

from __future__ import annotations

from enum import StrEnum


class Intent(StrEnum):
    """What kind of thing a sentence wants."""

    GREETING_HELP = "greeting_help"
    INVENTORY = "inventory"
    METRIC = "metric"
    ALERT = "alert"
    RUN_COMMAND = "run_command"
    SCRIPT = "script"
    SCHEDULE = "schedule"
    TROUBLESHOOT = "troubleshoot"
    ROLLBACK = "rollback"
    EXPLAIN = "explain"
    KNOWLEDGE = "knowledge"
    COMPLIANCE = "compliance"
    CAPACITY = "capacity"
    OUT_OF_SCOPE = "out_of_scope"
