"""Reads a file at a place: what it is first, then its bytes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from opsterm.adapters.file_faults import read_fault
from opsterm.adapters.file_place import PIECE, FilePlace, PlaceError
from opsterm.core.errors import BadInput, OpstermError
from opsterm.core.text import clean_line
from opsterm.runtime.ports_files import FoundFile, Have

UNSIZED_BYTES = 64_000_000
"""Bytes read of a file that says it has none, as those that a kernel makes up: one without end must not fill a disk."""


async def get_file(
    place: FilePlace, path: str, *, target: str, have: Have | None = None
) -> AsyncGenerator[FoundFile | bytes, None]:
    """Yield what a file is, then its bytes to the end that it has by then; a log that grows is read as far as it was.

    Whoever asks may leave after the first: nothing has been read by then.

    Args:
        place: where.
        path: absolute.
        target: name of the place, for messages.
        have: its beginning, as it is here; left out of what is read when the place hashes it to the same.

    Raises:
        NotFound, Refused: it is not there, or must not be read.
        BadInput: it is no regular file, or cannot be read.
        Unreachable, TimedOut: the line died.
    """
    try:
        seen = await place.facts(path, follow=True)
        if not seen.is_file:
            kind = "a folder" if seen.is_folder else "a device, pipe or socket"
            raise BadInput(
                f"{clean_line(path, limit=300)} on {target} is {kind}, not a file.",
                next_step="Name one file; a folder can be packed first: opsterm propose … -- tar",
            )
        file = await place.open(path)
        try:
            facts = await file.facts()
            if not facts.is_file:
                raise BadInput(f"{clean_line(path, limit=300)} on {target} became another thing while it was opened.")
            offset = 0
            if have is not None and have.size <= facts.size:
                offset = have.size if await place.sha256(path, first=have.size) == have.sha256 else 0
            yield FoundFile(
                real_path=await place.real_path(path), size=facts.size, mode=facts.permissions,
                changed_at=facts.changed_at, offset=offset,
            )  # fmt: skip
            while offset < (facts.size or UNSIZED_BYTES):
                wanted = min(PIECE, (facts.size or UNSIZED_BYTES) - offset)
                piece = await file.read(offset, wanted)
                if not piece:
                    break
                offset += len(piece)
                yield piece
            if not facts.size and offset >= UNSIZED_BYTES:
                raise BadInput(
                    f"{clean_line(path, limit=300)} on {target} says that it is empty, and has no end.",
                    why=f"{UNSIZED_BYTES:,} bytes came; nothing was kept.",
                )
        finally:
            with contextlib.suppress(PlaceError, OpstermError):
                await file.close()
    except PlaceError as error:
        raise read_fault(error, path, target) from error
