"""What can have happened to the inventory."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("target.added")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAdded(Event):
    """A target came into the inventory from `source`."""

    target: str
    source: str


@event("target.edited")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEdited(Event):
    """Some fields of a target changed; `fields` names them."""

    target: str
    fields: tuple[str, ...]


@event("target.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRemoved(Event):
    """A target left the inventory."""

    target: str


@event("targets.imported")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsImported(Event):
    """An import was taken in: how many targets it added, changed and left as they were."""

    source: str
    added: int
    changed: int
    unchanged: int


@event("target.seen")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSeen(Event):
    """A target's reachability changed, or was looked at by the operator; `reason` is "" when it answered."""

    target: str
    answered: bool
    reason: str


@event("service.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged(Event):
    """A record of the registry changed.

    Attributes:
        service: its id, as in "nginx@web-01".
        target: whose it is.
        serves: its kind, as in "sql:postgres".
        state: a word of `service.ServiceState`.
        reason: "found", "changed", "back", "gone", "accepted", "ignored", "removed" or "health".
        detail: one line, "" for none.
    """

    service: str
    target: str
    serves: str
    state: str
    reason: str
    detail: str = ""


@event("service.dependency_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyChanged(Event):
    """Something needs something, or does no longer; `reason` is "declared", "observed" or "withdrawn"."""

    service: str
    on: str
    reason: str
