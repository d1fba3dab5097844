"""The page of the settings about the tables of `[approvals]`."""

from __future__ import annotations

from collections.abc import Callable

from opsterm.core.approval_settings import ApprovalRuleSetting, AutonomySetting, LimitSetting

AN_APPROVAL_TABLE = """\
    [approvals]
    break_glass = "prod"

    [approvals.groups]
    ops = "ana, ben"
    dba = "dan"

    [[approvals.rule]]
    environment = "prod"
    level = "high"
    needs = "1 of ops and 1 of dba"
    others_only = true

    [[approvals.limit]]
    environment = "prod"
    forbidden_paths = "/boot"
    failures = 3
    window = "mon-thu 20:00-23:00 Europe/Berlin"

    [[approvals.autonomy]]
    environment = "lab"
    level = "medium"
    daily = 50"""


def approval_tables(fields_table: Callable[[type], str]) -> list[str]:
    """Return the tables of `[approvals]`, each with its fields."""
    tables = {"rule": ApprovalRuleSetting, "limit": LimitSetting, "autonomy": AutonomySetting}
    parts = ["Who approves what, what is never run, and what runs without a person:", AN_APPROVAL_TABLE]
    for name, kind in tables.items():
        parts += [f"### [[approvals.{name}]]", fields_table(kind)]
    return parts
