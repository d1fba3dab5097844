"""A place where files are: a target over SFTP, or this machine; the few things that are done there."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

ANSWER_LIMIT_S = 30.0
"""Seconds that one step may take, such as one piece that is sent: a line that is slower than that counts as dead."""
PIECE = 1 << 20
"""Bytes of a piece; over a line of 50 ms round trip it makes 20 MB/s, since a piece is acknowledged before the next."""


class PlaceTrouble(Enum):
    """Why a place did not do what it was asked, as far as it says."""

    MISSING = auto()
    DENIED = auto()
    EXISTS = auto()
    FULL = auto()
    READ_ONLY = auto()
    UNKNOWN_NAME = auto()
    UNSUPPORTED = auto()
    OTHER = auto()


class PlaceError(Exception):
    """A place did not do what it was asked.

    Attributes:
        trouble: why.
        said: its own words, cleaned; may be "".
    """

    def __init__(self, trouble: PlaceTrouble, said: str = "") -> None:
        super().__init__(said or trouble.name)
        self.trouble = trouble
        self.said = said


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What a place says of one name.

    Attributes:
        mode: type and permission bits, as stat(2) has them.
        size: bytes.
        uid: number of its owner; None when the place does not say.
        gid: number of its group.
        changed_at: epoch seconds.
    """

    mode: int
    size: int
    uid: int | None
    gid: int | None
    changed_at: float

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)

    @property
    def permissions(self) -> int:
        """The mode without its type."""
        return stat.S_IMODE(self.mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The file system of a folder.

    Attributes:
        free: bytes that this account may use.
        files: names that can still be made; None where that has no number.
        read_only: whether it is mounted so.
    """

    free: int
    files: int | None
    read_only: bool


class FilePlace(Protocol):
    """Done with files at a place. Every step raises PlaceError, or Unreachable and TimedOut when the line is dead."""

    async def facts(self, path: str, *, follow: bool = False) -> FileFacts:
        """Return what a name is; with `follow`, what a symbolic link leads to."""
        ...

    async def real_path(self, path: str) -> str:
        """Return a path with its symbolic links followed."""
        ...

    async def link_target(self, path: str) -> str:
        """Return what a symbolic link says."""
        ...

    async def room(self, folder: str) -> Room | None:
        """Return what is left where a folder is; None when the place does not tell."""
        ...

    async def create(self, path: str) -> OpenFile:
        """Make a file that must not be there yet, mode 0600, and open it for writing."""
        ...

    async def open(self, path: str) -> OpenFile:
        """Open a file for reading."""
        ...

    async def open_to_write(self, path: str) -> OpenFile:
        """Open a file that is there for writing into what it holds."""
        ...

    async def sha256(self, path: str, *, first: int | None = None) -> str:
        """Have the place hash a file, or only so many of its first bytes; "" when it cannot."""
        ...

    async def names(self, folder: str, *, limit: int) -> Sequence[tuple[str, FileFacts]]:
        """Return what is in a folder, links not followed; somewhat more than `limit` at most."""
        ...

    async def replace(self, path: str, by: str) -> None:
        """Let the file `by` take the name `path` in one step."""
        ...

    async def remove(self, path: str) -> None:
        """Remove a file."""
        ...

    async def make_folder(self, path: str, *, mode: int, owner: str) -> None:
        """Make a folder that must not be there yet; `owner` as in `OpenFile.set_owner`, "" for the account's own."""
        ...

    async def remove_folder(self, path: str) -> None:
        """Remove an empty folder."""
        ...


class OpenFile(Protocol):
    """An open file at a place.

    Owner and mode are set here and not by name: whoever may write to its folder could put a link in its place.
    """

    async def read(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes; b"" behind the end."""
        ...

    async def write(self, data: bytes, offset: int) -> None:
        """Write bytes."""
        ...

    async def sync(self) -> bool:
        """Have what was written put on the disk; False when the place cannot be asked to."""
        ...

    async def facts(self) -> FileFacts:
        """Return what is open."""
        ...

    async def set_owner(self, owner: str) -> None:
        """Give it to "user", "user:group" or ":group", names or numbers."""
        ...

    async def set_mode(self, mode: int) -> None:
        """Set the permission bits."""
        ...

    async def close(self) -> None:
        """Close it."""
        ...
