"""What the runtime needs to keep recovery points on this host. Contents are named by their sha256, 32 bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class ContentIntake(Protocol):
    """Takes in contents that come from a target. Every method blocks: call it off the loop, one call at a time."""

    def add(self, data: bytes) -> str:
        """Keep a content, unless it is kept; return its sha256 in hex. Raises StorageFull, StorageError."""
        ...

    def require_room(self, size: int) -> None:
        """See that so many bytes more have room here. Raises StorageFull."""
        ...


class RecoveryIntake(ContentIntake, Protocol):
    """A recovery point that is being taken. Every method blocks: call it off the loop, one call at a time.

    Attributes:
        stored: bytes that it has added to the disk so far.
    """

    @property
    def stored(self) -> int:
        """Bytes that it has added to the disk so far."""
        ...

    def has(self, sha256: str) -> bool:
        """Return whether a content is kept, or was added here."""
        ...

    def read(self, sha256: str) -> bytes:
        """Return a content that is kept, or was added here. Raises NotFound, StorageError."""
        ...

    def finish(self, manifest: bytes, *, replaces: int = 0) -> int:
        """Make all of it durable, then the point itself; return its number.

        Args:
            manifest: what the point is.
            replaces: number of the point whose manifest it takes the place of; 0 for a new one.

        Raises:
            StorageFull, StorageError: there is no such point then.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRoom:
    """How much room recovery points take on this host.

    Attributes:
        points: how many there are.
        contents: different contents.
        plain_bytes: bytes of these.
        disk_bytes: bytes on the disk.
        free_bytes: bytes that are left there.
        key: where the key is, as part of a sentence.
    """

    points: int
    contents: int
    plain_bytes: int
    disk_bytes: int
    free_bytes: int
    key: str


class RecoveryStore(Protocol):
    """Recovery points on this host."""

    def taking(self) -> AbstractAsyncContextManager[RecoveryIntake]:
        """Take a point; what is not finished at the end is thrown away.

        Raises:
            VaultLocked: the key is in a vault that is locked.
            StorageFull, StorageError: nothing can be written.
        """
        ...

    async def manifests(self) -> Mapping[int, bytes]:
        """Return every point that can be read, by number. Raises VaultLocked, StorageError."""
        ...

    async def read(self, sha256: str) -> bytes:
        """Return a content. Raises NotFound, StorageError."""
        ...

    async def faults(self, contents: Collection[str]) -> Mapping[str, str]:
        """Read contents and hash them again; return by sha256 what is wrong with those that are not whole.

        Under "" stand the sentences about points and packs that cannot be read at all.
        """
        ...

    async def prune(self, numbers: Collection[int], *, stay: Collection[int], keep: Collection[str]) -> int:
        """Forget points, and every content that is not among `keep`; return the bytes that became free.

        Args:
            numbers: of the points that go.
            stay: of those that stay.
            keep: sha256 of all that those are made of.

        Raises:
            Refused: a point is being taken now, or was since `stay` was looked up.
            StorageError: it cannot be done; no point that stays has lost anything.
        """
        ...

    async def room(self) -> RecoveryRoom:
        """Return how much room they take. Raises VaultLocked, StorageError."""
        ...
