"""What can go wrong, and the number a script sees when it does.

Every error says three things: what happened, why as far as it is known, and what to do next. The exit codes
are an interface: scripts depend on them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The numbers `opsterm` ends with."""

    DONE = 0
    SOME_FAILED = 1
    BAD_INPUT = 2
    UNREACHABLE = 3
    REFUSED = 4
    STORAGE = 5
    MODEL_UNAVAILABLE = 6
    BUG = 70
    TIMED_OUT = 124
    INTERRUPTED = 130


class OpstermError(Exception):
    """The root of every error that opsterm raises on purpose.

    Attributes:
        what: what happened, one sentence.
        why: the cause as far as it is known, or "".
        next_step: what the operator can do about it, or "".
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, what: str, *, why: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step

    def __str__(self) -> str:
        return "\n".join(line for line in (self.what, self.why, self.next_step) if line)


class BadInput(OpstermError):
    """Something that was given cannot be understood or used."""

    exit_code = ExitCode.BAD_INPUT


class NotFound(BadInput):
    """The named thing does not exist."""


class BadSelector(BadInput):
    """A selector cannot be parsed.

    Attributes:
        text: the selector as it was given.
        column: 0-based place of the fault in `text`.
    """

    def __init__(self, what: str, *, text: str, column: int, next_step: str = "") -> None:
        super().__init__(what, why=f"{text}\n{' ' * column}^", next_step=next_step)
        self.text = text
        self.column = column


class BadSetting(BadInput):
    """A setting is unknown or has a value that cannot be used."""


class Unreachable(OpstermError):
    """A target did not answer, or did not let us in."""

    exit_code = ExitCode.UNREACHABLE


class NotBegun(Unreachable):
    """A target that was reached before was not when the command was to begin: nothing of it was begun there."""


class AuthenticationFailed(Unreachable):
    """The target answered and refused who we are."""


class HostKeyUnknown(Unreachable):
    """The target's key has never been seen.

    Attributes:
        host: the name or address that was asked for.
        key_type: e.g. "ssh-ed25519".
        fingerprint: "SHA256:…" as OpenSSH prints it.
        known_hosts_line: what would be added to known_hosts if the operator trusts it.
    """

    def __init__(self, host: str, *, key_type: str, fingerprint: str, known_hosts_line: str) -> None:
        super().__init__(
            f"The host key of {host} is not known: {key_type} {fingerprint}",
            why="No line of your known_hosts names this host.",
            next_step="Compare the fingerprint with one you trust, then accept it: "
            f"opsterm targets trust {host} --fingerprint {fingerprint}",
        )
        self.host = host
        self.key_type = key_type
        self.fingerprint = fingerprint
        self.known_hosts_line = known_hosts_line


class HostKeyChanged(Unreachable):
    """The target's key differs from the one in known_hosts; the connection is refused."""


class TimedOut(OpstermError):
    """Something took longer than it was given."""

    exit_code = ExitCode.TIMED_OUT


class Refused(OpstermError):
    """The policy, or a mode that is on, does not allow this."""

    exit_code = ExitCode.REFUSED


class Unguarded(Refused):
    """It can cut our way to a target, and nothing would take it back; a reason lets it be proposed."""


class NotApproved(Refused):
    """A change was to run whose approval is missing, expired, or for other bytes."""


class SecretNotSent(Refused):
    """A secret stayed here: it was not kept for the place that it would have gone to."""


class LeaseLost(Refused):
    """Another process runs the workers now; what this one wanted to write as their holder was not kept."""


class StorageError(OpstermError):
    """The data on disk cannot be read or written."""

    exit_code = ExitCode.STORAGE


class SchemaTooNew(StorageError):
    """The database was written by a newer opsterm."""


class StorageFull(StorageError):
    """The disk is full; opsterm only reads until there is room."""


class VaultLocked(StorageError):
    """The vault holds the answer and has not been unlocked."""


class ModelUnavailable(OpstermError):
    """No language model answers; everything but free text still works."""

    exit_code = ExitCode.MODEL_UNAVAILABLE


class Interrupted(OpstermError):
    """The operator stopped it."""

    exit_code = ExitCode.INTERRUPTED


class Bug(OpstermError):
    """An invariant of ours broke."""
