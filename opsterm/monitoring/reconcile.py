"""Two hands on one alert: what the readings say, and what a person decided meanwhile."""

from __future__ import annotations

from dataclasses import replace

from opsterm.monitoring.alerts import Alert, AlertState, Severity


def reconcile(ours: Alert, kept: Alert, known: Alert | None) -> Alert:
    """Return what is to be kept of an alert that the readings have moved on.

    Figures, severity and end are the readings'; acknowledgement and silence are the persons'. Whoever decided
    something since the readings were last told of it is not overwritten.

    Args:
        ours: as the readings say, with the decisions that were known.
        kept: as it is kept at this moment.
        known: as it was when the readings' side last read or wrote it; None when it never did.
    """
    if not kept.is_open or (known is not None and _decision(kept) == _decision(known)):
        return ours
    decided = replace(ours, by=kept.by, note=kept.note, silenced_until=kept.silenced_until)
    if not ours.is_open:
        return decided
    if kept.state is AlertState.ACKNOWLEDGED and _is_worse(ours, kept):
        return ours  # what was accepted was a warning
    return replace(decided, state=kept.state)


def _decision(alert: Alert) -> tuple[bool, AlertState, str, str, float]:
    return alert.is_open, alert.state, alert.by, alert.note, alert.silenced_until


def _is_worse(ours: Alert, kept: Alert) -> bool:
    return ours.severity is Severity.CRITICAL and kept.severity is not Severity.CRITICAL
