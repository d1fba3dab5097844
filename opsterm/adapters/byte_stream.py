"""What a command prints, as a stream of bytes that waits for its reader; here and over a line alike."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import aclosing

from opsterm.adapters.start_script import Preamble

PAUSE_BYTES = 256 * 1024
"""Above this much unread no more is taken in; the command then fills its pipe or window and stops too."""
READ_BYTES = 64 * 1024
"""What a reader takes at a time who does not say: a screen shows it before it takes more."""


class ByteStream:
    """Gathers what comes, in order, standard output and error in one.

    Attributes:
        preamble: takes what is not output out of the stream that it comes on.
        settled: set once the command's numbers are known or never will be.
        news: set at whatever a start waits for: a question of sudo, the beginning, the end.
        closed: set once nothing more will come.
    """

    def __init__(self, preamble: Preamble | None = None) -> None:
        self.preamble = preamble or Preamble("", become=False)
        self.settled = asyncio.Event()
        self.news = asyncio.Event()
        self.closed = asyncio.Event()
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._paused = False
        self._at_end = False
        self._wake: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def pause(self) -> None:
        """Take no more in; the source is told."""

    def resume(self) -> None:
        """Take in again; the source is told."""

    def write(self, data: bytes) -> None:
        """Send bytes to the command; lost when it has ended."""

    def write_eof(self) -> None:
        """Say that nothing more comes."""

    def pause_writing(self) -> None:
        """Note that what was sent waits here: the transport calls it."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Note that it has gone: the transport calls it."""
        self._writable.set()

    async def send_all(self, feed: AsyncIterator[bytes]) -> None:
        """Send what comes, no faster than it is taken, then the end; stop when the command has ended."""
        async with aclosing(feed) as pieces:  # type: ignore[type-var]  # an async generator
            async for piece in pieces:
                if self.closed.is_set():
                    break
                self.write(piece)
                await self._writable.wait()
        self.write_eof()

    def take(self, data: bytes, *, announces: bool) -> None:
        """Take data in.

        Args:
            data: as it came.
            announces: whether it came on the stream on which what is not output is said.
        """
        if announces:
            data = self.preamble.take(data)
            if self.preamble.numbers:
                self.settled.set()
            self.news.set()
        if not data:
            return
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting > PAUSE_BYTES and not self._paused:
            self._paused = True
            self.pause()
        self._wake_reader()

    def at_end(self) -> None:
        """Note that all output has come; how it ended may still come."""
        self._at_end = True
        self._wake_reader()

    def close(self) -> None:
        """Note that nothing more comes; a line without the mark belongs to the output after all."""
        rest = self.preamble.end()
        if rest:
            self._pieces.append(rest)
        self._at_end = True
        self.settled.set()
        self.news.set()
        self.closed.set()
        self._writable.set()
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def read(self, at_most: int = READ_BYTES) -> bytes:
        """Return what there is, up to so many bytes; wait for it; b"" at the end."""
        while not self._pieces:
            if self._at_end:
                if not self.closed.is_set():
                    await self.closed.wait()
                    continue
                return b""
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        taken, size = [], 0
        while self._pieces and size + len(self._pieces[0]) <= at_most:
            taken.append(self._pieces.popleft())
            size += len(taken[-1])
        if not taken:
            first = self._pieces[0]
            taken, self._pieces[0], size = [first[:at_most]], first[at_most:], at_most
        self._waiting -= size
        if self._paused and self._waiting < PAUSE_BYTES // 4:
            self._paused = False
            self.resume()
        return b"".join(taken)

    def drop(self) -> None:
        """Throw away what waits and what still comes: it is being closed."""
        self._pieces.clear()
        self._waiting = 0
        if self._paused:
            self._paused = False
            self.resume()
