"""What can have happened to opsterm itself."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("opsterm.started")
@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """A screen or a service began its work.

    Attributes:
        face: "screen" or "serve".
        process: "pid.start@boot", as changes and the lease name it.
        program_version: of opsterm.
    """

    face: str
    process: str
    program_version: str


@event("opsterm.stopped")
@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(Event):
    """A screen or a service ended in order; one that was killed tells nothing.

    Attributes:
        face: "screen" or "serve".
        process: "pid.start@boot".
    """

    face: str
    process: str


@event("mail.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MailChanged(Event):
    """A mail was queued, came to an end for everybody, or was put back or dropped by an operator.

    Attributes:
        mail: its number.
        subject: one line, masked.
        to: addresses.
        state: a word of `core.mail.RecipientState`, as `Mail.state` has it.
        reason: "queued", "ended", "put back" or "dropped".
    """

    mail: int
    subject: str
    to: tuple[str, ...]
    state: str
    reason: str


@event("target.file_fetched")
@dataclass(frozen=True, slots=True, kw_only=True)
class FileFetched(Event):
    """An operator copied a file from a target to this host.

    Attributes:
        target: its name.
        path: as it was asked for.
        real_path: with symbolic links followed.
        size: bytes.
        sha256: of them.
        local: where it went.
    """

    target: str
    path: str
    real_path: str
    size: int
    sha256: str
    local: str


@event("credential.confirmed")
@dataclass(frozen=True, slots=True, kw_only=True)
class SecretConfirmed(Event):
    """An operator said that a kept secret may go to other places than it was kept for.

    Attributes:
        service: its kind, a name of `credentials.SERVICES`.
        account: whose.
        places: where it goes from now on, as they are shown.
    """

    service: str
    account: str
    places: tuple[str, ...]


@event("policy.refused")
@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Event):
    """Something was asked for that the policy, a mode or an approval does not allow.

    Attributes:
        action: what was asked for, as in "approve".
        change: number of the change, 0 for none.
        why: what the one who asked was told, masked.
    """

    action: str
    change: int
    why: str


@event("policy.model_trained")
@dataclass(frozen=True, slots=True, kw_only=True)
class RiskModelTrained(Event):
    """Somebody had it learned anew which commands do not end well.

    Attributes:
        lessons: sha256 of what it was learned from.
        own: outcomes of this operator.
        bad: those that did not end well.
        shipped: cases that ship.
        silent: why it raises nothing, "" when it may.
    """

    lessons: str
    own: int
    bad: int
    shipped: int
    silent: str


@event("audit.heartbeat")
@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHeartbeat(Event):
    """The workers run; where these are missing, somebody stopped them or took them out.

    Attributes:
        process: "pid.start@boot".
    """

    process: str


@event("audit.key_taken")
@dataclass(frozen=True, slots=True, kw_only=True)
class AuditKeyTaken(Event):
    """Somebody was shown the first key of the audit chain, which is kept here no more.

    Attributes:
        key: its id.
    """

    key: str


@event("audit.checkpoint_failed")
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFailed(Event):
    """A checkpoint could not be left at a place that took the one before; it is tried again.

    Attributes:
        place: as the setting has it.
        why: one sentence, masked.
    """

    place: str
    why: str


@event("audit.checkpoint_made")
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointMade(Event):
    """A place took a checkpoint for the first time, or again after it had failed.

    Attributes:
        place: as the setting has it.
        count: entries that there were.
    """

    place: str
    count: int
