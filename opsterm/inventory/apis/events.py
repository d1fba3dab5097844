"""What can have happened to the APIs that are known."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("api.added")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAdded(Event):
    """An API became known; `server` is where its requests go."""

    api: str
    source: str
    server: str
    operations: int


@event("api.refreshed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRefreshed(Event):
    """A description was read again: how many operations were added, removed and changed."""

    api: str
    added: int
    removed: int
    changed: int


@event("api.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRemoved(Event):
    """An API was forgotten."""

    api: str


@event("api.operation_accepted")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOperationAccepted(Event):
    """An operator said that an operation only reads, so that it is called without being asked about."""

    api: str
    operation: str
    method: str
    path: str
