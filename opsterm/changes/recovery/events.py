"""Facts about recovery points on the jump host."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("recovery.taken")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPointTaken(Event):
    """The state of things on a target was copied to this host.

    Attributes:
        point: its number.
        target: where.
        things: what, in words.
        origin: as of the point.
        label: the operator's word for it.
        digest: sha256 of its written form.
        sent_bytes: bytes that came over the line.
        stored_bytes: bytes that it added to the disk.
    """

    point: int
    target: str
    things: tuple[str, ...]
    origin: str
    label: str
    digest: str
    sent_bytes: int
    stored_bytes: int


@event("recovery.not_taken")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPointFailed(Event):
    """What a change touches could not be copied to this host; `why` in whole sentences."""

    target: str
    origin: str
    why: str


@event("recovery.pruned")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPointsPruned(Event):
    """Recovery points were thrown away; their names, and the bytes that became free."""

    points: tuple[str, ...]
    freed_bytes: int


@event("recovery.baseline_chosen")
@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineChosen(Event):
    """A recovery point says from now on how its target should be, or (`off`) no longer does."""

    point: int
    target: str
    off: bool
