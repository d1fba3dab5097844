"""What approvals need of this host: accounts and time zones, what others have written, signatures by SSH keys."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A small file, and whose it is.

    Attributes:
        text: what it holds.
        owner: the account that it belongs to, its number where that has no name.
        uid: of that account.
    """

    text: str
    owner: str
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Whose signature it is.

    Attributes:
        names: principals that the key stands for, plain ones only, without what follows @.
        key: as in "SHA256:…".
    """

    names: tuple[str, ...]
    key: str


class Accounts(Protocol):
    """The accounts of this host. Every method blocks."""

    def members(self, group: str) -> Collection[str]:
        """Return the accounts in a group of the host, those whose first group it is included; none for no group."""
        ...

    def zone(self, name: str) -> tzinfo:
        """Return a time zone; raises BadInput for one that is not known here. Blocks the first time only."""
        ...

    def zone_names(self) -> Collection[str]:
        """Return the names of every time zone that is known here. Blocks the first time only."""
        ...

    def local_zone(self) -> str:
        """Return the name of the zone this host is in; UTC when it does not say."""
        ...

    def written(self, path: str) -> Written:
        """Return what a file holds, and whose it is.

        Raises:
            BadInput: it cannot be read, is no regular file, is too large, or others than its owner may write to it.
        """
        ...


class Signatures(Protocol):
    """Signs with SSH keys, and sees whose a signature is (PROTOCOL.sshsig of OpenSSH)."""

    async def sign(self, message: str, namespace: str, *, key: str, account: str) -> str:
        """Return an armored signature.

        Args:
            message: what is signed.
            namespace: what for.
            key: path of a private key without a passphrase, or "agent".
            account: whose key it should be, where the agent has several.

        Raises:
            BadInput: there is no such key, or it cannot be used.
        """
        ...

    async def verify(self, message: str, namespace: str, signature: str, *, at: float) -> Signer:
        """Return who signed.

        Args:
            message: what was signed.
            namespace: what for.
            signature: armored.
            at: epoch seconds at which the key has to be valid.

        Raises:
            NotApproved: it is no signature of this message, or of no key that counts.
        """
        ...
