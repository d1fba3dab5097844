"""A .tar, whatever it is packed with, read so that what its headers claim cannot fill the memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from opsterm.core.errors import BadInput
from opsterm.core.units import bytes_text

HEADER_LIMIT = 32_768
"""Bytes of the headers of one file; a long name has some 4,000."""

HEADERS_LIMIT = 16_000_000
"""Bytes of all headers: 10,000 files with names of some length have no more."""

PIECE = 1_000_000

_PACKED: Mapping[bytes, Callable[[IO[bytes]], object]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"\x5d\x00\x00": lzma.LZMAFile,
}
"""What a packed file begins with -> what unpacks it."""


class Tape(io.BufferedIOBase):
    """What `tarfile` reads: headers alone, and few bytes for each file, until `end_headers`."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Read a stream that can go back."""
        self._stream = stream
        self._left = HEADERS_LIMIT
        self._left_of_file = HEADER_LIMIT
        self._in_headers = True

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes. Raises BadInput for headers that are larger than any."""
        wanted = -1 if size is None else size
        if self._in_headers:
            if not 0 <= wanted <= min(self._left_of_file, self._left):
                raise BadInput(
                    "The archive is hostile: its headers are larger than those of any embedder.",
                    why=f"{bytes_text(HEADER_LIMIT)} of a file and {bytes_text(HEADERS_LIMIT)} of all are the most.",
                )
            self._left -= wanted
            self._left_of_file -= wanted
        return self._stream.read(wanted)

    def rows(self, tape: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
        """Yield what the headers of a tape that reads from here say, and keep none of their further entries."""
        for row in tape:
            if row.size < 0 or row.issparse():
                raise BadInput("The archive is hostile: a file of it has holes, or less than no bytes.")
            row.pax_headers = tape.pax_headers = {}
            self._left_of_file = HEADER_LIMIT
            yield row

    def end_headers(self, limit: int) -> None:
        """Read to the end, where the sum of all is compared; then anything may be read. Raises BadInput, OSError."""
        self._in_headers = False
        while piece := self._stream.read(PIECE):
            limit -= len(piece)
            if limit < 0:
                raise BadInput("The archive is larger than any embedder.", why="It does not end after its last file.")

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; see `io`."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return where it is."""
        return self._stream.tell()

    def seekable(self) -> bool:
        """Return that it can go back."""
        return True


@contextmanager
def open_tape(archive: Path) -> Iterator[Tape]:
    """Open a .tar, .tar.gz, .tar.bz2 or .tar.xz by what it begins with."""
    with archive.open("rb") as file:
        beginning = file.read(6)
        file.seek(0)
        unpack = next((made for mark, made in _PACKED.items() if beginning.startswith(mark)), None)
        yield Tape(cast("IO[bytes]", unpack(file)) if unpack else file)
