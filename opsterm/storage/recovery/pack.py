"""Packs: files that hold many contents, so that five thousand small ones do not cost five thousand writes to the disk.

A pack is MAGIC, the sealed contents one behind another, the sealed index, its length in eight bytes and MAGIC again.
Its name is the sha256 of all of it. It is written under another name, forced to the disk and renamed: one that has
its name is whole.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opsterm.core.errors import StorageError
from opsterm.core.paths import make_private
from opsterm.storage.faults import fault
from opsterm.storage.private_file import sync_folder
from opsterm.storage.recovery.box import SealedBox

MAGIC = b"OPSRP\x01\n\x00"
FULL_BYTES = 32 << 20
"""A pack of that size is finished, and the next one begun."""

SUFFIX, PART = ".pack", "part-"
_ROW = struct.Struct(">32sQII")
_LENGTH = struct.Struct(">Q")
_INDEX = b"index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a content is: bytes `offset` to `offset + length` of a pack; `size` when it is open."""

    pack: str
    offset: int
    length: int
    size: int


class PackWriter:
    """Writes one pack. Blocking.

    Attributes:
        size: bytes that were written.
    """

    def __init__(self, folder: Path, box: SealedBox) -> None:
        """Begin a file in `folder`, which is made when need be. Raises StorageFull, StorageError."""
        self._folder = folder
        self._box = box
        self._rows: dict[bytes, tuple[int, int, int]] = {}
        self._hash = hashlib.sha256()
        self._path = folder / f"{PART}{secrets.token_hex(8)}"
        self.size = 0
        make_private(folder)
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            self._file = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise fault(error, self._path, "written") from error
        self._write(MAGIC)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._rows

    def add(self, digest: bytes, data: bytes) -> None:
        """Write a content under its sha256, once. Raises StorageFull, StorageError."""
        if digest in self._rows:
            return
        sealed = self._box.seal(data, digest)
        self._rows[digest] = (self.size, len(sealed), len(data))
        self._write(sealed)

    def read(self, digest: bytes) -> bytes:
        """Return a content that was added to this pack. Raises KeyError, StorageError."""
        offset, length, _ = self._rows[digest]
        return opened(self._box, os.pread(self._file, length, offset), digest)

    def finish(self) -> Mapping[bytes, Spot]:
        """Force it to the disk under its name; return where its contents are. Raises StorageFull, StorageError."""
        rows = b"".join(_ROW.pack(digest, *place) for digest, place in self._rows.items())
        index = self._box.seal(rows, _INDEX)
        self._write(index + _LENGTH.pack(len(index)) + MAGIC)
        name = f"{self._hash.hexdigest()}{SUFFIX}"
        try:
            os.fsync(self._file)
            self._path.rename(self._folder / name)
            sync_folder(self._folder)
        except OSError as error:
            raise fault(error, self._path, "written") from error
        finally:
            os.close(self._file)
        return {
            digest: Spot(pack=name, offset=offset, length=length, size=size)
            for digest, (offset, length, size) in self._rows.items()
        }

    def discard(self) -> None:
        """Throw it away; call it once, instead of `finish`."""
        os.close(self._file)
        self._path.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise fault(error, self._path, "written") from error
        self._hash.update(data)
        self.size += len(data)


def opened(box: SealedBox, sealed: bytes, digest: bytes) -> bytes:
    """Return a content that has this sha256. Raises StorageError."""
    data = box.open(sealed, digest)
    if hashlib.sha256(data).digest() != digest:
        raise StorageError(
            "A part of a recovery point is not what it was.", next_step="See which are whole: opsterm snapshot verify"
        )
    return data


def read_index(path: Path, box: SealedBox) -> Mapping[bytes, Spot]:
    """Return where the contents of a pack are.

    Raises:
        StorageError: it is no pack, is damaged, or was written with another key.
    """
    tail = _LENGTH.size + len(MAGIC)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            end = os.pread(file.fileno(), tail, max(0, size - tail))
            length = _LENGTH.unpack(end[: _LENGTH.size])[0] if len(end) == tail and end.endswith(MAGIC) else size
            if length > size - tail:
                raise StorageError(
                    f"{path} is no pack of recovery points.", next_step="See what is whole: opsterm snapshot verify"
                )
            sealed = os.pread(file.fileno(), length, size - tail - length)
    except OSError as error:
        raise fault(error, path, "read") from error
    return {
        digest: Spot(pack=path.name, offset=offset, length=length, size=size)
        for digest, offset, length, size in _ROW.iter_unpack(box.open(sealed, _INDEX))
    }


def read_spot(folder: Path, spot: Spot, box: SealedBox, digest: bytes) -> bytes:
    """Return a content of a pack, looked over. Raises StorageError."""
    path = folder / spot.pack
    try:
        with path.open("rb") as file:
            sealed = os.pread(file.fileno(), spot.length, spot.offset)
    except OSError as error:
        raise fault(error, path, "read") from error
    return opened(box, sealed, digest)
