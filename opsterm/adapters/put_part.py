"""What is at a place of a file whose sending broke off, and whether it can be gone on with.

Whoever may write to a folder could leave something there under that name: a link, or a file that they have open. So
it counts only where nobody but us and root can make names, and only as far as its hash says that it is the content.
"""

from __future__ import annotations

import hashlib
import posixpath
from contextlib import aclosing

from opsterm.adapters.file_place import PIECE, FileFacts, FilePlace, PlaceError, PlaceTrouble
from opsterm.policy.file_put import FilePut
from opsterm.runtime.ports_files import Contents

OTHERS_WRITE = 0o022
OTHERS_ANYTHING = 0o077


class KeptPart:
    """The part of an earlier try at a place.

    Attributes:
        path: its name, which is made of the content's hash: two that are under way write the same bytes to it.
    """

    def __init__(self, place: FilePlace, put: FilePut, path: str) -> None:
        self.path = path
        self._place = place
        self._put = put

    async def seen(self) -> FileFacts | None:
        """Return what has its name, None when nothing has. Raises PlaceError."""
        try:
            return await self._place.facts(self.path)
        except PlaceError as error:
            if error.trouble is PlaceTrouble.MISSING:
                return None
            raise

    async def is_ours(self, seen: FileFacts, made: FileFacts) -> bool:
        """Return whether nobody else can have left it there, or have it open.

        Args:
            seen: what has its name.
            made: a file that was just made in the same folder, which says who we are there.
        """
        folder = await self._place.facts(posixpath.dirname(self.path))
        return (
            seen.is_file
            and made.uid is not None
            and seen.uid == made.uid
            and not seen.permissions & OTHERS_ANYTHING
            and folder.uid in (0, made.uid)
            and not folder.permissions & OTHERS_WRITE
        )

    async def same_beginning(self, seen: FileFacts, contents: Contents) -> int:
        """Return how many bytes of it are the beginning of the content, as far as the place hashes them; 0 for none.

        The last piece of one that broke off does not count: its blocks were on their way side by side, so it may have
        holes.
        """
        if seen.size > self._put.size:
            return 0
        size = seen.size if seen.size == self._put.size else (seen.size - 1) // PIECE * PIECE
        if size <= 0:
            return 0
        there = await self._place.sha256(self.path, first=size)
        return size if there and there == await _hash_of(contents, self._put.sha256, size) else 0


async def _hash_of(contents: Contents, name: str, size: int) -> str:
    """Return the sha256 of the first bytes of a content that is kept here. Raises NotFound, StorageError."""
    digest, left = hashlib.sha256(), size
    async with aclosing(contents.pieces(name)) as pieces:  # type: ignore[type-var]  # an async generator
        async for piece in pieces:
            digest.update(piece[:left])
            left -= len(piece[:left])
            if not left:
                break
    return digest.hexdigest()
