"""One channel of an SSH connection as a stream of bytes that waits for its reader."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from opsterm.adapters.byte_stream import ByteStream
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.start_script import Preamble
from opsterm.runtime.ports import Ended

if TYPE_CHECKING:
    from asyncssh import SSHClientChannel

END_OF_INPUT = b"\x04"
"""What a terminal takes for the end of the input (VEOF, termios(3)); closing it one way is not possible."""


class ByteChannel(ByteStream, asyncssh.SSHClientSession[bytes]):
    """Gathers what a channel brings, in order, standard output and error in one.

    Attributes:
        lost: why the connection ended under the channel, None while it lives or when it was closed in order.
    """

    def __init__(self, preamble: Preamble | None = None, *, one_stream: bool = False) -> None:
        """Take in a channel.

        Args:
            preamble: what stands before the command's output.
            one_stream: it comes on standard output: on a terminal there is nothing else.
        """
        super().__init__(preamble)
        self.lost: Exception | None = None
        self._one_stream = one_stream
        self._channel: SSHClientChannel[bytes] | None = None
        self._output_whole = False

    @property
    def channel(self) -> SSHClientChannel[bytes] | None:
        """The library's channel, None before it is open."""
        return self._channel

    def connection_made(self, chan: SSHClientChannel[bytes]) -> None:
        """Note the channel."""
        self._channel = chan

    def pause(self) -> None:
        """Let the target fill its window and stop."""
        if self._channel is not None:
            self._channel.pause_reading()

    def resume(self) -> None:
        """Let it go on."""
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.resume_reading()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Take data in; announcements come on standard error."""
        self.take(data, announces=self._one_stream or datatype is not None)

    def eof_received(self) -> bool:
        """Keep the channel until the exit status has come."""
        self._output_whole = True
        self.at_end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """End the stream."""
        self.lost = exc
        self.close()

    def write(self, data: bytes) -> None:
        """Send bytes to the command; lost when it has ended."""
        if self._channel is not None and not self.closed.is_set():
            with contextlib.suppress(OSError):
                self._channel.write(data)

    def write_eof(self) -> None:
        """Say that nothing more comes; harmless when it was said or the command has ended."""
        if self._one_stream:
            self.write(END_OF_INPUT)
        if self._channel is not None and not self.closed.is_set():
            with contextlib.suppress(OSError):
                self._channel.write_eof()

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
