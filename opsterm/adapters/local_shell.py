"""A log-in shell of the operator's own account on a pseudo-terminal of this machine.

The child is made with posix_spawn: nothing of this process, which has threads and a running loop, executes between
the fork and the exec. It starts a session of its own and then opens the terminal by name, which on Linux makes it the
session's controlling terminal (tty_ioctl(4), credentials(7)).

Everything runs in the event loop and nothing blocks it: the kernel's own buffer is the back-pressure when nobody
reads, and what the shell does not take yet waits in a bounded buffer.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import pwd
import signal
import struct
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from opsterm.adapters.local_command import signal_name
from opsterm.core.errors import BadInput, Refused
from opsterm.runtime.ports import Ended

READ_LIMIT = 65_536
"""Bytes returned by one read at most."""

WRITE_LIMIT = 16_000_000
"""Bytes that may wait for a program that does not read."""

HANGUP_GRACE_S = 1.0
"""Seconds between the hang-up and the kill."""

_IUTF8 = 0o40000  # termios(3); Python has no name for it. Lets the kernel erase a whole UTF-8 character
_POLL_S = 0.02  # between looks at the child where the kernel has no pidfd (before 5.3)

_NOT_PASSED_ON = frozenset({
    "COLUMNS", "LINES", "STY", "TMUX", "TMUX_PANE", "WINDOW", "WINDOWID", "TERMCAP", "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION", "VTE_VERSION", "KITTY_WINDOW_ID", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET",
    "OPSTERM_VAULT_PASSPHRASE_FILE", "ESCDELAY", "TEXTUAL_DRIVER",
})  # fmt: skip
"""Variables that describe the terminal opsterm stands in, or open what only opsterm may open."""

_START = 'cd "$HOME" 2>/dev/null || cd /; exec "$0" -l'


class LocalShell:
    """A `Shell` on this machine; make one with `open_local_shell`."""

    def __init__(self, pid: int, master: int, loop: asyncio.AbstractEventLoop) -> None:
        self._pid = pid
        self._master = master
        self._loop = loop
        self._outgoing = bytearray()
        self._reader: asyncio.Future[None] | None = None
        self._closing: asyncio.Future[Ended] | None = None
        self._exit: asyncio.Future[None] = loop.create_future()
        try:
            self._pidfd = os.pidfd_open(pid)
            loop.add_reader(self._pidfd, self._note_exit)
        except OSError:  # an old kernel, or a sandbox that forbids it
            self._pidfd = -1
            loop.call_later(_POLL_S, self._poll_exit)

    async def read(self) -> bytes:
        """Return what the shell printed since, up to 64 KiB; b"" when it has ended."""
        while self._master >= 0:
            data, ended = self._read_now()
            if data or ended or self._exit.done():
                return data
            self._reader = self._loop.create_future()
            self._loop.add_reader(self._master, self._wake)
            try:
                await self._reader
            finally:
                self._reader = None
                if self._master >= 0:
                    self._loop.remove_reader(self._master)
        return b""

    def write(self, data: bytes) -> None:
        """Send bytes to the shell; what it does not take at once is sent as it takes it.

        Raises:
            Refused: 16 MB wait already.
        """
        if self._master < 0 or self._exit.done():
            return
        if len(self._outgoing) + len(data) > WRITE_LIMIT:
            raise Refused(
                "The text was not sent to the terminal.",
                why="The program there has not read what was sent before.",
                next_step="Wait for it, stop it with ctrl+c, or close the terminal.",
            )
        waiting = bool(self._outgoing)
        self._outgoing += data
        if not waiting:
            self._write_now()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the shell its new size; the kernel sends SIGWINCH."""
        if self._master >= 0:
            _set_size(self._master, columns, rows)

    async def close(self) -> Ended:
        """Hang up and wait for the end; what does not end within a second is killed. Safe to call twice."""
        if self._closing is None:
            self._closing = self._loop.create_future()
            ended = Ended(exit_status=None)
            try:
                ended = await self._finish()
            finally:
                self._closing.set_result(ended)
        return await asyncio.shield(self._closing)

    async def _finish(self) -> Ended:
        groups = self._groups()
        self._close_master()
        try:
            if not self._exit.done():
                _signal(groups, signal.SIGHUP)
                _signal(groups, signal.SIGCONT)  # a stopped job cannot die
                await self._wait_exit(HANGUP_GRACE_S)
        finally:  # also when the wait is cancelled: no process of ours may stay
            if not self._exit.done():
                _signal(groups, signal.SIGKILL)
        if not self._exit.done():
            await self._wait_exit(HANGUP_GRACE_S)
        return self._reap()

    def _groups(self) -> list[int]:
        """Return the process groups to hang up: the shell's, and the one in the foreground."""
        groups = [self._pid]
        if self._master >= 0:
            with contextlib.suppress(OSError):
                foreground = os.tcgetpgrp(self._master)
                if foreground > 1 and foreground != self._pid:
                    groups.append(foreground)
        return groups

    def _read_now(self) -> tuple[bytes, bool]:
        """Return what is there now and whether nothing can follow."""
        parts: list[bytes] = []
        left = READ_LIMIT
        while left > 0:
            try:
                part = os.read(self._master, left)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.EIO:  # EIO: every process has closed the terminal
                    raise
                return b"".join(parts), True
            if not part:
                return b"".join(parts), True
            parts.append(part)
            left -= len(part)
        return b"".join(parts), False

    def _write_now(self) -> None:
        """Send what the kernel takes; come again when it takes more."""
        while self._outgoing:
            try:
                sent = os.write(self._master, self._outgoing[:READ_LIMIT])
            except BlockingIOError:
                self._loop.add_writer(self._master, self._write_now)
                return
            except OSError:  # nobody is left to read it
                self._outgoing.clear()
                break
            del self._outgoing[:sent]
        self._loop.remove_writer(self._master)

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _note_exit(self) -> None:
        """The shell has ended; it stays a zombie, and its number its own, until `close` reaps it."""
        self._exit.set_result(None)
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        self._wake()
        if self._closing is not None and self._closing.done():  # it outlived its killing for a while
            self._reap()

    def _poll_exit(self) -> None:
        if os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            self._loop.call_later(_POLL_S, self._poll_exit)
        else:
            self._note_exit()

    async def _wait_exit(self, seconds: float) -> None:
        await asyncio.wait([self._exit], timeout=seconds)

    def _reap(self) -> Ended:
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid == 0:
            return Ended(exit_status=None)
        code = os.waitstatus_to_exitcode(status)
        return Ended(exit_status=code) if code >= 0 else Ended(exit_status=None, signal=signal_name(-code))

    def _close_master(self) -> None:
        if self._master >= 0:
            self._loop.remove_reader(self._master)
            self._loop.remove_writer(self._master)
            os.close(self._master)
            self._master = -1
            self._outgoing.clear()
            self._wake()


async def open_local_shell(
    *, columns: int, rows: int, term: str, environment: Mapping[str, str], home: Path
) -> LocalShell:
    """Start this account's log-in shell in its home folder. About 2 ms.

    Args:
        columns: width in cells.
        rows: height in cells.
        term: what TERM is to say.
        environment: the account's variables; those that describe another terminal are left out.
        home: where the shell starts; "/" when that cannot be entered.

    Raises:
        BadInput: the system has no pseudo-terminal or process left.
    """
    try:
        master, slave = os.openpty()
    except OSError as error:
        raise _not_opened(error) from error
    try:
        _set_size(master, columns, rows)
        settings = termios.tcgetattr(slave)
        settings[0] |= _IUTF8
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        os.set_blocking(master, False)
        shell = _shell(environment)
        pid = _spawn(os.ttyname(slave), shell, _variables(environment, term=term, shell=shell, home=home))
    except OSError as error:
        os.close(master)
        raise _not_opened(error) from error
    finally:
        os.close(slave)
    return LocalShell(pid, master, asyncio.get_running_loop())


def _spawn(terminal: str, shell: str, variables: Mapping[str, str]) -> int:
    """Start the shell with a terminal, by the terminal's path, as its controlling one; return its process number."""
    return os.posix_spawn(
        "/bin/sh",
        ["sh", "-c", _START, shell],
        variables,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, terminal, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ],
        setsid=True,
        setsigmask=(),
        setsigdef=sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}),
    )


def _shell(environment: Mapping[str, str]) -> str:
    """Return the log-in shell; SHELL first, since the user database may be a slow server."""
    shell = environment.get("SHELL", "")
    if shell.startswith("/"):
        return shell
    try:
        return pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"
    except KeyError:
        return "/bin/sh"


def _variables(environment: Mapping[str, str], *, term: str, shell: str, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if name not in _NOT_PASSED_ON}
    return {**kept, "TERM": term, "COLORTERM": "truecolor", "SHELL": shell, "HOME": str(home)}


def _set_size(master: int, columns: int, rows: int) -> None:
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _signal(groups: Sequence[int], number: signal.Signals) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _not_opened(error: OSError) -> BadInput:
    return BadInput(
        "No terminal was opened on this machine.",
        why=f"The system said: {error.strerror or error}",
        next_step="Close some terminals, or see whether this account may start another process (ulimit -u).",
    )
