"""One channel of an SSH connection as a stream of bytes that waits for its reader."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from opsterm.adapters.ssh_library import asyncssh
from opsterm.runtime.ports import Ended

if TYPE_CHECKING:
    from asyncssh import SSHClientChannel

PAUSE_BYTES = 256 * 1024
"""Above this much unread, the channel stops taking data; the target then fills its window and stops too."""
READ_BYTES = 64 * 1024


class ByteChannel(asyncssh.SSHClientSession[bytes]):
    """Gathers what a channel brings, in order, standard output and error in one.

    Attributes:
        lost: why the connection ended under the channel, None while it lives or when it was closed in order.
        announced: what followed the mark on standard error; "" while nothing did.
        settled: set once the mark was seen or the channel has ended: the command's numbers are known or never will be.
    """

    def __init__(self, mark: str = "") -> None:
        self.lost: Exception | None = None
        self.announced = ""
        self.settled = asyncio.Event()
        self.closed = asyncio.Event()
        self._mark = mark.encode()
        self._errors = b""
        self._channel: SSHClientChannel[bytes] | None = None
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._paused = False
        self._at_end = False
        self._output_whole = False
        self._wake: asyncio.Future[None] | None = None

    @property
    def channel(self) -> SSHClientChannel[bytes] | None:
        """The library's channel, None before it is open."""
        return self._channel

    def connection_made(self, chan: SSHClientChannel[bytes]) -> None:
        """Note the channel."""
        self._channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Take data in; take the announcement out of the first line on standard error that carries the mark."""
        if datatype is not None and self._mark:
            data = self._without_mark(data)
        if not data:
            return
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting > PAUSE_BYTES and not self._paused and self._channel is not None:
            self._paused = True
            self._channel.pause_reading()
        self._wake_reader()

    def _without_mark(self, data: bytes) -> bytes:
        self._errors += data
        before, mark, after = self._errors.partition(self._mark + b" ")
        line, newline, rest = after.partition(b"\n")
        if not mark and len(self._errors) > READ_BYTES:
            before, self._errors = self._errors, b""  # a shell that says that much first never announces
            return before
        if not newline:
            return b""
        self.announced = line.decode("ascii", "replace").strip()
        self._mark, self._errors = b"", b""
        self.settled.set()
        return before + rest

    def eof_received(self) -> bool:
        """Keep the channel until the exit status has come."""
        self._output_whole = True
        self._at_end = True
        self._wake_reader()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """End the stream; a line on standard error without the mark belongs to the output after all."""
        if self._errors:
            self._pieces.append(self._errors)
            self._errors = b""
        self.lost = exc
        self._at_end = True
        self.settled.set()
        self.closed.set()
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def read(self) -> bytes:
        """Return what there is, up to 64 KiB; wait for it; b"" at the end."""
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
        while self._pieces and size + len(self._pieces[0]) <= READ_BYTES:
            taken.append(self._pieces.popleft())
            size += len(taken[-1])
        if not taken:
            first = self._pieces[0]
            taken, self._pieces[0], size = [first[:READ_BYTES]], first[READ_BYTES:], READ_BYTES
        self._waiting -= size
        if self._paused and self._waiting < PAUSE_BYTES // 4 and self._channel is not None:
            self._paused = False
            with contextlib.suppress(OSError):
                self._channel.resume_reading()
        return b"".join(taken)

    def drop(self) -> None:
        """Throw away what waits and what still comes: the channel is being closed."""
        self._pieces.clear()
        self._waiting = 0
        if self._paused and self._channel is not None:
            self._paused = False
            with contextlib.suppress(OSError):
                self._channel.resume_reading()

    @property
    def is_complete(self) -> bool:
        """Whether all output has come, and how it ended: then it does not matter that the connection went (reboot)."""
        ended = self.ended()
        return self._output_whole and (ended.exit_status is not None or bool(ended.signal))

    def ended(self) -> Ended:
        """Return how the command ended; status None and no signal when the server did not say."""
        if self._channel is None:
            return Ended(exit_status=None)
        signal = self._channel.get_exit_signal()
        if signal is not None:
            return Ended(exit_status=None, signal=signal[0])
        return Ended(exit_status=self._channel.get_exit_status())
