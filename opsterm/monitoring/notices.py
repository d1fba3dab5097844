"""Which changes of alerts are told by mail, to whom, and in which words.

Somebody is told when an alert fires, when it becomes critical, and when it ends, each once: what an address was told
of is remembered for as long as the alert is open. What is silenced or acknowledged is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from opsterm.core.text import clean_block, clean_line
from opsterm.core.units import age_text, value_text
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.metrics import subject

MANY = 3
"""More than so many notices for the same addresses become one mail."""

LISTED = 200
"""Alerts that one mail lists; of more it says how many there are."""

SUBJECT_LIMIT = 160
"""Characters of a subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRule:
    """Which alerts are told to whom.

    Attributes:
        target: selector of the targets.
        severity: the lowest that is told.
        to: addresses.
        resolved: whether the end is told too.
    """

    target: str
    severity: Severity
    to: tuple[str, ...]
    resolved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTurn:
    """An alert as it came to a new state.

    Attributes:
        alert: as it is kept now, for its figures and what to do.
        state: the state it came to, which may not be its last.
        severity: its severity then.
        summary: what was the case then.
        at: epoch seconds.
    """

    alert: Alert
    state: AlertState
    severity: Severity
    summary: str
    at: float


Told = Mapping[tuple[int, str], Severity]
"""By number of an open alert and address: the severity that the address was told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """What follows from some turns.

    Attributes:
        by_address: what each address is to be told, in order.
        told: what every address has been told of when that is done.
    """

    by_address: Mapping[str, Sequence[AlertTurn]]
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail that is to be written: `subject` is one line, `body` plain text; neither is masked yet."""

    to: tuple[str, ...]
    subject: str
    body: str


def decide(
    turns: Sequence[AlertTurn], rules: Sequence[NoticeRule], told: Told, *, chooses: Callable[[str, str], bool]
) -> Notices:
    """Return who is to be told of what.

    Args:
        turns: in the order in which they happened.
        rules: each may bring an address in; none is told twice.
        told: what was told before.
        chooses: whether a selector chooses a target, by name.
    """
    now_told = dict(told)
    by_address: dict[str, list[AlertTurn]] = {}
    for turn in turns:
        number = turn.alert.id
        if turn.state is AlertState.FIRING and turn.alert.state is not AlertState.SILENCED:
            for address in _addressees(turn, rules, chooses):
                before = now_told.get((number, address))
                if before is None or (before is Severity.WARNING and turn.severity is Severity.CRITICAL):
                    now_told[number, address] = turn.severity
                    by_address.setdefault(address, []).append(turn)
        elif turn.state is AlertState.RESOLVED:
            wanted = {address for rule in rules if rule.resolved for address in rule.to}
            for key in [key for key in now_told if key[0] == number]:
                del now_told[key]
                if key[1] in wanted and turn.alert.silenced_until <= turn.at:
                    by_address.setdefault(key[1], []).append(turn)
    return Notices(by_address=by_address, told=now_told)


def _addressees(turn: AlertTurn, rules: Sequence[NoticeRule], chooses: Callable[[str, str], bool]) -> Sequence[str]:
    found: dict[str, None] = {}
    for rule in rules:
        serious = turn.severity is Severity.CRITICAL or rule.severity is Severity.WARNING
        if serious and chooses(rule.target, turn.alert.key.target):
            found.update(dict.fromkeys(rule.to))
    return tuple(found)


def letters(by_address: Mapping[str, Sequence[AlertTurn]], *, host: str, now: float) -> Sequence[Letter]:
    """Return the mails for some notices: one for each, or one for all where an address is told of many.

    Args:
        by_address: see `Notices`.
        host: name of the machine opsterm stands on, which the mail is from.
        now: epoch seconds.
    """
    alike: dict[tuple[tuple[int, AlertState, float], ...], list[str]] = {}
    turns_of: dict[tuple[tuple[int, AlertState, float], ...], Sequence[AlertTurn]] = {}
    for address, turns in by_address.items():
        key = tuple((turn.alert.id, turn.state, turn.at) for turn in turns)
        alike.setdefault(key, []).append(address)
        turns_of[key] = turns
    made = []
    for key, addresses in alike.items():
        turns, to = turns_of[key], tuple(addresses)
        if len(turns) > MANY:
            made.append(_digest(turns, to, host, now))
        else:
            made += [_letter(turn, to, host, now) for turn in turns]
    return made


def _word(turn: AlertTurn) -> str:
    return "resolved" if turn.state is AlertState.RESOLVED else str(turn.severity).upper()


def _letter(turn: AlertTurn, to: tuple[str, ...], host: str, now: float) -> Letter:
    alert = turn.alert
    target = clean_line(alert.key.target, limit=64)
    title = f"[opsterm] {_word(turn)} {target}: {clean_line(turn.summary)}"
    return Letter(to=to, subject=clean_line(title, limit=SUBJECT_LIMIT), body=_paragraph(turn, host, now))


def _paragraph(turn: AlertTurn, host: str, now: float) -> str:
    alert = turn.alert
    value = value_text(alert.value, alert.unit)
    lines = [
        f"what    {clean_line(turn.summary)}",
        f"where   {clean_line(alert.key.target)}: {clean_line(subject(alert.key))}",
        f"state   {'resolved' if turn.state is AlertState.RESOLVED else 'firing'}, {turn.severity}",
        f"since   {utc(alert.since)}, {age_text(now - alert.since)} ago",
        f"value   {value}, level {value_text(alert.level, alert.unit)}, {alert.count} bad readings",
        f"rule    {clean_line(alert.rule)}",
    ]
    if turn.state is AlertState.RESOLVED:
        lines.append(f"ended   {utc(turn.at)}, after {age_text(turn.at - alert.since)}")
    else:
        lines += ["", "What to do next:", clean_block(alert.advice) if alert.advice else "Nothing is known yet.", ""]
        lines.append(f"On {host}: `opsterm alerts ack {alert.name}` says that you work on it,")
        lines.append(f"`opsterm alerts silence {alert.name} --for 4h` keeps it quiet.")
    return "\n".join(lines) + "\n"


def _digest(turns: Sequence[AlertTurn], to: tuple[str, ...], host: str, now: float) -> Letter:
    counts: dict[str, int] = {}
    for turn in turns:
        counts[_word(turn)] = counts.get(_word(turn), 0) + 1
    targets = len({turn.alert.key.target for turn in turns})
    said = ", ".join(f"{count} {word}" for word, count in sorted(counts.items(), key=lambda pair: pair[0]))
    title = f"[opsterm] {len(turns)} alerts on {targets} target{'s' if targets > 1 else ''}: {said}"
    order = sorted(
        turns, key=lambda t: (t.state is AlertState.RESOLVED, t.severity is not Severity.CRITICAL, t.alert.key)
    )
    lines = [f"{len(turns)} alerts changed on {targets} targets within a short time, as seen from {host}.", ""]
    for turn in order[:LISTED]:
        alert = turn.alert
        lines.append(f"{_word(turn):9} {alert.name:6} {clean_line(alert.key.target)}: {clean_line(turn.summary)}")
        lines.append(f"{'':16} since {utc(alert.since)}, {age_text(now - alert.since)} ago")
        if alert.advice and turn.state is not AlertState.RESOLVED:
            lines.append(f"{'':16} next: {clean_line(alert.advice, limit=300)}")
    if len(order) > LISTED:
        lines.append(f"… and {len(order) - LISTED} more.")
    lines += ["", f"On {host}: `opsterm alerts` lists what is open now."]
    return Letter(to=to, subject=clean_line(title, limit=SUBJECT_LIMIT), body="\n".join(lines) + "\n")


def utc(at: float) -> str:
    """Return epoch seconds as "2026-11-21 08:00:00 UTC"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
