"""What the runtime needs from the edges. `storage` and `adapters` implement these; `composition` plugs them in.

Conventions: every coroutine raises only `core.errors`; a method that writes is durable when it returns; a method
that takes `facts` commits them to the journal in the same transaction and returns them with their `seq`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from opsterm.core.secret import Secret
from opsterm.monitoring.sample import Sample
from opsterm.policy.order import AS_LOGGED_IN, OrderTarget, RunAs
from opsterm.runtime.ports_connection_test import Steps
from opsterm.runtime.ports_files import FoundEntry, FoundFile, Have
from opsterm.runtime.secret_places import SecretPlace


class SecretStore(Protocol):
    """Where secrets are: the desktop keyring or the vault; blocking calls are made off the loop."""

    async def describe(self) -> str:
        """Return one sentence: which backend is in use and why, and whether it is locked."""
        ...

    async def state(self) -> str:
        """Return "open", "locked" or "absent" (a vault that was never made)."""
        ...

    async def create(self, passphrase: Secret) -> None:
        """Make the vault; it is open afterwards."""
        ...

    async def unlock(self, passphrase: Secret) -> None:
        """Open the vault for this process. Raises VaultLocked when the passphrase is wrong."""
        ...

    async def get(self, service: str, account: str) -> Secret | None:
        """Return a secret. Raises VaultLocked when it cannot be looked up."""
        ...

    async def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret."""
        ...

    async def remove(self, service: str, account: str) -> None:
        """Forget a secret; harmless when there is none."""
        ...

    async def names(self) -> Sequence[tuple[str, str]]:
        """Return (service, account) of what opsterm keeps; never the secrets."""
        ...


class Credentials(Protocol):
    """Passwords and passphrases for what is reached over a line; each goes only where it was kept for."""

    async def get(self, service: str, account: str, at: SecretPlace) -> Secret | None:
        """Return a secret to send to a place, None when none is kept.

        Raises:
            SecretNotSent: it is kept for another place.
            VaultLocked: it cannot be looked up.
        """
        ...

    async def unsent(self, service: str, account: str) -> Secret | None:
        """Return a secret that is sent nowhere: it opens a file, or is compared with what arrives."""
        ...

    async def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret, for where its account stands now."""
        ...

    async def names(self) -> Sequence[tuple[str, str]]:
        """Return (service, account) of what opsterm keeps; never the secrets."""
        ...


# ------------------------------------------------------------------------------------------ over a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended.

    Attributes:
        exit_status: None when a signal ended it or it was cut off.
        signal: "KILL", "TERM", …, or "".
    """

    exit_status: int | None
    signal: str = ""


class Session(Protocol):
    """An open way to run commands on one target."""

    def run(
        self, command: str, *, shell: str, how: RunAs = AS_LOGGED_IN, feed: AsyncIterator[bytes] | None = None
    ) -> AsyncIterator[bytes | Ended]:
        """Run a command; yield its output (standard output and error as they come), then one `Ended`.

        What `feed` yields is the command's standard input, all of it before the output is taken; without it that is
        empty. Only Unix shells without a terminal have one.

        Leaving the iteration early (aclose, cancellation) ends the command and everything it started; it raises
        Unreachable when the target did not answer to that, so that whether it still runs is not known.
        """
        ...

    async def close(self) -> None:
        """Close; safe to call twice."""
        ...


class Sessions(Protocol):
    """Opens sessions."""

    async def session(self, target: OrderTarget, *, looks: bool = False) -> Session:
        """Connect. Raises Unreachable, AuthenticationFailed, HostKeyUnknown, HostKeyChanged, TimedOut.

        Args:
            target: where.
            looks: only Looks will be run, and no more is opened than those need.
        """
        ...


class Connector(Sessions, Protocol):
    """Opens sessions and terminals."""

    def fresh(self, target: OrderTarget, steps: Steps) -> AbstractAsyncContextManager[Sessions]:
        """Open a connection of its own to the target, and to every jump host before it; closed at the end.

        Args:
            target: where.
            steps: hears of each phase; what is raised was raised in the one that began last.

        Raises:
            OpstermError: as `session`; a server that turns us away is not asked again.
        """
        ...

    async def shell(self, target: OrderTarget, *, columns: int, rows: int, term: str) -> Shell:
        """Open an interactive log-in shell on a PTY. Raises as `session`."""
        ...

    def read_file(
        self, target: OrderTarget, path: str, *, have: Have | None = None
    ) -> AsyncIterator[FoundFile | bytes]:
        """Read a file; yield what it is, then its bytes: behind `have` when the target's own hash of it is the same.

        Leaving the iteration early (aclose, cancellation) ends it. Raises as `session`; NotFound, Refused, BadInput.
        """
        ...

    def list_files(self, target: OrderTarget, folder: str) -> AsyncIterator[FoundEntry]:
        """Yield what is below a folder, folders before what is in them. Raises as `read_file`."""
        ...

    async def check(self, target: OrderTarget) -> None:
        """See whether the target answers on its port; logs in nowhere. Raises Unreachable or TimedOut."""
        ...

    async def identity(self, target: OrderTarget) -> str:
        """Return by what a target is known that answers there, "" where nothing is kept of it; connects to nothing.

        Of SSH that is where it leads by ssh_config, and the host keys that are known, jump hosts before it.
        """
        ...

    async def trust(self, target: OrderTarget | str, fingerprint: str, /) -> None:
        """Fetch the target's key again and add it to known_hosts if it still has this fingerprint.

        Args:
            target: the target, whose jump hosts and port count; or what ssh takes, as "web-1" or "web-1:2222".
            fingerprint: "SHA256:…" as HostKeyUnknown had it; where that was the key of a jump host before the
                target, it is the jump host's key that is added.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class Shell(Protocol):
    """A PTY with a shell on it."""

    async def read(self) -> bytes:
        """Return what the shell printed since, up to 64 KiB; b"" when it has ended."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes to the shell."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """Tell the shell its new size."""
        ...

    async def close(self) -> Ended:
        """Hang up and wait for the end."""
        ...


class HostProbe(Protocol):
    """Measures the machine opsterm stands on. Blocking: called off the loop."""

    def measure(self, target: str, at: float) -> Sequence[Sample]:
        """Return one sample of each metric; rates are absent at the first call."""
        ...

    def describe(self) -> Mapping[str, str]:
        """Return os, kernel, host name and such."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who sits there: the account, never a text field.

    Attributes:
        name: log-in name of the effective account.
        uid: its number.
        host: this machine's name.
        origin: where they come from, as SSH_CONNECTION says; "" when at the machine.
        home: home folder.
    """

    name: str
    uid: int
    host: str
    origin: str
    home: Path
