"""What a person decided while the readings moved on is neither lost nor made more of than it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.monitoring.alerts import OPEN_STATES, Alert, AlertState, Severity
from opsterm.monitoring.reconcile import reconcile
from opsterm.monitoring.sample import SeriesKey

FIRING = Alert(
    id=7, fingerprint="f", key=SeriesKey("web-03", "load.1m"), rule="load", severity=Severity.WARNING,
    state=AlertState.FIRING, summary="load 9", value=9.0, unit="", level=8.0, since=1.0, last_seen=2.0,
)  # fmt: skip
GROWN = replace(FIRING, value=9.5, count=5, last_seen=9.0)
WORSE = replace(GROWN, severity=Severity.CRITICAL, value=20.0)
ENDED = replace(GROWN, state=AlertState.RESOLVED, resolved_at=9.0)
ACKNOWLEDGED = replace(FIRING, state=AlertState.ACKNOWLEDGED, by="ana", note="on it")
SILENCED = replace(FIRING, state=AlertState.SILENCED, by="ana", silenced_until=500.0)


@pytest.mark.parametrize(
    ("ours", "kept", "known", "expected"),
    [
        (GROWN, FIRING, FIRING, GROWN),
        (GROWN, ACKNOWLEDGED, FIRING, replace(GROWN, state=AlertState.ACKNOWLEDGED, by="ana", note="on it")),
        (GROWN, ACKNOWLEDGED, None, replace(GROWN, state=AlertState.ACKNOWLEDGED, by="ana", note="on it")),
        (GROWN, SILENCED, FIRING, replace(GROWN, state=AlertState.SILENCED, by="ana", silenced_until=500.0)),
        (replace(GROWN, state=AlertState.ACKNOWLEDGED, by="ana", note="on it"), FIRING, ACKNOWLEDGED, GROWN),
        (GROWN, ACKNOWLEDGED, ACKNOWLEDGED, GROWN),  # the readings made it fire again, and they knew
        (WORSE, ACKNOWLEDGED, FIRING, WORSE),
        (WORSE, SILENCED, FIRING, replace(WORSE, state=AlertState.SILENCED, by="ana", silenced_until=500.0)),
        (ENDED, FIRING, FIRING, ENDED),
        (ENDED, SILENCED, FIRING, replace(ENDED, by="ana", silenced_until=500.0)),
        (FIRING, ENDED, FIRING, FIRING),  # it came back
    ],
)
def test_readings_and_decisions_are_both_kept(ours: Alert, kept: Alert, known: Alert | None, expected: Alert) -> None:
    assert reconcile(ours, kept, known) == expected


alerts = st.builds(
    lambda state, severity, by, until, value: replace(
        FIRING, state=state, severity=severity, by=by, silenced_until=until, value=value
    ),
    st.sampled_from(AlertState), st.sampled_from(Severity), st.sampled_from(["", "ana", "ben"]),
    st.sampled_from([0.0, 500.0]), st.floats(0, 100),
)  # fmt: skip


@given(alerts, alerts, st.none() | alerts)
def test_figures_and_the_end_are_always_the_readings(ours: Alert, kept: Alert, known: Alert | None) -> None:
    made = reconcile(ours, kept, known)
    assert (made.value, made.severity, made.summary) == (ours.value, ours.severity, ours.summary)
    assert made.is_open == (ours.state in OPEN_STATES) or (kept.is_open and ours.state is AlertState.PENDING)
    assert reconcile(made, kept, known) == made
