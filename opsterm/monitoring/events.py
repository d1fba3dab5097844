"""What can have happened in monitoring."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("samples.taken", journaled=False, may_be_shed=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesTaken(Event):
    """A target was measured once; the three tuples are parallel.

    Attributes:
        target: target name.
        metrics: metric names.
        items: item of each ("" where there is only one).
        values: value of each, in the metric's unit.
    """

    target: str
    metrics: tuple[str, ...]
    items: tuple[str, ...]
    values: tuple[float, ...]


@event("alert.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChanged(Event):
    """An alert came to a new state, severity or owner.

    Attributes:
        alert: number of the alert.
        target: target name.
        state: its new state, a word of `alerts.AlertState`.
        severity: a word of `alerts.Severity`.
        summary: one line that says what is the case.
        reason: why it changed: "fired", "acknowledged", "silenced", "silence ended", "worse", "better", "resolved".
    """

    alert: int
    target: str
    state: str
    severity: str
    summary: str
    reason: str


@event("trap.received")
@dataclass(frozen=True, slots=True, kw_only=True)
class TrapReceived(Event):
    """A target sent a trap that was not the same as one before; how often it came again is kept with the trap.

    Attributes:
        target: target name.
        sender: the address it came from.
        trap: its number.
        name: as a person says it.
        text: what it tells, one line, cleaned and masked.
    """

    target: str
    sender: str
    trap: str
    name: str
    text: str


@event("target.engine_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpEngineChanged(Event):
    """Traps of a target came from another SNMP engine than the one that is kept, with the right passphrase.

    Attributes:
        target: target name.
        sender: the address it came from.
        before: id of the kept engine, hexadecimal digits.
        now: id of the other.
    """

    target: str
    sender: str
    before: str
    now: str


@event("target.engine_trusted")
@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpEngineTrusted(Event):
    """An operator took another SNMP engine for a target's.

    Attributes:
        target: target name.
        engine: its id, hexadecimal digits.
    """

    target: str
    engine: str


@event("profile.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanged(Event):
    """A look showed a target to be different from what it was.

    Attributes:
        target: target name.
        changes: one line each, as in "service nginx: running → failed"; () for the first look at it.
        more: changes that were left out of `changes`.
    """

    target: str
    changes: tuple[str, ...]
    more: int = 0
