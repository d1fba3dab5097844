"""Facts: what has happened, frozen, told once, readable by every later version.

An `Event` subclass is the body of one kind of fact. A `Fact` is a body with who, when and why around it. The
JSON form carries a version per kind, so that a journal written today is read by any later opsterm; a kind this
version does not know is kept as it is (`UnknownEvent`), never dropped.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from opsterm.core.errors import Bug

JOURNAL_VERSION = 1
"""Version of the envelope, written as "v" in every line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The body of a fact.

    Fields hold str, int, float, bool, None, and tuples of these: what JSON carries without loss.

    Attributes:
        kind: the name under which the body is written, "room.past_tense".
        version: raised when fields change their meaning; older bodies then pass the kind's `upgrade`.
        journaled: False for what only live listeners need (samples, streamed output).
        may_be_shed: True for what a slow listener may miss; what is journaled is never shed.
    """

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1
    journaled: ClassVar[bool] = True
    may_be_shed: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """A body of a kind that this version does not know, kept as it was written.

    Attributes:
        name: the kind as written.
        body_json: the body's JSON text.
        body_version: the version as written.
    """

    name: str
    body_json: str
    body_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event with its circumstances.

    Attributes:
        event: the body.
        at: when it happened, seconds since the epoch.
        by: the account or the part of opsterm that did it: "ana", "monitor".
        id: 32 hex digits, unique.
        correlation_id: what it belongs to ("c18" for everything of change 18); equal for a whole story.
        causation_id: the id of the fact that led to this one, "" for a first cause.
        seq: place in the journal, 1 and up; 0 until it is committed, and for what is not journaled.
    """

    event: Event
    at: float
    by: str
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    correlation_id: str = ""
    causation_id: str = ""
    seq: int = 0


_EventT = TypeVar("_EventT", bound=type[Event])
Upgrade = Callable[[int, dict[str, Any]], dict[str, Any]]
_kinds: dict[str, type[Event]] = {}
_upgrades: dict[str, Upgrade] = {}


def event(
    kind: str,
    *,
    version: int = 1,
    journaled: bool = True,
    may_be_shed: bool = False,
    upgrade: Upgrade | None = None,
) -> Callable[[_EventT], _EventT]:
    """Register a body under its written name. Use below `@dataclass(frozen=True, slots=True, kw_only=True)`.

    Args:
        kind: "room.past_tense", unique in the program.
        version: what `to_json` writes.
        journaled: see `Event`.
        may_be_shed: see `Event`; only with `journaled=False`.
        upgrade: called with (written version, fields) for bodies older than `version`; returns today's fields.
    """

    def register(cls: _EventT) -> _EventT:
        known = _kinds.get(kind)
        if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise Bug(f"two events are called {kind}")
        if journaled and may_be_shed:
            raise Bug(f"{kind}: what is journaled is never shed")
        cls.kind, cls.version, cls.journaled, cls.may_be_shed = kind, version, journaled, may_be_shed
        _kinds[kind] = cls
        if upgrade is not None:
            _upgrades[kind] = upgrade
        return cls

    return register


def event_kinds() -> Mapping[str, type[Event]]:
    """Return every registered body by its written name."""
    return dict(_kinds)


def body_to_json(body: Event) -> str:
    """Return the JSON text of a body's fields, one line."""
    if isinstance(body, UnknownEvent):
        return body.body_json
    fields = {name: getattr(body, name) for name in _field_names(type(body))}
    return _encode(fields)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # dumps would make one each time
_names_cache: dict[type[Event], tuple[str, ...]] = {}


def _field_names(cls: type[Event]) -> tuple[str, ...]:
    names = _names_cache.get(cls)
    if names is None:
        names = _names_cache[cls] = tuple(f.name for f in dataclasses.fields(cls))
    return names


def written_kind(body: Event) -> tuple[str, int]:
    """Return the kind and the version to write for a body."""
    if isinstance(body, UnknownEvent):
        return body.name, body.body_version
    return body.kind, body.version


def body_from_json(kind: str, version: int, text: str) -> Event:
    """Read a body back; what is not understood becomes an `UnknownEvent`.

    Fields that a newer minor change added are ignored; fields that are missing take their defaults. Never raises: one
    body that makes no sense must not hide the journal around it.
    """
    cls = _kinds.get(kind)
    if cls is not None and version <= cls.version:
        try:
            fields = json.loads(text)
            if version < cls.version and kind in _upgrades:
                fields = _upgrades[kind](version, fields)
            names = set(_field_names(cls))
            return cls(**{name: _frozen(value) for name, value in fields.items() if name in names})
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            pass  # kept as it is
    return UnknownEvent(name=kind, body_json=text, body_version=version)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def fact_to_json(fact: Fact) -> str:
    """Return a fact as one line of JSON, version JOURNAL_VERSION."""
    kind, version = written_kind(fact.event)
    head = {
        "v": JOURNAL_VERSION,
        "seq": fact.seq,
        "id": fact.id,
        "at": fact.at,
        "by": fact.by,
        "correlation": fact.correlation_id,
        "causation": fact.causation_id,
        "kind": kind,
        "kind_version": version,
    }
    return f'{json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]},"body":{body_to_json(fact.event)}}}'


_HEAD = frozenset({"seq", "id", "at", "by", "correlation", "causation", "kind", "kind_version", "body"})


def fact_from_json(line: str) -> Fact:
    """Read a line that `fact_to_json` of this or an earlier version wrote.

    Raises:
        ValueError: the line is not such a line, or was written by a later version of the envelope.
    """
    raw = json.loads(line)
    if not isinstance(raw, dict) or raw.get("v") != JOURNAL_VERSION or not raw.keys() >= _HEAD:
        msg = f"not a journal line of version {JOURNAL_VERSION}"
        raise ValueError(msg)
    body = json.dumps(raw["body"], ensure_ascii=False, separators=(",", ":"))
    return Fact(
        event=body_from_json(raw["kind"], raw["kind_version"], body),
        at=raw["at"],
        by=raw["by"],
        id=raw["id"],
        correlation_id=raw["correlation"],
        causation_id=raw["causation"],
        seq=raw["seq"],
    )
