"""The audit trail as people read it: who did what, when, why, with which result.

Rows are made from journaled facts by their written kind and fields, so that a journal of another version, or of a
kind this version does not know, still gives a row. Every text in a row is masked and on one line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from opsterm.core.events import Fact, body_to_json, written_kind
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.inventory.folding import fold
from opsterm.policy.mask import mask

Fields = Mapping[str, object]
"""Fields of a fact's body as JSON has them."""

PREFIXES = ("change.", "target.", "targets.", "terminal.", "hostkey.", "mail.", "api.",
            "credential.", "policy.", "audit.", "claim.", "card.")  # fmt: skip
"""Kinds that are audited begin with one of these; besides, what a person did to an alert or a service is."""

_NOT_AUDITED = frozenset({"change.output", "target.seen", "audit.heartbeat", "claim.known"})
_DONE_BY_PERSONS = {
    "alert.changed": frozenset({"acknowledged", "silenced", "silence ended", "reopened"}),
    "service.changed": frozenset({"accepted", "ignored", "removed"}),
    "service.dependency_changed": frozenset({"declared", "withdrawn"}),
}
"""Kinds that are audited when a person did it: by the reason that the fact gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One line of the audit list.

    Attributes:
        seq: place in the journal.
        at: epoch seconds.
        who: account, or the part of opsterm that did it.
        what: a past-tense sentence without its end, as in "approved c18".
        subject: what it belongs to, as in "c18", "a7" or a target's name; "" for nothing.
        why: in the person's words, "" when not said.
        result: how it went, "" when there is nothing to say.
        kind: the fact's written kind.
        masked: secrets that were masked in this row.
    """

    seq: int
    at: float
    who: str
    what: str
    subject: str
    why: str
    result: str
    kind: str
    masked: int


@dataclass(frozen=True, slots=True)
class _Said:
    """The words for one kind."""

    what: str
    subject: str = ""
    why: str = ""
    result: str = ""


def is_audited(fact: Fact) -> bool:
    """Return whether a fact belongs in the audit list."""
    kind, _ = written_kind(fact.event)
    if kind in _DONE_BY_PERSONS:
        return is_audited_kind(kind, body_to_json(fact.event))
    return is_audited_kind(kind, "")


def is_audited_kind(kind: str, body: str) -> bool:
    """Return whether a fact belongs in the audit list.

    Args:
        kind: as written.
        body: JSON of its fields; looked at only for kinds that are audited when a person did it.
    """
    if kind in _DONE_BY_PERSONS:
        return str(_fields(body).get("reason", "")) in _DONE_BY_PERSONS[kind]
    return kind.startswith(PREFIXES) and kind not in _NOT_AUDITED


def row(fact: Fact, *, any_kind: bool = False) -> AuditRow | None:
    """Return the row for a fact, None when it is not audited. Never raises on fields that are missing.

    Args:
        fact: which.
        any_kind: also when it is not audited.
    """
    if not any_kind and not is_audited(fact):
        return None
    kind, _ = written_kind(fact.event)
    fields = fields_of(fact)
    say = _SAY.get(kind)
    said = say(fields) if say else _unknown_kind(kind, fields)
    masked = 0
    texts = []
    for text in (said.what, said.subject or fact.correlation_id, said.why, said.result, fact.by):
        hidden, count = mask(text)
        masked += count
        texts.append(clean_line(hidden))
    what, subject, why, result, who = texts
    return AuditRow(
        seq=fact.seq, at=fact.at, who=who, what=what, subject=subject, why=why, result=result, kind=kind, masked=masked
    )


def rows(facts: Iterable[Fact]) -> tuple[AuditRow, ...]:
    """Return the rows for facts, in their order, without those that are not audited."""
    made = (row(fact) for fact in facts)
    return tuple(found for found in made if found is not None)


def as_text(audited: AuditRow) -> str:
    """Return a row as one line for people: time in UTC, who, what, then result and reason where there are any."""
    parts = [f"{utc_text(audited.at)}  {audited.who}  {audited.what}"]
    if audited.result:
        parts.append(audited.result)
    if audited.why:
        parts.append(f'because "{audited.why}"')
    return " · ".join(parts)


def as_json(audited: AuditRow) -> dict[str, str | int | float]:
    """Return a row as what JSON carries; `time` is ISO 8601 in UTC, `at` the same in epoch seconds."""
    return {
        "seq": audited.seq,
        "time": utc_text(audited.at),
        "at": audited.at,
        "who": audited.who,
        "what": audited.what,
        "subject": audited.subject,
        "why": audited.why,
        "result": audited.result,
        "kind": audited.kind,
        "masked": audited.masked,
    }


def utc_text(at: float) -> str:
    """Return an epoch time as "2026-11-21T08:00:00Z"."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{at:g}"


def fields_of(fact: Fact) -> Fields:
    """Return the fields of a fact's body as JSON has them, none for a body that is no object."""
    return _fields(body_to_json(fact.event))


def _fields(body: str) -> Fields:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return "" if value is None else str(value)


def _names(fields: Fields, name: str) -> tuple[str, ...]:
    value = fields.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def _change(fields: Fields) -> str:
    return f"c{_text(fields, 'change')}"


def _proposed(f: Fields) -> _Said:
    names, become = _names(f, "targets"), _text(f, "become")
    return _Said(
        what=f"proposed {_change(f)}{f' as {become} by sudo' if become else ''}: {_text(f, 'command')}",
        subject=_change(f),
        why=_text(f, "reason"),
        result=f"risk {_text(f, 'risk')}, on {fold(names)} ({len(names)}), from the {_text(f, 'origin')}, "
        f"digest {_text(f, 'digest')[:12]}{f', {guard}' if (guard := _text(f, 'guard')) else ''}",
    )


_GUARD_STEPS = {
    "arm": "armed the guard of", "confirm": "asked to keep", "extend": "gave more time to",
    "revert": "asked to take back",
}  # fmt: skip


def _guarded(f: Fields) -> _Said:
    did = _GUARD_STEPS.get(_text(f, "step"), "asked about")
    log_in = f", the fresh log-in {_text(f, 'log_in')}" if f.get("log_in") else ""
    said = f", {_text(f, 'said')}" if f.get("said") else ""
    return _Said(f"{did} {_change(f)} on {_text(f, 'target')}", _change(f), result=f"{_text(f, 'state')}{log_in}{said}")


def _approved(f: Fields) -> _Said:
    return _Said(f"approved {_change(f)}", _change(f), result=f"digest {_text(f, 'digest')[:12]}")


def _started(f: Fields) -> _Said:
    names = _names(f, "targets")
    return _Said(f"started {_change(f)} on {fold(names)}", _change(f), result=f"digest {_text(f, 'digest')[:12]}")


def _approval_given(f: Fields) -> _Said:
    alone = " alone, in an emergency" if _text(f, "how") == "break-glass" else ""
    return _Said(
        f"gave an approval of {_change(f)}{alone}", _change(f), why=_text(f, "note"),
        result=f"{_text(f, 'have')} of {_text(f, 'want')}, known by {_text(f, 'proof')}, "
        f"digest {_text(f, 'digest')[:12]}",
    )  # fmt: skip


def _target_ended(f: Fields) -> _Said:
    status = f.get("exit_status")
    size = f.get("output_bytes")
    parts = [_text(f, "state")]
    if isinstance(status, int):
        parts.append(f"exit {status}")
    if isinstance(size, int):
        parts.append(f"{bytes_text(size)} of output, sha256 {_text(f, 'output_sha256')[:12]}")
    if message := " ".join(_text(f, "message").split()):
        parts.append(message)
    return _Said(f"ended {_change(f)} on {_text(f, 'target')}", _change(f), result=", ".join(parts))


def _ended(f: Fields) -> _Said:
    return _Said(f"ended {_change(f)}", _change(f), result=_text(f, "state"))


def _alert(f: Fields) -> _Said:
    name = f"a{_text(f, 'alert')}"
    done = {"silence ended": "ended the silence of"}.get(_text(f, "reason"), _text(f, "reason"))
    return _Said(
        f"{done} {name} on {_text(f, 'target')}", name, result=f"{_text(f, 'severity')}: {_text(f, 'summary')}"
    )


def _mail(f: Fields) -> _Said:
    name, reason = f"m{_text(f, 'mail')}", _text(f, "reason")
    done = {"ended": f"was done with {name}"}.get(reason, f"{reason} {name}")
    return _Said(done, name, result=f"{_text(f, 'state')}, to {', '.join(_names(f, 'to'))}: {_text(f, 'subject')}")


def _depends(f: Fields) -> _Said:
    said = "declared" if _text(f, "reason") == "declared" else "withdrew"
    return _Said(f"{said} that {_text(f, 'service')} needs {_text(f, 'on')}", _text(f, "service"))


def _edited(f: Fields) -> _Said:
    return _Said(f"edited {_text(f, 'target')}", _text(f, "target"), result="changed " + ", ".join(_names(f, "fields")))


def _imported(f: Fields) -> _Said:
    counts = ", ".join(f"{_text(f, word)} {word}" for word in ("added", "changed", "unchanged"))
    return _Said(f"imported targets from {_text(f, 'source')}", _text(f, "source"), result=counts)


def _fetched(f: Fields) -> _Said:
    size = f.get("size")
    told = bytes_text(size) if isinstance(size, int) else ""
    return _Said(
        f"fetched {_text(f, 'real_path')} from {_text(f, 'target')}", _text(f, "target"),
        result=f"{told}, sha256 {_text(f, 'sha256')[:12]}, to {_text(f, 'local')}",
    )  # fmt: skip


def _claim_taken(f: Fields) -> _Said:
    until, beside = f.get("until"), ". ".join(_names(f, "beside"))
    said = f"beside {beside}, because {_text(f, 'despite')}" if beside else ""
    end = utc_text(until) if isinstance(until, float) else "?"
    return _Said(f"claimed {fold(_names(f, 'targets'))} until {end}", "", _text(f, "reason"), said)


def _key_begun(f: Fields) -> _Said:
    adopted = f.get("adopted")
    taken = f", {adopted:,} earlier facts taken in" if isinstance(adopted, int) and adopted else ""
    return _Said("began to seal the audit chain", why=_text(f, "why"), result=f"key {_text(f, 'key')}{taken}")


def _unknown_kind(kind: str, fields: Fields) -> _Said:
    """Say a kind without words of its own as it is written: room, verb, fields."""
    shown = ", ".join(f"{name} {_text(fields, name)}" for name in sorted(fields) if _text(fields, name))
    return _Said(
        kind.replace("_", " ").replace(".", " "), _text(fields, "target") or _text(fields, "key"), result=shown
    )


_SAY: Mapping[str, Callable[[Fields], _Said]] = {
    "change.proposed": _proposed,
    "change.approved": _approved,
    "change.approval_given": _approval_given,
    "change.review_closed": lambda f: _Said(
        f"closed the review of {_change(f)}", _change(f), why=_text(f, "note"), result=f"known by {_text(f, 'proof')}"
    ),
    "change.breaker_reset": lambda f: _Said(
        f"let changes go on in {_text(f, 'environment')}", _text(f, "environment"), why=_text(f, "note")
    ),
    "change.guarded": _guarded,
    "change.rolled_back": lambda f: _Said(
        f"took back {_change(f)} on {_text(f, 'target')}",
        _change(f),
        result="proven to be as before" if f.get("equal") else "not all of it is as before",
    ),
    "change.denied": lambda f: _Said(f"denied {_change(f)}", _change(f), why=_text(f, "note")),
    "change.expired": lambda f: _Said(f"let {_change(f)} expire", _change(f), result="nothing was run"),
    "change.voided": lambda f: _Said(f"voided {_change(f)}", _change(f), result=_text(f, "why")),
    "policy.refused": lambda f: _Said(
        f"was refused to {_text(f, 'action')}{f' {_change(f)}' if f.get('change') else ''}",
        _change(f) if f.get("change") else "",
        result=_text(f, "why"),
    ),
    "policy.model_trained": lambda f: _Said(
        "had it learned anew which commands do not end well",
        result=f"{_text(f, 'own')} changes, {_text(f, 'bad')} of them not well, and {_text(f, 'shipped')} shipped cases"
        + (f"; silent: {_text(f, 'silent')}" if f.get("silent") else "; it may raise a grade"),
    ),
    "change.started": _started,
    "claim.taken": _claim_taken,
    "card.kept": lambda f: _Said(f"wrote card {_text(f, 'card')}", result=f"sha256 {_text(f, 'sha256')[:12]}"),
    "card.removed": lambda f: _Said(f"removed card {_text(f, 'card')}"),
    "claim.released": lambda f: _Said(
        f"gave up claims of {_text(f, 'of')} to {fold(_names(f, 'targets'))}", why=_text(f, "reason")
    ),
    "claim.passed_over": lambda f: _Said(
        f"ran {_change(f)} beside other claims", _change(f), _text(f, "reason"), ". ".join(_names(f, "claims"))
    ),
    "change.previewed": lambda f: _Said(
        f"looked up what {_change(f)} would do on {_text(f, 'target')}", _change(f), result=_text(f, "why")
    ),
    "change.stop_asked": lambda f: _Said(f"asked to stop {_change(f)}", _change(f)),
    "change.target_ended": _target_ended,
    "change.ended": _ended,
    "alert.changed": _alert,
    "mail.changed": _mail,
    "target.file_fetched": _fetched,
    "service.changed": lambda f: _Said(
        f"{_text(f, 'reason')} {_text(f, 'service')}", _text(f, "service"), result=_text(f, "serves")
    ),
    "service.dependency_changed": _depends,
    "target.added": lambda f: _Said(
        f"added {_text(f, 'target')}", _text(f, "target"), result=f"from {_text(f, 'source')}"
    ),
    "api.added": lambda f: _Said(
        f"added the API {_text(f, 'api')}",
        _text(f, "api"),
        result=f"{_text(f, 'operations')} operations at {_text(f, 'server')}, described by {_text(f, 'source')}",
    ),
    "api.refreshed": lambda f: _Said(
        f"read the description of {_text(f, 'api')} again",
        _text(f, "api"),
        result=", ".join(f"{_text(f, word)} {word}" for word in ("added", "removed", "changed")),
    ),
    "api.operation_accepted": lambda f: _Said(
        f"accepted that {_text(f, 'operation')} of {_text(f, 'api')} only reads",
        _text(f, "api"),
        result=f"{_text(f, 'method')} {_text(f, 'path')}",
    ),
    "api.removed": lambda f: _Said(f"removed the API {_text(f, 'api')}", _text(f, "api")),
    "target.edited": _edited,
    "target.removed": lambda f: _Said(f"removed {_text(f, 'target')}", _text(f, "target")),
    "targets.imported": _imported,
    "target.engine_changed": lambda f: _Said(
        f"heard {_text(f, 'target')} from another SNMP engine",
        _text(f, "target"),
        result=f"{_text(f, 'now')} at {_text(f, 'sender')}, not {_text(f, 'before')}",
    ),
    "target.engine_trusted": lambda f: _Said(
        f"trusted the SNMP engine of {_text(f, 'target')}", _text(f, "target"), result=_text(f, "engine")
    ),
    "credential.confirmed": lambda f: _Said(
        f"confirmed where the secret {_text(f, 'service')} of {_text(f, 'account')} goes",
        _text(f, "account"),
        result=", ".join(_names(f, "places")),
    ),
    "audit.key_begun": _key_begun,
    "audit.key_taken": lambda f: _Said("took the first key of the audit chain", result=f"key {_text(f, 'key')}"),
    "audit.checkpoint_failed": lambda f: _Said(
        f"could not leave a checkpoint at {_text(f, 'place')}", _text(f, "place"), result=_text(f, "why")
    ),
    "audit.checkpoint_made": lambda f: _Said(
        f"left a checkpoint at {_text(f, 'place')}", _text(f, "place"), result=f"{_text(f, 'count')} entries"
    ),
    "hostkey.trusted": lambda f: _Said(
        f"trusted the host key of {_text(f, 'target')}", _text(f, "target"), result=_text(f, "fingerprint")
    ),
}
