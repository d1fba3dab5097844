"""Commands and terminals over one SSH connection."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING

from opsterm.adapters.byte_stream import PAUSE_BYTES
from opsterm.adapters.file_put import put_file
from opsterm.adapters.process_end import END_LIMIT_S, END_SCRIPT, check_command
from opsterm.adapters.ssh_channel import ByteChannel
from opsterm.adapters.ssh_files import NO_ROOM, sftp_place
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.ssh_lines import Hold, SharedLines, SshLine
from opsterm.adapters.ssh_quote import command_line
from opsterm.adapters.ssh_unended import AnnouncedCommand, UnendedCommands, announced_command, run_script
from opsterm.adapters.start_script import Preamble, end_words, start_words
from opsterm.adapters.sudo import SudoLogin, SudoStart
from opsterm.core.errors import NotBegun, OpstermError, TimedOut, Unreachable
from opsterm.core.text import clean_line
from opsterm.policy.file_put import PUT
from opsterm.policy.order import AS_LOGGED_IN, OrderTarget, RunAs
from opsterm.runtime.ports import Credentials, Ended
from opsterm.runtime.ports_files import Contents

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

CLOSE_LIMIT_S = 3.0
BARE_TERMINAL = ("dumb", 80, 24)
"""TERM, columns and rows of a terminal that nobody looks at; with this TERM programs draw nothing and page nothing."""
PLAIN_MODES = {asyncssh.PTY_ECHO: 0, asyncssh.PTY_ONLCR: 0}
"""Such a terminal repeats nothing that is sent to it, and leaves line ends as the command writes them."""


class NoRoom(NotBegun):
    """The server opens no further session on this connection; nothing was started."""


class LineGone(NotBegun):
    """The connection was lost before the server opened a session on it; nothing was started."""


class SshSession:
    """Runs commands on one target; several at the same time if the server allows (MaxSessions, 10 by default).

    What is sent is in `start_script`, quoted for whatever log-in shell the account has. It says its process number
    before it becomes the command. By that number the command and all of its session can be ended over a second
    channel: closing a channel ends nothing on the target, and sshd's own signal request does nothing for root before
    OpenSSH 9.8. What runs as another account is ended as that account, by sudo again.

    Args:
        hold: a place on an open line.
        credentials: where sudo's password is; None: nowhere.
        sudo_limit_s: seconds for sudo to let a command begin.
        start_limit_s: seconds for the server to start a command.
    """

    def __init__(
        self, hold: Hold, credentials: Credentials | None, *, sudo_limit_s: float, start_limit_s: float,
        contents: Contents | None = None, target: str = "", unended: UnendedCommands | None = None,
    ) -> None:  # fmt: skip
        self._hold = hold
        self._place = hold.line.destination.place
        self._credentials = credentials
        self._sudo_limit_s = sudo_limit_s
        self._start_limit_s = start_limit_s
        self._running = 0
        self._contents = contents
        self._unended = unended or UnendedCommands()
        self._target = target or self._place

    def run(
        self, command: str, *, shell: str, how: RunAs = AS_LOGGED_IN, feed: AsyncIterator[bytes] | None = None
    ) -> AsyncGenerator[bytes | Ended, None]:
        """Run a command, or put a file; see `ports.Session.run` and `file_put.put_file` for what is raised."""
        return self._put(command) if shell == PUT else self._run(command, shell, how, feed)

    async def _put(self, command: str) -> AsyncGenerator[bytes | Ended, None]:
        async with (
            sftp_place(self._hold) as place,
            aclosing(put_file(place, command, self._contents, target=self._target)) as told,
        ):
            async for piece in told:
                yield piece

    async def _run(
        self, command: str, shell: str, how: RunAs, feed: AsyncIterator[bytes] | None
    ) -> AsyncGenerator[bytes | Ended, None]:
        """Run a command.

        At most 1 MiB of output waits in memory; then the command waits. The end is the end of the output, as with
        ssh: a job left in the background that keeps the output open is waited for.

        Raises:
            BadInput: the command cannot be handed to the shell.
            SudoRefused: sudo did not let it begin.
            NotBegun: the connection was lost before, and there is no other.
            Unreachable: the connection was lost, or did not answer when the command was to be ended; whether it still
                runs is not known.
            TimedOut: the server did not start it in time.
        """
        check_command(command, shell)
        mark = secrets.token_hex(8)
        stream = _stream(mark, how)
        line = "exec " + command_line(*start_words(mark, command, shell=shell, how=how, fed=feed is not None))
        begun = lost = complete = renewed = False
        connection = self._hold.line.connection
        self._running += 1
        try:
            while True:
                try:
                    await _open(
                        connection,
                        stream,
                        self._place,
                        command=line,
                        terminal=BARE_TERMINAL if how.pty else None,
                        limit_s=self._start_limit_s,
                    )
                    break
                except NoRoom:
                    if self._running > 1 or not await self._hold.change():
                        raise
                    connection, stream = self._hold.line.connection, _stream(mark, how)
                except LineGone:
                    if self._running > 1 or renewed:
                        raise
                    renewed = True
                    await self._renew()
                    connection, stream = self._hold.line.connection, _stream(mark, how)
            if how.become:
                await self._begin(connection, stream, how.become)
            begun = True
            if feed is not None:
                await stream.send_all(feed)
            while data := await stream.read(PAUSE_BYTES):
                yield data
            if not stream.is_complete and (stream.lost is not None or connection.is_closed()):
                lost = True
                raise _lost(self._place, stream.lost)
            complete = True
            self._hold.line.heard()
        finally:
            self._running -= 1
            if not complete and not await self._end(connection, stream, how.become) and begun and not lost:
                raise self._not_ended(stream, how.become)
        yield stream.ended()

    async def _renew(self) -> None:
        try:
            await self._hold.renew()
        except (Unreachable, TimedOut) as error:
            raise NotBegun(error.what, why=error.why, next_step=error.next_step) from error

    def _sudo(self, become: str) -> SudoStart:
        destination = self._hold.line.destination
        login = SudoLogin(
            user=destination.user, target=destination.name, at=destination.secrets_for, credentials=self._credentials
        )
        return SudoStart(login, become, limit_s=self._sudo_limit_s)

    async def _begin(self, connection: SSHClientConnection, stream: ByteChannel, become: str) -> None:
        sudo = self._sudo(become)
        if not await sudo.begin(stream):
            if stream.lost is not None or connection.is_closed():
                raise _lost(self._place, stream.lost)
            raise sudo.refusal(stream)

    async def _end(self, connection: SSHClientConnection, stream: ByteChannel, become: str) -> bool:
        """End the command on the target and close its channel; return whether that is known to be done.

        What cannot be done in time is left.
        """
        stream.drop()
        if become:
            stream.write_eof()  # a sudo that waits for a password ends now, and one that is slow begins nothing
        try:
            async with asyncio.timeout(END_LIMIT_S):
                await stream.settled.wait()
                command = announced_command(stream.preamble.numbers)
                if not stream.closed.is_set() and command is not None:
                    sudo = self._sudo(become) if become and stream.preamble.began else None
                    await _end_session(connection, command, sudo)
                    return True
                return stream.closed.is_set()
        except (TimeoutError, OpstermError, asyncssh.Error, OSError):
            if stream.channel is not None:
                with contextlib.suppress(asyncssh.Error, OSError):
                    stream.channel.send_signal("KILL")
            return False
        finally:
            if stream.channel is not None:
                stream.channel.close()

    def _not_ended(self, stream: ByteChannel, become: str) -> Unreachable:
        """Remember a command that may still run, and return what is said of it; one of sudo needs its password."""
        command = None if become else announced_command(stream.preamble.numbers)
        remembered = command is not None and self._unended.note(self._hold.line.asked, command)
        return Unreachable(
            f"The command on {self._place} was to be stopped, and {self._place} did not answer.",
            why="Whether it still runs is not known.",
            next_step="It is ended before the next command that this opsterm runs there; or log in and look (ps)."
            if remembered
            else "Log in again as soon as it answers, and look (ps).",
        )

    async def close(self) -> None:
        """Give the connection back; it stays open for a while for the next command."""
        self._hold.leave()


def _stream(mark: str, how: RunAs) -> ByteChannel:
    return ByteChannel(Preamble(mark, become=bool(how.become)), one_stream=how.pty)


async def _end_session(connection: SSHClientConnection, command: AnnouncedCommand, sudo: SudoStart | None) -> None:
    """Run the script that ends a session, read by /bin/sh from its input: no log-in shell sees it.

    Raises:
        OpstermError: sudo does not let us end what it let us begin.
    """
    if sudo is None:
        await run_script(connection, END_SCRIPT, command.process, command.session)
        return
    mark = secrets.token_hex(8)
    ender = ByteChannel(Preamble(mark, become=True, announced=True))
    words = end_words(mark, command.process, command.session, become=sudo.become)
    channel, _ = await connection.create_session(lambda: ender, command_line(*words), encoding=None, request_pty=False)
    try:
        if not await sudo.begin(ender):
            raise sudo.refusal(ender)
        channel.write(END_SCRIPT.encode())
        channel.write_eof()
        while await ender.read():
            pass
    finally:
        channel.close()


class LoneSessions:
    """Sessions on one line that no pool knows; implements `ports.Sessions`."""

    def __init__(self, lines: SharedLines, line: SshLine, make: Callable[[Hold, str], SshSession]) -> None:
        self._lines = lines
        self._line = line
        self._make = make

    async def session(self, target: OrderTarget, *, looks: bool = False) -> SshSession:
        """Return a session on the line."""
        del looks
        self._line.sessions += 1
        return self._make(Hold(self._lines, self._line, target.name), target.name)


class SshShell:
    """An interactive log-in shell on a remote PTY; implements `ports.Shell`."""

    def __init__(self, stream: ByteChannel, hold: Hold) -> None:
        self._stream = stream
        self._hold = hold

    async def read(self) -> bytes:
        """Return what the shell printed, up to 64 KiB; b"" when it has ended."""
        return await self._stream.read()

    def write(self, data: bytes) -> None:
        """Send bytes; lost when the shell has ended."""
        if self._stream.channel is not None and not self._stream.closed.is_set():
            with contextlib.suppress(OSError):
                self._stream.channel.write(data)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the shell its new size, in character cells."""
        if self._stream.channel is not None and not self._stream.closed.is_set():
            self._stream.channel.change_terminal_size(columns, rows)

    async def close(self) -> Ended:
        """Hang up and wait up to 3 s for the end; safe to call twice."""
        self._stream.drop()
        if self._stream.channel is not None:
            self._stream.channel.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._stream.closed.wait()
        self._hold.leave()
        return self._stream.ended()


async def open_shell(hold: Hold, *, columns: int, rows: int, term: str, start_limit_s: float) -> SshShell:
    """Open a log-in shell on a PTY.

    Args:
        hold: a place on an open line; the shell leaves it when it is closed.
        columns: width in cells.
        rows: height in cells.
        term: TERM of the shell.
        start_limit_s: seconds for the server to open it.

    Raises:
        Unreachable: the server opens no channel or no PTY.
        TimedOut: it did not answer, or all lines and sessions stayed in use.
    """
    while True:
        line, stream = hold.line, ByteChannel()
        destination = line.destination
        try:
            await _open(
                line.connection, stream, destination.place, terminal=(term, columns, rows),
                environment=destination.environment, limit_s=start_limit_s,
            )  # fmt: skip
            return SshShell(stream, hold)
        except NoRoom:
            if not await hold.change():
                raise


async def _open(
    connection: SSHClientConnection, stream: ByteChannel, place: str, *, command: str | None = None,
    terminal: tuple[str, int, int] | None = None, environment: Mapping[str, str] | None = None, limit_s: float,
) -> None:  # fmt: skip
    """Open a channel for a command, or for a shell on a terminal.

    The opening goes on when we are cancelled: the command may have started, and must be found to be ended.
    """
    term, columns, rows = terminal or (None, 0, 0)
    sent = [f"{name}={value}" for name, value in (environment or {}).items()]
    try:
        async with asyncio.timeout(limit_s):
            await asyncio.shield(
                connection.create_session(
                    lambda: stream, command, encoding=None, env=sent, send_env=None,
                    request_pty="force" if terminal else False, term_type=term,
                    term_size=(columns, rows) if terminal else None,
                    term_modes=PLAIN_MODES if terminal and command else (),
                )
            )  # fmt: skip
    except TimeoutError as error:
        raise TimedOut(
            f"{place} did not start the {'shell' if terminal else 'command'} within {limit_s:g} s.",
            why="The log-in stands, but the server does not answer.",
            next_step="See the load of the target; ssh.start_timeout_s sets how long opsterm waits.",
        ) from error
    except asyncssh.ChannelOpenError as error:
        stream.settled.set()
        if connection.is_closed():
            lost = _lost(place, error)
            raise LineGone(lost.what, why=lost.why, next_step=lost.next_step) from error
        kind = NoRoom if error.code in NO_ROOM else Unreachable
        raise kind(
            f"{place} did not start the {'shell' if terminal else 'command'}.",
            why=f"The server said: {clean_line(error.reason, limit=200)}",
            next_step="It may allow no sessions (MaxSessions), no commands, or no terminal for this account.",
        ) from error
    except (asyncssh.Error, OSError) as error:
        stream.settled.set()
        raise _lost(place, error) from error


def _lost(place: str, error: Exception | None) -> Unreachable:
    said = clean_line(str(getattr(error, "reason", "") or error or ""), limit=200)
    return Unreachable(
        f"The connection to {place} was lost.",
        why=f"{said or 'It was closed from the other side'}. Whether what ran there goes on is not known.",
        next_step="Log in again and look (ps) before you repeat it.",
    )
