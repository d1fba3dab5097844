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
from opsterm.policy.audit_inventory import SAY_OF_INVENTORY
from opsterm.policy.audit_learning import SAY_OF_LEARNING
from opsterm.policy.audit_model import SAY_OF_MODEL
from opsterm.policy.audit_words import Fields, Said, change_in, names_in, text_in
from opsterm.policy.mask import mask

PREFIXES = ("change.", "target.", "targets.", "terminal.", "hostkey.", "mail.", "api.",
            "credential.", "policy.", "audit.", "claim.", "card.", "fix.", "habit.", "script.", "model.")  # fmt: skip
"""Kinds that are audited begin with one of these; besides, what a person did to an alert or a service is."""

_NOT_AUDITED = frozenset({"change.output", "target.seen", "audit.heartbeat", "claim.known", "model.changed"})
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


def _proposed(f: Fields) -> Said:
    names, become = names_in(f, "targets"), text_in(f, "become")
    return Said(
        what=f"proposed {change_in(f)}{f' as {become} by sudo' if become else ''}: {text_in(f, 'command')}",
        subject=change_in(f),
        why=text_in(f, "reason"),
        result=f"risk {text_in(f, 'risk')}, on {fold(names)} ({len(names)}), from the {text_in(f, 'origin')}, "
        f"digest {text_in(f, 'digest')[:12]}{f', {guard}' if (guard := text_in(f, 'guard')) else ''}",
    )


_GUARD_STEPS = {
    "arm": "armed the guard of", "confirm": "asked to keep", "extend": "gave more time to",
    "revert": "asked to take back",
}  # fmt: skip


def _guarded(f: Fields) -> Said:
    did = _GUARD_STEPS.get(text_in(f, "step"), "asked about")
    log_in = f", the fresh log-in {text_in(f, 'log_in')}" if f.get("log_in") else ""
    said = f", {text_in(f, 'said')}" if f.get("said") else ""
    return Said(
        f"{did} {change_in(f)} on {text_in(f, 'target')}", change_in(f), result=f"{text_in(f, 'state')}{log_in}{said}"
    )


def _approved(f: Fields) -> Said:
    return Said(f"approved {change_in(f)}", change_in(f), result=f"digest {text_in(f, 'digest')[:12]}")


def _started(f: Fields) -> Said:
    names = names_in(f, "targets")
    return Said(f"started {change_in(f)} on {fold(names)}", change_in(f), result=f"digest {text_in(f, 'digest')[:12]}")


def _approval_given(f: Fields) -> Said:
    alone = " alone, in an emergency" if text_in(f, "how") == "break-glass" else ""
    return Said(
        f"gave an approval of {change_in(f)}{alone}", change_in(f), why=text_in(f, "note"),
        result=f"{text_in(f, 'have')} of {text_in(f, 'want')}, known by {text_in(f, 'proof')}, "
        f"digest {text_in(f, 'digest')[:12]}",
    )  # fmt: skip


def _target_ended(f: Fields) -> Said:
    status = f.get("exit_status")
    size = f.get("output_bytes")
    parts = [text_in(f, "state")]
    if isinstance(status, int):
        parts.append(f"exit {status}")
    if isinstance(size, int):
        parts.append(f"{bytes_text(size)} of output, sha256 {text_in(f, 'output_sha256')[:12]}")
    if message := " ".join(text_in(f, "message").split()):
        parts.append(message)
    return Said(f"ended {change_in(f)} on {text_in(f, 'target')}", change_in(f), result=", ".join(parts))


def _ended(f: Fields) -> Said:
    return Said(f"ended {change_in(f)}", change_in(f), result=text_in(f, "state"))


def _alert(f: Fields) -> Said:
    name = f"a{text_in(f, 'alert')}"
    done = {"silence ended": "ended the silence of"}.get(text_in(f, "reason"), text_in(f, "reason"))
    return Said(
        f"{done} {name} on {text_in(f, 'target')}", name, result=f"{text_in(f, 'severity')}: {text_in(f, 'summary')}"
    )


def _mail(f: Fields) -> Said:
    name, reason = f"m{text_in(f, 'mail')}", text_in(f, "reason")
    done = {"ended": f"was done with {name}"}.get(reason, f"{reason} {name}")
    return Said(done, name, result=f"{text_in(f, 'state')}, to {', '.join(names_in(f, 'to'))}: {text_in(f, 'subject')}")


def _claim_taken(f: Fields) -> Said:
    until, beside = f.get("until"), ". ".join(names_in(f, "beside"))
    said = f"beside {beside}, because {text_in(f, 'despite')}" if beside else ""
    end = utc_text(until) if isinstance(until, float) else "?"
    return Said(f"claimed {fold(names_in(f, 'targets'))} until {end}", "", text_in(f, "reason"), said)


def _key_begun(f: Fields) -> Said:
    adopted = f.get("adopted")
    taken = f", {adopted:,} earlier facts taken in" if isinstance(adopted, int) and adopted else ""
    return Said("began to seal the audit chain", why=text_in(f, "why"), result=f"key {text_in(f, 'key')}{taken}")


def _unknown_kind(kind: str, fields: Fields) -> Said:
    """Say a kind without words of its own as it is written: room, verb, fields."""
    shown = ", ".join(f"{name} {text_in(fields, name)}" for name in sorted(fields) if text_in(fields, name))
    return Said(
        kind.replace("_", " ").replace(".", " "), text_in(fields, "target") or text_in(fields, "key"), result=shown
    )


_SAY: Mapping[str, Callable[[Fields], Said]] = {
    **SAY_OF_INVENTORY,
    **SAY_OF_LEARNING,
    **SAY_OF_MODEL,
    "change.proposed": _proposed,
    "change.approved": _approved,
    "change.approval_given": _approval_given,
    "change.review_closed": lambda f: Said(
        f"closed the review of {change_in(f)}",
        change_in(f),
        why=text_in(f, "note"),
        result=f"known by {text_in(f, 'proof')}",
    ),
    "change.breaker_reset": lambda f: Said(
        f"let changes go on in {text_in(f, 'environment')}", text_in(f, "environment"), why=text_in(f, "note")
    ),
    "change.guarded": _guarded,
    "change.rolled_back": lambda f: Said(
        f"took back {change_in(f)} on {text_in(f, 'target')}",
        change_in(f),
        result="proven to be as before" if f.get("equal") else "not all of it is as before",
    ),
    "change.denied": lambda f: Said(f"denied {change_in(f)}", change_in(f), why=text_in(f, "note")),
    "change.expired": lambda f: Said(f"let {change_in(f)} expire", change_in(f), result="nothing was run"),
    "change.voided": lambda f: Said(f"voided {change_in(f)}", change_in(f), result=text_in(f, "why")),
    "policy.refused": lambda f: Said(
        f"was refused to {text_in(f, 'action')}{f' {change_in(f)}' if f.get('change') else ''}",
        change_in(f) if f.get("change") else "",
        result=text_in(f, "why"),
    ),
    "change.started": _started,
    "claim.taken": _claim_taken,
    "claim.released": lambda f: Said(
        f"gave up claims of {text_in(f, 'of')} to {fold(names_in(f, 'targets'))}", why=text_in(f, "reason")
    ),
    "claim.passed_over": lambda f: Said(
        f"ran {change_in(f)} beside other claims", change_in(f), text_in(f, "reason"), ". ".join(names_in(f, "claims"))
    ),
    "change.previewed": lambda f: Said(
        f"looked up what {change_in(f)} would do on {text_in(f, 'target')}", change_in(f), result=text_in(f, "why")
    ),
    "change.stop_asked": lambda f: Said(f"asked to stop {change_in(f)}", change_in(f)),
    "change.target_ended": _target_ended,
    "change.ended": _ended,
    "alert.changed": _alert,
    "mail.changed": _mail,
    "audit.key_begun": _key_begun,
    "audit.key_taken": lambda f: Said("took the first key of the audit chain", result=f"key {text_in(f, 'key')}"),
    "audit.checkpoint_failed": lambda f: Said(
        f"could not leave a checkpoint at {text_in(f, 'place')}", text_in(f, "place"), result=text_in(f, "why")
    ),
    "audit.checkpoint_made": lambda f: Said(
        f"left a checkpoint at {text_in(f, 'place')}", text_in(f, "place"), result=f"{text_in(f, 'count')} entries"
    ),
}
