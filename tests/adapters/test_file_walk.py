"""What is below a folder, and a file of which the beginning is here: at a place that may say anything."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest

from opsterm.adapters import file_walk
from opsterm.adapters.file_get import get_file
from opsterm.adapters.file_place import FileFacts, FilePlace, PlaceError, PlaceTrouble
from opsterm.adapters.file_walk import walk_files
from opsterm.core.errors import BadInput, NotFound
from opsterm.runtime.ports_files import FoundFile, Have


def facts(kind: int = stat.S_IFREG, size: int = 1) -> FileFacts:
    return FileFacts(mode=kind | 0o644, size=size, uid=0, gid=0, changed_at=0.0)


@dataclass
class Played:
    """A place with these folders, of which some cannot be read, and one content for every file."""

    folders: dict[str, Sequence[tuple[str, FileFacts]]] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    content: bytes = b""
    hashes: bool = True

    async def facts(self, path: str, *, follow: bool = False) -> FileFacts:
        del follow
        if path in self.folders or path in self.closed:
            return facts(stat.S_IFDIR)
        if path == "/nothing":
            raise PlaceError(PlaceTrouble.MISSING)
        return facts(size=len(self.content))

    async def names(self, folder: str, *, limit: int) -> Sequence[tuple[str, FileFacts]]:
        del limit
        if folder in self.closed:
            raise PlaceError(PlaceTrouble.DENIED)
        return self.folders[folder]

    async def real_path(self, path: str) -> str:
        return path

    async def sha256(self, path: str, *, first: int | None = None) -> str:
        del path
        return hashlib.sha256(self.content[:first]).hexdigest() if self.hashes else ""

    async def open(self, path: str) -> PlayedFile:
        del path
        return PlayedFile(self.content)


@dataclass
class PlayedFile:
    """A file that is open."""

    content: bytes

    async def facts(self) -> FileFacts:
        return facts(size=len(self.content))

    async def read(self, offset: int, size: int) -> bytes:
        return self.content[offset : offset + size]

    async def close(self) -> None:
        """Nothing to close."""


async def walked(place: Played, folder: str = "/f") -> list[tuple[str, str]]:
    return [(e.path, e.kind.value) async for e in walk_files(cast("FilePlace", place), folder, target="web-1")]


async def test_everything_below_is_told_and_links_are_not_followed() -> None:
    place = Played({
        "/f": [("b", facts()), (".", facts(stat.S_IFDIR)), ("..", facts(stat.S_IFDIR)), ("sub", facts(stat.S_IFDIR)),
               ("locked", facts(stat.S_IFDIR)), ("link", facts(stat.S_IFLNK)), ("fifo", facts(stat.S_IFIFO)),
               ("../../etc/cron.d/x", facts()), ("a\x1b[2J", facts())],
        "/f/sub": [("c", facts())],
    }, closed=frozenset({"/f/locked"}))  # fmt: skip
    assert await walked(place) == [
        ("../../etc/cron.d/x", "odd"), ("a\x1b[2J", "odd"), ("b", "file"), ("fifo", "other"), ("link", "link"),
        ("locked", "folder"), ("sub", "folder"), ("locked", "unreadable"), ("sub/c", "file"),
    ]  # fmt: skip


async def test_what_cannot_be_walked_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="is no folder"):
        await walked(Played(), "/a/file")
    with pytest.raises(NotFound):
        await walked(Played(), "/nothing")
    monkeypatch.setattr(file_walk, "MOST_ENTRIES", 3)
    with pytest.raises(BadInput, match="more below"):
        await walked(Played({"/f": [(f"n{n}", facts()) for n in range(4)]}))
    endless = Played({f"/f{'/d' * n}": [("d", facts(stat.S_IFDIR))] for n in range(80)})
    monkeypatch.setattr(file_walk, "MOST_ENTRIES", 1000)
    with pytest.raises(BadInput, match="64 deep"):
        await walked(endless)


@pytest.mark.parametrize(
    ("here", "hashes", "offset"),
    [(b"abc", True, 3), (b"abcdef", True, 6), (b"abX", True, 0), (b"abcdefg", True, 0), (b"abc", False, 0)],
)
async def test_only_what_the_place_hashes_to_the_same_is_left_out(here: bytes, hashes: bool, offset: int) -> None:
    place = Played(content=b"abcdef", hashes=hashes)
    have = Have(size=len(here), sha256=hashlib.sha256(here).hexdigest())
    pieces = [p async for p in get_file(cast("FilePlace", place), "/x", target="web-1", have=have)]
    assert isinstance(pieces[0], FoundFile)
    assert pieces[0].offset == offset
    assert b"".join(p for p in pieces[1:] if isinstance(p, bytes)) == b"abcdef"[offset:]
