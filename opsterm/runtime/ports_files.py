"""What the use-cases of files need from the edges; the conventions are those of `ports`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A regular file on a target, as it was when it was opened.

    Attributes:
        real_path: with symbolic links followed.
        size: bytes; 0 also for what the kernel makes up as it is read (below /proc).
        mode: permission bits.
        changed_at: epoch seconds of its last change.
        offset: where the bytes that follow begin: not 0 when the first ones are here already, and the same.
    """

    real_path: str
    size: int
    mode: int
    changed_at: float
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Have:
    """The beginning of a file, as it is here.

    Attributes:
        size: bytes, more than 0.
        sha256: of them.
    """

    size: int
    sha256: str


class EntryKind(StrEnum):
    """What something in a folder is; ODD has a name that no file here gets."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"
    UNREADABLE = "unreadable"
    ODD = "odd"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry:
    """Something below a folder of a target.

    Attributes:
        path: from that folder on; may be any text.
        kind: what it is.
        size: bytes of a file.
    """

    path: str
    kind: EntryKind
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptContent:
    """A content that is kept.

    Attributes:
        sha256: its name, 64 hex digits.
        size: bytes.
        kept_at: epoch seconds when it was last asked to be kept.
    """

    sha256: str
    size: int
    kept_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEntry:
    """A file or folder below a folder of the operator.

    Attributes:
        path: from that folder on, "" for itself.
        folder: whether it is a folder; else it is a regular file.
        mode: permission bits.
    """

    path: str
    folder: bool
    mode: int


class Contents(Protocol):
    """Contents of files that are to be put on targets: private, named by their hash, never changed."""

    async def tree(self, folder: Path, *, leave_out: Sequence[str] = ()) -> Sequence[SourceEntry]:
        """Return what is below a folder, itself too, but for what has a name or path of these shell patterns.

        Raises BadInput where something in it cannot be put, such as a symbolic link.
        """
        ...

    async def keep(self, source: Path, *, limit: int, follow: bool = True) -> KeptContent:
        """Copy a regular file; the name is the hash of what was copied. Raises BadInput, StorageError."""
        ...

    def pieces(self, sha256: str) -> AsyncIterator[bytes]:
        """Read a content in pieces of up to 1 MiB. Raises NotFound, StorageError."""
        ...

    async def list(self) -> Sequence[KeptContent]:
        """Return those that are kept."""
        ...

    async def remove(self, sha256: str) -> None:
        """Forget one; harmless when there is none."""
        ...


class NewFile(Protocol):
    """A file of the operator that is being written under another name, readable by this account only."""

    async def write(self, data: bytes) -> None:
        """Add bytes. Raises StorageError."""
        ...

    async def finish(self) -> None:
        """Make it durable and give it its name. Raises BadInput when there is a file by now, StorageError."""
        ...

    async def have(self) -> Have | None:
        """Return what was kept of it when it was last begun and not finished, None for nothing."""
        ...

    async def begin_at(self, offset: int) -> None:
        """Drop what is behind `offset`; bytes are added there. Raises StorageError."""
        ...

    async def discard(self) -> None:
        """Take away what was not finished, or keep it for the next time; safe to call twice, and after `finish`."""
        ...


class NewFiles(Protocol):
    """Makes files for the operator."""

    async def is_folder(self, path: Path) -> bool:
        """Return whether there is a folder."""
        ...

    async def free(self, path: Path) -> int:
        """Return the bytes that are free for this account on the disk where a file of that name would be."""
        ...

    async def existing(self, path: Path) -> Have | None:
        """Return what a regular file holds, None when there is none, or an empty one. Raises BadInput."""
        ...

    async def create(self, path: Path, *, replace: bool, folders: bool = False, resume: bool = False) -> NewFile:
        """Begin a file.

        Args:
            path: its name in the end.
            replace: whether a file of that name may be there, and is replaced.
            folders: whether folders above it that are missing are made, private to this account.
            resume: whether what comes is kept when it is not finished, and gone on with when it is begun again.

        Raises:
            BadInput: there is one, its folder is missing or not writable, or another opsterm is writing it.
        """
        ...
