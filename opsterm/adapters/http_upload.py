"""The bytes of a form with files: each file is hashed before anything is sent, and again as it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

from opsterm.core.errors import BadInput
from opsterm.core.http_parts import MULTIPART, Part
from opsterm.core.http_request import HttpRequest
from opsterm.core.text import clean_line
from opsterm.runtime.ports_files import Contents


class Upload:
    """The body of one request.

    Attributes:
        length: its bytes.
        content_type: with the boundary.
    """

    def __init__(self, request: HttpRequest, contents: Contents) -> None:
        self._parts = request.parts
        self._contents = contents
        self._boundary = f"opsterm-{hashlib.sha256(request.text.encode()).hexdigest()[:40]}"
        self._end = f"--{self._boundary}--\r\n".encode()
        self.content_type = f"{MULTIPART}; boundary={self._boundary}"
        self.length = sum(len(part.head(self._boundary)) + _size(part) + 2 for part in self._parts) + len(self._end)

    async def require_approved(self) -> None:
        """See that every file is the approved one. Raises BadInput, NotFound, StorageError."""
        for part in self._parts:
            async with aclosing(self._content(part)) as pieces:
                async for _ in pieces:
                    pass

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield the body; raises as `require_approved` before it is whole, so that the server takes it for broken."""
        for part in self._parts:
            yield part.head(self._boundary)
            async with aclosing(self._content(part)) as pieces:
                async for piece in pieces:
                    yield piece
            yield b"\r\n"
        yield self._end

    async def _content(self, part: Part) -> AsyncGenerator[bytes, None]:
        if not part.is_file:
            if part.value:
                yield part.value.encode()
            return
        digest, size = hashlib.sha256(), 0
        async for piece in self._contents.pieces(part.sha256):
            digest.update(piece)
            size += len(piece)
            if size <= part.size:
                yield piece
        if (digest.hexdigest(), size) != (part.sha256, part.size):
            raise BadInput(
                f"The file {clean_line(part.value, limit=100)} that is kept is not the one that was approved.",
                why="Somebody has changed it since.",
                next_step="Propose the call again; the server has not got all of the request.",
            )


def _size(part: Part) -> int:
    return part.size if part.is_file else len(part.value.encode())
