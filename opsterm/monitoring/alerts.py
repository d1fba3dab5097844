"""An alert, from the first bad reading to its end: a pure state machine.

    pending ── n of m bad ──► firing ◄──► acknowledged, silenced ── n in a row clear ──► resolved

Only readings raise an alert and only readings end it: silence of data changes nothing, and neither does a person.
A silenced alert stays silenced until its expiry, whatever the readings do; should it end and come back before, it is
silenced again. An alert that comes back within `REOPEN_S` of its end is the same alert, firing since it came back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from opsterm.core.errors import BadInput
from opsterm.core.units import value_text
from opsterm.monitoring.metrics import metric_of, said_value, subject
from opsterm.monitoring.ring import Ring, Turn, is_critical, judge
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.monitoring.thresholds import Rule, fingerprint

REOPEN_S = 300.0
"""Seconds after its end in which a fault that comes back is the same alert."""


class Severity(StrEnum):
    """How bad it is."""

    WARNING = "warning"
    CRITICAL = "critical"


class AlertState(StrEnum):
    """Where an alert stands."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


OPEN_STATES = (AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SILENCED)


class Reason(StrEnum):
    """Why an alert changed: the words of `events.AlertChanged.reason`."""

    FIRED = "fired"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    SILENCE_ENDED = "silence ended"
    WORSE = "worse"
    BETTER = "better"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that is wrong, however often it was seen.

    Attributes:
        id: number, shown as "a7"; 0 until it is kept.
        fingerprint: equal for the same rule and series, so the same fault is one alert.
        key: the series it is about.
        rule: name of the threshold, as in "fs.used_percent above 90 %".
        severity: how bad.
        state: where it stands.
        summary: one line: what is the case, with value and unit.
        advice: what to do next; "" when nothing is known.
        value: newest value, in `unit`.
        unit: as `core.units.value_text` takes it.
        level: the level that was crossed.
        since: when it fired, the last time if it ended and came back, epoch seconds; while it is pending, the first
            bad reading.
        last_seen: newest bad reading.
        count: bad readings so far.
        by: who acknowledged or silenced it; "" for nobody.
        note: what they said.
        silenced_until: epoch seconds; 0 when not silenced. Still set on a resolved alert whose silence goes on.
        resolved_at: epoch seconds; 0 while open.
    """

    id: int = 0
    fingerprint: str
    key: SeriesKey
    rule: str
    severity: Severity
    state: AlertState
    summary: str
    advice: str = ""
    value: float
    unit: str
    level: float
    since: float
    last_seen: float
    count: int = 1
    by: str = ""
    note: str = ""
    silenced_until: float = 0.0
    resolved_at: float = 0.0

    @property
    def name(self) -> str:
        """The number as it is shown and typed: "a7"."""
        return f"a{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether it is raised and has not ended."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one reading made of an alert.

    Attributes:
        alert: as it is now; None when there is none.
        reason: why it changed in a way that is told and kept; None when only its figures moved.
    """

    alert: Alert | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A change of an alert that is to be kept and told.

    Attributes:
        alert: as it is now.
        reason: why it changed.
    """

    alert: Alert
    reason: Reason


# ------------------------------------------------------------------------------------------- by readings


def step(
    alert: Alert | None, ring: Ring, rule: Rule, reading: Sample, now: float, *, ended: Alert | None = None
) -> Step:
    """Return what one more reading makes of an alert.

    Args:
        alert: pending or open; None when there is none.
        ring: the newest readings with this one in it.
        rule: what it is judged by; must have a level.
        reading: the newest one.
        now: epoch seconds, for the expiry of a silence.
        ended: the last alert of this series that was resolved, for one that comes back and for a silence that goes on.
    """
    if alert is not None and alert.is_open:
        return _step_open(alert, ring, rule, reading, now)
    if judge(ring, rule, critical=None) is Turn.FIRED:
        return _fire(_pending(alert, ring, rule, reading), rule, reading, now, ended)
    if ring.bad:
        return Step(alert=_pending(alert, ring, rule, reading))
    if alert is not None and alert.id:  # a pending one that was kept must not stay behind
        return Step(alert=replace(alert, state=AlertState.RESOLVED, resolved_at=reading.at), reason=Reason.RESOLVED)
    return Step(alert=None)


def _step_open(alert: Alert, ring: Ring, rule: Rule, reading: Sample, now: float) -> Step:
    turn = judge(ring, rule, critical=alert.severity is Severity.CRITICAL)
    grown = grow(alert, ring, rule, reading)
    if turn is Turn.RESOLVED:
        return Step(alert=end(grown, reading.at), reason=Reason.RESOLVED)
    reason = None
    if alert.state is AlertState.SILENCED and now >= alert.silenced_until:
        grown, reason = unsilence(grown), Reason.SILENCE_ENDED
    if turn is Turn.WORSE:
        grown = replace(grown, severity=Severity.CRITICAL)
        if grown.state is AlertState.ACKNOWLEDGED:  # what was accepted was a warning
            grown = replace(grown, state=AlertState.FIRING, by="", note="")
    elif turn is Turn.BETTER:
        grown = replace(grown, severity=Severity.WARNING)
    if turn is None:
        return Step(alert=grown, reason=reason)
    return Step(alert=_described(grown, ring, rule), reason=reason or Reason(turn.value))


def _pending(alert: Alert | None, ring: Ring, rule: Rule, reading: Sample) -> Alert:
    """Return the pending alert with this reading in it, begun if there was none."""
    if alert is not None and alert.state is AlertState.PENDING:
        return grow(alert, ring, rule, reading)
    begun = Alert(
        fingerprint=fingerprint(rule, reading.key),
        key=reading.key,
        rule=rule.name,
        severity=_severity(ring, rule),
        state=AlertState.PENDING,
        summary="",
        advice=rule.advice_for(reading.key),
        value=reading.value,
        unit=metric_of(reading.key.metric).unit,
        level=0.0,
        since=reading.at,
        last_seen=reading.at,
        count=1,
    )
    return _described(begun, ring, rule)


def _fire(pending: Alert, rule: Rule, reading: Sample, now: float, ended: Alert | None) -> Step:
    fired = replace(pending, state=AlertState.FIRING, since=reading.at, rule=rule.name)
    if ended is None:
        return Step(alert=fired, reason=Reason.FIRED)
    if 0 <= reading.at - ended.resolved_at <= REOPEN_S and ended.id and not pending.id:
        fired = replace(fired, id=ended.id, count=ended.count + fired.count)
    if ended.silenced_until > now:
        quiet = silence(fired, by=ended.by, until=ended.silenced_until, note=ended.note, now=now)
        return Step(alert=quiet, reason=Reason.SILENCED)
    return Step(alert=fired, reason=Reason.FIRED)


def grow(alert: Alert, ring: Ring, rule: Rule, reading: Sample, *, more: int | None = None) -> Alert:
    """Return a pending or open alert with its figures and summary brought up to the newest reading.

    Args:
        alert: as it was.
        ring: the newest readings with this one in it.
        rule: what it is judged by.
        reading: the newest one.
        more: bad readings since `alert` was made; None to count this reading only.
    """
    is_bad = bool(ring.bad & 1)
    fresh = replace(
        alert,
        severity=_severity(ring, rule) if alert.state is AlertState.PENDING else alert.severity,
        value=reading.value,
        count=alert.count + (int(is_bad) if more is None else more),
        last_seen=reading.at if is_bad else alert.last_seen,
    )
    return _described(fresh, ring, rule)


def _severity(ring: Ring, rule: Rule) -> Severity:
    return Severity.CRITICAL if is_critical(ring, rule) else Severity.WARNING


def _described(alert: Alert, ring: Ring, rule: Rule) -> Alert:
    level = crossed_level(rule, alert.severity)
    return replace(alert, level=level, summary=_summary(alert, ring, rule, level))


def crossed_level(rule: Rule, severity: Severity) -> float:
    """Return the level that an alert of this severity has crossed."""
    first, second = (rule.crit, rule.warn) if severity is Severity.CRITICAL else (rule.warn, rule.crit)
    return first if first is not None else second if second is not None else rule.clear


def _summary(alert: Alert, ring: Ring, rule: Rule, level: float) -> str:
    """Say it: "load 9.1 above 8 in 5 of 6 readings", or how far it is from its end once it comes back."""
    what, unit = subject(alert.key), alert.unit
    if metric_of(alert.key.metric).words:
        return _state_summary(alert, ring, rule)
    value, said_level = value_text(alert.value, unit), value_text(level, unit)
    side = "below" if rule.below else "above"
    sign = rule.limits.sign
    if sign * alert.value < sign * level:
        return f"{what} {value}, was {side} {said_level}, ends at {value_text(rule.clear, unit)}"
    word = "at" if value == said_level else side
    if rule.m == 1:
        return f"{what} {value} {word} {said_level}"
    bits = ring.worst if alert.severity is Severity.CRITICAL and rule.crit is not None else ring.bad
    return f"{what} {value} {word} {said_level} in {bits.bit_count()} of {ring.size} readings"


def _state_summary(alert: Alert, ring: Ring, rule: Rule) -> str:
    """Say it of a state: "check shop fails, 3 times of 3: It answered 503", and how far it is from its end."""
    said = f"{subject(alert.key)} {said_value(alert.key.metric, alert.value)}"
    if not ring.bad & 1:
        return said if rule.n == 1 else f"{said}, ends after {rule.n} in a row"
    times = f", {ring.bad.bit_count()} of {ring.size} times" if rule.m > 1 else ""
    reason = rule.explain(alert.key)
    return f"{said}{times}: {reason}" if reason else said + times


def end(alert: Alert, at: float, why: str = "") -> Alert:
    """Return the alert as resolved.

    Args:
        alert: an open one.
        at: epoch seconds.
        why: said in its summary instead of the readings, for one whose threshold or target is gone.
    """
    what, value = subject(alert.key), value_text(alert.value, alert.unit)
    if metric_of(alert.key.metric).words and not why:
        summary = f"{what} {said_value(alert.key.metric, alert.value)}"
    else:
        summary = f"{what}: {why}" if why else f"{what} {value}, back inside {value_text(alert.level, alert.unit)}"
    return replace(alert, state=AlertState.RESOLVED, resolved_at=at, summary=summary)


# -------------------------------------------------------------------------------------------- by a person


def acknowledge(alert: Alert, by: str, note: str, now: float) -> Alert:
    """Return the alert as taken on by somebody; it stays open and a worse turn makes it fire again.

    Raises:
        BadInput: it is not open, or its silence has not run out.
    """
    _check_open(alert, "acknowledged")
    if alert.state is AlertState.SILENCED and now < alert.silenced_until:
        raise BadInput(
            f"Alert {alert.name} is silenced and cannot be acknowledged.",
            next_step="End its silence first, if you mean to.",
        )
    return replace(alert, state=AlertState.ACKNOWLEDGED, by=by, note=note, silenced_until=0.0)


def silence(alert: Alert, by: str, until: float, note: str, now: float) -> Alert:
    """Return the alert as silenced until a time; silencing again moves the expiry.

    Raises:
        BadInput: it is not open, or the time has passed.
    """
    _check_open(alert, "silenced")
    if until <= now:
        raise BadInput(
            f"The silence of alert {alert.name} would end before it begins.",
            next_step="Give a time ahead, as in 30m, 4h or 2d.",
        )
    return replace(alert, state=AlertState.SILENCED, by=by, note=note, silenced_until=until)


def unsilence(alert: Alert) -> Alert:
    """Return the alert as firing again: its silence or acknowledgement was ended.

    Raises:
        BadInput: it is neither silenced nor acknowledged.
    """
    if alert.state not in (AlertState.SILENCED, AlertState.ACKNOWLEDGED):
        raise BadInput(
            f"Alert {alert.name} is {alert.state}, neither silenced nor acknowledged.",
            next_step="There is nothing to do.",
        )
    return replace(alert, state=AlertState.FIRING, by="", note="", silenced_until=0.0)


def expire(alert: Alert, now: float) -> Decision | None:
    """Return the alert as firing again when its silence has run out, None when there is nothing to change."""
    if alert.state is AlertState.SILENCED and now >= alert.silenced_until:
        return Decision(alert=unsilence(alert), reason=Reason.SILENCE_ENDED)
    return None


def _check_open(alert: Alert, word: str) -> None:
    if not alert.is_open:
        raise BadInput(
            f"Alert {alert.name} is {alert.state} and cannot be {word}.",
            next_step="Only a raised alert that has not ended can be.",
        )
