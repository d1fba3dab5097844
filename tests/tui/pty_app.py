"""A program on a real terminal: its keys, its bytes, and its screen as an independent emulator sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import pyte

DEADLINE_S = 300.0


class PtyApp:
    """Runs a program on a pseudo-terminal of a given size.

    Use as a context manager; the program is killed at the end if it has not left by itself.

    Attributes:
        raw: everything that it wrote, byte for byte.
    """

    def __init__(
        self, argv: Sequence[str], *, columns: int = 80, rows: int = 24, env: Mapping[str, str] | None = None
    ) -> None:
        self.raw = b""
        self.status: int | None = None
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        environment.update(env or {})
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            try:
                os.execvpe(argv[0], list(argv), environment)
            finally:
                os._exit(127)
        self.resize(columns, rows)

    def __enter__(self) -> PtyApp:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is None:
            os.kill(self._pid, signal.SIGKILL)
            _, self.status = os.waitpid(self._pid, 0)
        os.close(self._fd)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    def kill(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self._pid, number)

    def send(self, keys: str | bytes) -> None:
        r"""Type: text as it is, "\r" for enter, "\x1b[B" for the down arrow."""
        os.write(self._fd, keys.encode() if isinstance(keys, str) else keys)

    @property
    def screen(self) -> list[str]:
        """The lines on the screen now."""
        return list(self._screen.display)

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.screen)

    def wait_for(self, wanted: str | Callable[[PtyApp], bool], *, within_s: float = DEADLINE_S) -> None:
        """Read until a text stands on the screen, or a condition holds.

        Raises:
            AssertionError: it did not within the time, or the program ended before; with the screen.
        """
        holds = (lambda app: wanted in app.text) if isinstance(wanted, str) else wanted
        end = time.monotonic() + within_s
        while not holds(self):
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"{wanted!r} did not come within {within_s} s:\n{self.text}")

    def wait_for_quiet(self, quiet_s: float = 0.3, *, within_s: float = DEADLINE_S) -> None:
        """Read until nothing was written for `quiet_s`."""
        end = time.monotonic() + within_s
        while self._read(quiet_s):
            assert time.monotonic() < end, f"the program did not stop writing within {within_s} s"

    def wait_for_end(self, *, within_s: float = DEADLINE_S) -> int:
        """Read until the program has ended; return its exit code, negative for a signal."""
        end = time.monotonic() + within_s
        while self._read(max(0.0, end - time.monotonic())):
            pass
        while self.status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self.status = status
                break
            assert time.monotonic() < end, f"the program did not end within {within_s} s:\n{self.text}"
            select.select([], [], [], 0.01)
        return os.waitstatus_to_exitcode(self.status)

    def _read(self, within_s: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], max(0.0, within_s))
        if not ready:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # the other side has closed: Linux says EIO
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)
