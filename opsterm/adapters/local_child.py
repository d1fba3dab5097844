"""A child process of this one, and what it prints as a stream of bytes that waits for its reader."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsterm.adapters.byte_stream import ByteStream
from opsterm.adapters.start_script import Preamble

END_OF_INPUT = b"\x04"
"""What a terminal takes for the end of the input (VEOF, termios(3))."""

_ON_TERMINAL = ': <>"$1"; shift; exec "$@"'
"""The first terminal that a session's leader opens becomes its controlling one (tty_ioctl(4), credentials(7))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoTerminal:
    """A pseudo-terminal: the number of our end, and of the child's with its name."""

    ours: int
    theirs: int
    name: str


def open_terminal() -> PseudoTerminal:
    """Return a new terminal that repeats nothing it is sent and leaves line ends as they are written.

    Raises:
        OSError: the system has none left.
    """
    ours, theirs = os.openpty()
    modes = termios.tcgetattr(theirs)
    modes[1] &= ~termios.ONLCR
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    os.set_blocking(ours, False)
    return PseudoTerminal(ours=ours, theirs=theirs, name=os.ttyname(theirs))


class LocalChild(ByteStream, asyncio.SubprocessProtocol):
    """Starts a program in a session of its own and gathers what it prints.

    Attributes:
        exited: set once the program has ended; what it left in the background may still print.
    """

    def __init__(self, preamble: Preamble) -> None:
        super().__init__(preamble)
        self.exited = asyncio.Event()
        self._child: asyncio.SubprocessTransport | None = None
        self._terminal: _TerminalReader | None = None

    async def start(
        self, words: Sequence[bytes], *, environment: Mapping[str, str], folder: Path, feeds: bool,
        errors_apart: bool, terminal: PseudoTerminal | None = None,
    ) -> None:  # fmt: skip
        """Start the program.

        Args:
            words: the program and its arguments.
            environment: all of its variables.
            folder: where it starts.
            feeds: whether it is sent something; else its input is /dev/null.
            errors_apart: whether standard error is where announcements come.
            terminal: what it runs on instead; closed in any case.

        Raises:
            OSError: it was not started.
        """
        loop = asyncio.get_running_loop()
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        out = terminal.theirs if terminal else pipe
        errors = out if terminal else pipe if errors_apart else asyncio.subprocess.STDOUT
        if terminal is not None:
            words = [b"/bin/sh", b"-c", _ON_TERMINAL.encode(), b"opsterm", terminal.name.encode(), *words]
            environment = {**environment, "TERM": "dumb"}
        try:
            if terminal is not None:
                self._terminal = await _TerminalReader.on(terminal.ours, self)
            self._child, _ = await loop.subprocess_exec(
                lambda: self, *words, stdin=out if terminal else pipe if feeds else null, stdout=out, stderr=errors,
                start_new_session=True, env=environment, cwd=folder,
            )  # fmt: skip
        except BaseException:
            self.let_go()
            raise
        finally:
            if terminal is not None:
                os.close(terminal.theirs)

    @property
    def pid(self) -> int:
        """Its process number, which is its session's."""
        return (self._child.get_pid() or 0) if self._child else 0

    @property
    def status(self) -> int:
        """How it ended: its exit status, or a signal's number below zero."""
        status = self._child.get_returncode() if self._child else None
        return -9 if status is None else status

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take data in; announcements come on standard error."""
        self.take(data, announces=fd == 2)  # standard error

    def process_exited(self) -> None:
        """Note the end of the program."""
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it has ended and all its pipes are closed; a terminal may still be open."""
        if self._terminal is None or self._terminal.ended:
            self.close()

    def terminal_lost(self) -> None:
        """Note that nobody has the terminal open any more."""
        self.at_end()
        if self.exited.is_set():
            self.close()

    def pause(self) -> None:
        """Let the program fill its pipe and stop."""
        for transport in self._sources():
            with contextlib.suppress(RuntimeError):
                transport.pause_reading()

    def resume(self) -> None:
        """Let it go on."""
        for transport in self._sources():
            with contextlib.suppress(RuntimeError):
                transport.resume_reading()

    def _sources(self) -> list[asyncio.ReadTransport]:
        if self._terminal is not None:
            return [self._terminal.transport]
        found = (self._child.get_pipe_transport(fd) for fd in (1, 2)) if self._child else ()
        return [source for source in found if isinstance(source, asyncio.ReadTransport)]

    def write(self, data: bytes) -> None:
        """Send bytes to the program; lost when it has ended."""
        if self._terminal is not None:
            with contextlib.suppress(OSError):
                os.write(self._terminal.number, data)
            return
        pipe = self._child.get_pipe_transport(0) if self._child else None
        if isinstance(pipe, asyncio.WriteTransport) and not pipe.is_closing():
            pipe.write(data)

    def write_eof(self) -> None:
        """Say that nothing more comes."""
        if self._terminal is not None:
            self.write(END_OF_INPUT)
            return
        pipe = self._child.get_pipe_transport(0) if self._child else None
        if isinstance(pipe, asyncio.WriteTransport) and not pipe.is_closing():
            pipe.write_eof()

    def kill(self) -> None:
        """End the program and its process group, as far as the system lets this account."""
        if self._child is not None and self._child.get_returncode() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def let_go(self) -> None:
        """Close our ends, also while something in the background has the others."""
        if self._terminal is not None:
            self._terminal.transport.close()
        if self._child is not None:
            self._child.close()


class _TerminalReader(asyncio.Protocol):
    """Takes what comes over our end of a terminal.

    Attributes:
        number: our end.
        ended: whether nobody has the other end open.
        transport: reads.
    """

    transport: asyncio.ReadTransport

    def __init__(self, number: int, child: LocalChild) -> None:
        self.number = number
        self.ended = False
        self._child = child

    @classmethod
    async def on(cls, number: int, child: LocalChild) -> _TerminalReader:
        """Return a reader that reads from now on; it closes the number at its end."""
        reader = cls(number, child)
        file = os.fdopen(number, "rb", buffering=0)
        reader.transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: reader, file)
        return reader

    def data_received(self, data: bytes) -> None:
        """Take data in; a terminal has only one stream."""
        self._child.take(data, announces=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end; the kernel says it as an input error (EIO)."""
        self.ended = True
        self._child.terminal_lost()
