"""A recovery point as the keeper of a target takes it in: an archive in gzip, put together from what is kept here.

Archives of files are made of the very blocks that came from the target, so that what is unpacked is what was packed.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from opsterm.changes.recovery.point import PointEntry, PointPart, RecoveryPoint, parse_leaf
from opsterm.changes.recovery.tar_stream import BLOCK
from opsterm.changes.way_back.script import things_text
from opsterm.runtime.offload import Run

Read = Callable[[str], Awaitable[bytes]]
"""Reads a content by its sha256."""

PIECE = 1 << 20
END = bytes(2 * BLOCK)


async def parcel_of(point: RecoveryPoint, read: Read, pool: Run) -> AsyncIterator[bytes]:
    """Yield what is sent to a target, in pieces of about 1 MiB.

    Args:
        point: which.
        read: reads what it is made of.
        pool: calls off the loop.

    Raises:
        NotFound, StorageError: a part of it is not whole; the target takes in nothing then.
    """
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    waiting = bytearray()
    async for plain in _plain(point, read):
        waiting += await pool(lambda plain=plain: packer.compress(plain))  # type: ignore[misc]  # the loop's own value
        if len(waiting) >= PIECE:
            piece, waiting = bytes(waiting), bytearray()
            yield piece
    yield bytes(waiting) + await pool(packer.flush)


async def _plain(point: RecoveryPoint, read: Read) -> AsyncIterator[bytes]:
    yield _file("things", things_text(point.things).encode())
    for part in point.parts:
        yield _head(str(part.number), folder=True)
        for name, sha256 in part.files:
            yield _file(f"{part.number}/{name}", await read(sha256))
        if part.leaves and not part.file("size"):  # the keeper asks whether there is room
            yield _file(f"{part.number}/size", b"%d\n" % (part.bytes // 1024 + 4 * part.entries))
        entries = [entry for leaf in part.leaves for entry in parse_leaf(await read(leaf))]
        async for piece in _archive(part, [entry for entry in entries if entry.head], read):
            yield piece
    yield _file("received", b"")
    yield END


async def _archive(part: PointPart, entries: Sequence[PointEntry], read: Read) -> AsyncIterator[bytes]:
    """Yield the archive of a thing of files, as a file in the archive that is sent."""
    if not entries:
        return
    size = sum(len(entry.head) + _padded(entry.size_sent) for entry in entries) + len(END)
    yield _head(f"{part.number}/archive", size=size)
    for entry in entries:
        yield entry.head
        for block in entry.blocks:
            yield await read(block)
        yield bytes(_padded(entry.size_sent) - entry.size_sent)
    yield END


def _padded(size: int) -> int:
    return size + -size % BLOCK


def _file(name: str, data: bytes) -> bytes:
    return _head(name, size=len(data)) + data + bytes(-len(data) % BLOCK)


def _head(name: str, *, size: int = 0, folder: bool = False) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o700 if folder else 0o600
    info.type = tarfile.DIRTYPE if folder else tarfile.REGTYPE
    return info.tobuf(tarfile.GNU_FORMAT)
