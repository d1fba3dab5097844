"""How a target is, in one word and one line, from its alerts and whether it answers."""

from __future__ import annotations

from collections.abc import Iterable

from opsterm.inventory.target import Status
from opsterm.monitoring.alerts import Alert, AlertState, Severity


def target_status(alerts: Iterable[Alert], *, answered: bool | None, reason: str = "") -> tuple[Status, str]:
    """Return a target's status and the line that explains it, "" for nothing to say.

    A target that does not answer is offline, whatever its last readings said. A silenced alert does not colour its
    target, but is counted in the line; an acknowledged one still does.

    Args:
        alerts: the target's own; those that are pending or resolved are left out here.
        answered: whether it answered when last tried; None when it was never tried.
        reason: why it did not answer.
    """
    raised = [alert for alert in alerts if alert.is_open]
    if answered is False:
        return Status.OFFLINE, reason or "does not answer"
    loud = sorted((a for a in raised if a.state is not AlertState.SILENCED), key=_worst_first)
    silenced = len(raised) - len(loud)
    if not loud:
        status = Status.UNKNOWN if answered is None else Status.ONLINE
        return status, f"{silenced} silenced" if silenced else ""
    more = [f"{count} {word}" for count, word in ((len(loud) - 1, "more"), (silenced, "silenced")) if count]
    note = ", ".join([loud[0].summary, *more])
    return (Status.CRITICAL if loud[0].severity is Severity.CRITICAL else Status.WARNING), note


def _worst_first(alert: Alert) -> tuple[bool, bool, float]:
    return alert.severity is not Severity.CRITICAL, alert.state is AlertState.ACKNOWLEDGED, alert.since
