"""A target's status: worst of reachability and open alerts, and the line that says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsterm.inventory.target import Status
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.status import target_status
from tests.monitoring.cases import Story, load_rule

WARNING = Story(load_rule()).feed([9] * 3).open
CRITICAL = replace(WARNING, severity=Severity.CRITICAL, summary="file system / 97 % above 95 %")
SILENCED = replace(CRITICAL, state=AlertState.SILENCED)
ACKNOWLEDGED = replace(WARNING, state=AlertState.ACKNOWLEDGED)
PENDING = replace(CRITICAL, state=AlertState.PENDING)
RESOLVED = replace(CRITICAL, state=AlertState.RESOLVED)


@pytest.mark.parametrize(
    ("alerts", "answered", "status", "note"),
    [
        ([], None, Status.UNKNOWN, ""),
        ([], True, Status.ONLINE, ""),
        ([WARNING], True, Status.WARNING, WARNING.summary),
        ([WARNING], None, Status.WARNING, WARNING.summary),
        ([ACKNOWLEDGED], True, Status.WARNING, WARNING.summary),
        ([WARNING, CRITICAL], True, Status.CRITICAL, f"{CRITICAL.summary}, 1 more"),
        ([SILENCED], True, Status.ONLINE, "1 silenced"),
        ([SILENCED, WARNING], True, Status.WARNING, f"{WARNING.summary}, 1 silenced"),
        ([PENDING, RESOLVED], True, Status.ONLINE, ""),
        ([CRITICAL], False, Status.OFFLINE, "no route to host"),
    ],
)
def test_the_worst_counts_and_is_said(alerts: list[Alert], answered: bool | None, status: Status, note: str) -> None:
    reason = "no route to host" if answered is False else ""
    assert target_status(alerts, answered=answered, reason=reason) == (status, note)


def test_offline_without_a_reason_still_says_something() -> None:
    assert target_status([], answered=False) == (Status.OFFLINE, "does not answer")
