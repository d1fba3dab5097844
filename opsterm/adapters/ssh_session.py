"""Commands and terminals over one SSH connection."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING

from opsterm.adapters.file_put import put_file
from opsterm.adapters.process_end import ANNOUNCE_SCRIPT, END_LIMIT_S, END_SCRIPT, check_command
from opsterm.adapters.ssh_channel import ByteChannel
from opsterm.adapters.ssh_files import NO_ROOM, sftp_place
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.ssh_lines import Hold
from opsterm.adapters.ssh_quote import command_line
from opsterm.adapters.ssh_unended import UnendedCommands, announced_command, run_script
from opsterm.core.errors import TimedOut, Unreachable
from opsterm.core.text import clean_line
from opsterm.policy.file_put import PUT
from opsterm.runtime.ports import Ended
from opsterm.runtime.ports_files import Contents

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

OPEN_LIMIT_S = 30.0
"""Seconds for a channel to open and its command to start."""
CLOSE_LIMIT_S = 3.0
SHELLS = {"sh": "/bin/sh", "bash": "bash"}


class NoRoom(Unreachable):
    """The server opens no further session on this connection; nothing was started."""


class SshSession:
    """Runs commands on one target; several at the same time if the server allows (MaxSessions, 10 by default).

    What is sent: `/bin/sh -c '<announce>' opsterm <mark> <shell> <command>`, quoted for whatever log-in shell the
    account has. The script between says its process number on standard error and becomes `<shell> -c <command>`,
    the command as one argument, unchanged. By that number the command and all of its session can be ended over a
    second channel: closing a channel ends nothing on the target, and sshd's own signal request does nothing for
    root before OpenSSH 9.8.
    """

    def __init__(
        self, hold: Hold, contents: Contents | None = None, *, target: str = "", unended: UnendedCommands | None = None
    ) -> None:
        self._hold = hold
        self._place = hold.line.destination.place
        self._running = 0
        self._contents = contents
        self._unended = unended or UnendedCommands()
        self._target = target or self._place

    def run(self, command: str, *, shell: str) -> AsyncGenerator[bytes | Ended, None]:
        """Run a command, or put a file; see `ports.Session.run` and `file_put.put_file` for what is raised."""
        return self._put(command) if shell == PUT else self._run(command, shell)

    async def _put(self, command: str) -> AsyncGenerator[bytes | Ended, None]:
        async with (
            sftp_place(self._hold) as place,
            aclosing(put_file(place, command, self._contents, target=self._target)) as told,
        ):
            async for piece in told:
                yield piece

    async def _run(self, command: str, shell: str) -> AsyncGenerator[bytes | Ended, None]:
        """Run a command.

        At most 1 MiB of output waits in memory; then the command waits. The end is the end of the output, as with
        ssh: a job left in the background that keeps the output open is waited for.

        Raises:
            BadInput: the command cannot be handed to the shell.
            Unreachable: the connection was lost, or did not answer when the command was to be ended; whether it still
                runs is not known.
            TimedOut: the server did not start it in time.
        """
        check_command(command, shell)
        mark = secrets.token_hex(8)
        stream = ByteChannel(mark)
        line = "exec " + command_line("/bin/sh", "-c", ANNOUNCE_SCRIPT, "opsterm", mark, SHELLS[shell], command)
        begun = lost = complete = False
        connection = self._hold.line.connection
        self._running += 1
        try:
            while True:
                try:
                    await _open(connection, stream, self._place, command=line)
                    break
                except NoRoom:
                    if self._running > 1 or not await self._hold.change():
                        raise
                    connection, stream = self._hold.line.connection, ByteChannel(mark)
            begun = True
            while data := await stream.read():
                yield data
            if not stream.is_complete and (stream.lost is not None or connection.is_closed()):
                lost = True
                raise _lost(self._place, stream.lost)
            complete = True
        finally:
            self._running -= 1
            if not complete and not await self._end(connection, stream) and begun and not lost:
                raise self._not_ended(stream)
        yield stream.ended()

    async def _end(self, connection: SSHClientConnection, stream: ByteChannel) -> bool:
        """End the command on the target and close its channel; return whether that is known to be done.

        What cannot be done in time is left.
        """
        stream.drop()
        try:
            async with asyncio.timeout(END_LIMIT_S):
                await stream.settled.wait()
                command = announced_command(stream.announced)
                if not stream.closed.is_set() and command is not None:
                    await run_script(connection, END_SCRIPT, command.process, command.session)
                    return True
                return stream.closed.is_set()
        except (TimeoutError, asyncssh.Error, OSError):
            if stream.channel is not None:
                with contextlib.suppress(asyncssh.Error, OSError):
                    stream.channel.send_signal("KILL")
            return False
        finally:
            if stream.channel is not None:
                stream.channel.close()

    def _not_ended(self, stream: ByteChannel) -> Unreachable:
        """Remember a command that may still run, and return what is said of it."""
        command = announced_command(stream.announced)
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


async def open_shell(hold: Hold, *, columns: int, rows: int, term: str) -> SshShell:
    """Open a log-in shell on a PTY.

    Args:
        hold: a place on an open line; the shell leaves it when it is closed.
        columns: width in cells.
        rows: height in cells.
        term: TERM of the shell.

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
                environment=destination.environment,
            )  # fmt: skip
            return SshShell(stream, hold)
        except NoRoom:
            if not await hold.change():
                raise


async def _open(
    connection: SSHClientConnection, stream: ByteChannel, place: str, *, command: str | None = None,
    terminal: tuple[str, int, int] | None = None, environment: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Open a channel for a command, or for a shell on a terminal.

    The opening goes on when we are cancelled: the command may have started, and must be found to be ended.
    """
    term, columns, rows = terminal or (None, 0, 0)
    sent = [f"{name}={value}" for name, value in (environment or {}).items()]
    try:
        async with asyncio.timeout(OPEN_LIMIT_S):
            await asyncio.shield(
                connection.create_session(
                    lambda: stream, command, encoding=None, env=sent, send_env=None,
                    request_pty="force" if terminal else False, term_type=term,
                    term_size=(columns, rows) if terminal else None,
                )
            )  # fmt: skip
    except TimeoutError as error:
        raise TimedOut(
            f"{place} did not start the {'shell' if terminal else 'command'} within {OPEN_LIMIT_S:g} s.",
            why="The log-in stands, but the server does not answer.",
            next_step="See the load of the target.",
        ) from error
    except asyncssh.ChannelOpenError as error:
        stream.settled.set()
        if connection.is_closed():
            raise _lost(place, error) from error
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
