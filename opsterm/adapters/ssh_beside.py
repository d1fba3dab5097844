"""The few fixed programs that are run on a target beside SFTP, for what SFTP itself cannot do."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from opsterm.adapters.file_place import ANSWER_LIMIT_S, PlaceError, PlaceTrouble
from opsterm.adapters.ssh_channel import ByteChannel
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.ssh_quote import command_line
from opsterm.core.text import clean_line

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection


AT_ONCE = 4
"""Programs beside at the same time: each has a channel of its own, and sshd allows ten on a connection."""


class ProgramsBeside:
    """Runs them on one connection."""

    def __init__(self, connection: SSHClientConnection) -> None:
        self._connection = connection
        self._free = asyncio.Semaphore(AT_ONCE)

    async def give(self, path: str, owner: str) -> None:
        """Give a file to an owner by name; SFTP knows numbers only, so the target's own chown looks it up.

        A symbolic link that has taken the place of the file is not followed. Raises PlaceError.
        """
        script = 'LC_ALL=C exec chown -h -- "$1" "$2" 2>&1'
        said, status = await self._answer("/bin/sh", "-c", script, "opsterm", owner, path)
        if status == 0:
            return
        text = clean_line(said.decode("utf-8", "replace").strip(), limit=200)
        trouble = PlaceTrouble.UNKNOWN_NAME if "invalid" in text else PlaceTrouble.DENIED
        raise PlaceError(PlaceTrouble.UNSUPPORTED if status is None else trouble, text)

    async def sha256(self, path: str, *, first: int | None = None) -> str:
        """Return the hash of a file, or of so many of its first bytes; "" when none can be had."""
        script = 'exec sha256sum <"$1" 2>/dev/null'
        if first is not None:
            script = 'head -c "$2" <"$1" 2>/dev/null | sha256sum 2>/dev/null'
        said, status = await self._answer("/bin/sh", "-c", script, "opsterm", path, str(first or 0))
        found = re.match(rb"\\?([0-9a-f]{64})\s", said)
        return found[1].decode() if status == 0 and found else ""

    async def _answer(self, *words: str) -> tuple[bytes, int | None]:
        """Run a fixed program beside; return what it printed and its status, None when none can be run here.

        Its input ends at once: an account that is let in for SFTP only runs its server for every command.
        """
        stream = ByteChannel()
        try:
            async with self._free, asyncio.timeout(ANSWER_LIMIT_S):
                channel, _ = await self._connection.create_session(
                    lambda: stream, command_line(*words), encoding=None, request_pty=False
                )
                channel.write_eof()
                said = b""
                while (data := await stream.read()) and len(said) < 65_536:
                    said += data
        except (TimeoutError, asyncssh.Error, OSError):
            return b"", None
        finally:
            if stream.channel is not None:
                stream.channel.close()
        return said, stream.ended().exit_status
