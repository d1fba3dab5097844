"""Files on a target over SFTP (draft-ietf-secsh-filexfer-02, with OpenSSH's extensions where the server has them)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from opsterm.adapters.file_place import ANSWER_LIMIT_S, FileFacts, PlaceError, PlaceTrouble, Room
from opsterm.adapters.ssh_beside import ProgramsBeside
from opsterm.adapters.ssh_library import asyncssh, start_sftp_client
from opsterm.adapters.ssh_lines import Hold
from opsterm.core.errors import TimedOut, Unreachable
from opsterm.core.text import clean_line

if TYPE_CHECKING:
    from asyncssh import SFTPAttrs, SFTPClient, SFTPClientFile, SSHClientConnection
    from asyncssh.channel import SSHChannel

T = TypeVar("T")

OPEN_LIMIT_S = 30.0
CLOSE_LIMIT_S = 3.0
NO_ROOM = (2, 4)
"""SSH_OPEN_CONNECT_FAILED, which sshd says above MaxSessions, and SSH_OPEN_RESOURCE_SHORTAGE (RFC 4254, 5.1)."""
MOST_OF_A_BLOCK = 1 << 17
"""Bytes asked for or sent in one request; OpenSSH takes 255 KiB, servers that do not say get 16 KiB."""
ST_RDONLY = 1
"""In the flags of statvfs@openssh.com."""

_NUMBERS = re.compile(r"([0-9]*)(?::([0-9]+))?")
_TROUBLES = (
    ((asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath), PlaceTrouble.MISSING),
    ((asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect), PlaceTrouble.DENIED),
    ((asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded), PlaceTrouble.FULL),
    ((asyncssh.SFTPFileAlreadyExists,), PlaceTrouble.EXISTS),
    ((asyncssh.SFTPOpUnsupported,), PlaceTrouble.UNSUPPORTED),
    ((asyncssh.SFTPUnknownPrincipal, asyncssh.SFTPOwnerInvalid, asyncssh.SFTPGroupInvalid), PlaceTrouble.UNKNOWN_NAME),
)


@asynccontextmanager
async def sftp_place(hold: Hold) -> AsyncIterator[SftpPlace]:
    """Open SFTP beside the commands of a line, and close it in the end.

    Raises:
        Unreachable: the line is lost, or the server offers no SFTP.
        TimedOut: it did not answer.
    """
    while True:
        connection, name = hold.line.connection, hold.line.destination.place
        opening = _Opening()
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                client, channel = await asyncio.shield(opening.open(connection))
            break
        except asyncssh.ChannelOpenError as error:
            if not connection.is_closed() and error.code in NO_ROOM and await hold.change():
                continue
            raise _no_sftp(name, error, lost=connection.is_closed()) from error
        except (asyncssh.Error, OSError) as error:
            raise _no_sftp(name, error, lost=connection.is_closed()) from error
        except BaseException as error:
            opening.leave()
            if isinstance(error, TimeoutError):
                raise _silent(name) from error
            raise
    try:
        yield SftpPlace(client, connection, name)
    finally:
        await _close(client, channel)


class _Opening:
    """The opening of a channel for SFTP; it goes on when nobody waits for it any more, and is closed then."""

    def __init__(self) -> None:
        self._left = False
        self._channel: SSHChannel[bytes] | None = None

    async def open(self, connection: SSHClientConnection) -> tuple[SFTPClient, SSHChannel[bytes]]:
        writer, reader, _ = await connection.open_session(subsystem="sftp", encoding=None, send_env=None, env=())
        channel = self._channel = writer.channel
        if self._left:
            channel.close()
        try:
            return await start_sftp_client(connection, reader, writer), channel
        except BaseException:
            channel.close()
            raise

    def leave(self) -> None:
        self._left = True
        if self._channel is not None:
            self._channel.close()


async def _close(client: SFTPClient, channel: SSHChannel[bytes]) -> None:
    client.exit()
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await channel.wait_closed()
    except (TimeoutError, asyncssh.Error, OSError):
        pass
    finally:
        channel.close()


class SftpPlace:
    """Implements `file_place.FilePlace` over one SFTP session.

    Attributes:
        name: of the target, for messages.
        beside: what SFTP itself cannot do.
    """

    def __init__(self, client: SFTPClient, connection: SSHClientConnection, name: str) -> None:
        self._client = client
        self.name = name
        self.beside = ProgramsBeside(connection)

    async def facts(self, path: str, *, follow: bool = False) -> FileFacts:
        """See `FilePlace.facts`."""
        return _facts(await self.ask(self._client.stat(path) if follow else self._client.lstat(path)))

    async def real_path(self, path: str) -> str:
        """See `FilePlace.real_path`."""
        return str(await self.ask(self._client.realpath(path)))

    async def link_target(self, path: str) -> str:
        """See `FilePlace.link_target`."""
        return str(await self.ask(self._client.readlink(path)))

    async def room(self, folder: str) -> Room | None:
        """See `FilePlace.room`; asked by statvfs@openssh.com."""
        try:
            told = await self.ask(self._client.statvfs(folder))
        except PlaceError as error:
            if error.trouble is PlaceTrouble.UNSUPPORTED:
                return None
            raise
        if not told.blocks:
            return None  # no disk, as below /proc
        files = told.favail if told.files else None
        return Room(free=told.bavail * (told.frsize or told.bsize), files=files, read_only=bool(told.flags & ST_RDONLY))

    async def create(self, path: str) -> SftpFile:
        """See `FilePlace.create`."""
        flags = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT | asyncssh.FXF_EXCL
        attrs = asyncssh.SFTPAttrs(permissions=0o600)
        return SftpFile(
            await self.ask(self._client.open(path, flags, attrs, encoding=None, block_size=0)),
            self, path, self._client.limits.max_write_len,
        )  # fmt: skip

    async def open(self, path: str) -> SftpFile:
        """See `FilePlace.open`."""
        return SftpFile(
            await self.ask(self._client.open(path, asyncssh.FXF_READ, encoding=None, block_size=0)),
            self, path, self._client.limits.max_read_len,
        )  # fmt: skip

    async def open_to_write(self, path: str) -> SftpFile:
        """See `FilePlace.open_to_write`."""
        return SftpFile(
            await self.ask(self._client.open(path, asyncssh.FXF_WRITE, encoding=None, block_size=0)),
            self, path, self._client.limits.max_write_len,
        )  # fmt: skip

    async def make_folder(self, path: str, *, mode: int, owner: str) -> None:
        """See `FilePlace.make_folder`; what has taken its place since it was made is given nothing (lsetstat)."""
        await self.ask(self._client.mkdir(path, asyncssh.SFTPAttrs(permissions=mode)))
        made = await self.facts(path)
        numbers = _NUMBERS.fullmatch(owner)
        if owner and numbers is None:
            await self.beside.give(path, owner)
        elif owner and numbers is not None:
            uid, gid = (int(numbers[at]) if numbers[at] else own for at, own in ((1, made.uid), (2, made.gid)))
            await self.ask(self._client.setstat(path, asyncssh.SFTPAttrs(uid=uid, gid=gid), follow_symlinks=False))
        if made.permissions & 0o7777 != mode or owner:  # its umask took some away, or a change of owner did
            attrs = asyncssh.SFTPAttrs(permissions=mode)
            await self.ask(self._client.setstat(path, attrs, follow_symlinks=False))

    async def remove_folder(self, path: str) -> None:
        """See `FilePlace.remove_folder`."""
        await self.ask(self._client.rmdir(path))

    async def names(self, folder: str, *, limit: int) -> Sequence[tuple[str, FileFacts]]:
        """See `FilePlace.names`."""

        async def read() -> Sequence[tuple[str, FileFacts]]:
            found: list[tuple[str, FileFacts]] = []
            async for one in self._client.scandir(folder):
                name = one.filename if isinstance(one.filename, str) else one.filename.decode("utf-8", "replace")
                found.append((name, _facts(one.attrs)))
                if len(found) > limit:
                    break
            return found

        return await self.ask(read())

    async def sha256(self, path: str, *, first: int | None = None) -> str:
        """See `FilePlace.sha256`; asks the target's own sha256sum."""
        return await self.beside.sha256(path, first=first)

    async def replace(self, path: str, by: str) -> None:
        """See `FilePlace.replace`: posix-rename@openssh.com. A plain rename takes only a name that is free."""
        try:
            await self.ask(self._client.posix_rename(by, path))
        except PlaceError as error:
            if error.trouble is not PlaceTrouble.UNSUPPORTED:
                raise
            await self.ask(self._client.rename(by, path))

    async def remove(self, path: str) -> None:
        """See `FilePlace.remove`."""
        await self.ask(self._client.remove(path))

    async def ask(self, work: Awaitable[T]) -> T:
        """Wait for an answer; turn what the library raises into our own errors."""
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await work
        except TimeoutError as error:
            raise _silent(self.name) from error
        except asyncssh.SFTPError as error:
            if isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection):
                raise _lost(self.name, error) from error
            found = (trouble for kinds, trouble in _TROUBLES if isinstance(error, kinds))
            raise PlaceError(next(found, PlaceTrouble.OTHER), clean_line(error.reason, limit=200)) from error
        except (asyncssh.Error, OSError, ValueError) as error:
            raise _lost(self.name, error) from error


class SftpFile:
    """Implements `file_place.OpenFile`.

    A piece goes in blocks that the server takes, all at once. The library would do that too, but leaves behind tasks
    whose errors nobody has seen when more than one block fails.
    """

    def __init__(self, file: SFTPClientFile, place: SftpPlace, path: str, block: int) -> None:
        self._file = file
        self._place = place
        self._ask = place.ask
        self._name = place.name
        self._path = path
        self._block = min(block, MOST_OF_A_BLOCK)

    async def read(self, offset: int, size: int) -> bytes:
        """See `OpenFile.read`."""
        blocks = await self._side_by_side(
            [self._read(at, min(self._block, offset + size - at)) for at in range(offset, offset + size, self._block)]
        )
        data = b""
        for block in blocks:
            data += block
            if len(block) < self._block:
                break  # the end of the file, where it was asked for this block
        return data

    async def _read(self, offset: int, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more: bytes = await self._file.read(size - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    async def write(self, data: bytes, offset: int) -> None:
        """See `OpenFile.write`."""
        await self._side_by_side(
            [self._file.write(data[at : at + self._block], offset + at) for at in range(0, len(data), self._block)]
        )

    async def _side_by_side(self, works: Sequence[Coroutine[object, object, T]]) -> Sequence[T]:
        async def all_of_them() -> Sequence[T]:
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(work) for work in works]
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None
            return [task.result() for task in tasks]

        return await self._ask(all_of_them())

    async def sync(self) -> bool:
        """See `OpenFile.sync`; fsync@openssh.com."""
        try:
            await self._ask(self._file.fsync())
        except PlaceError as error:
            if error.trouble is PlaceTrouble.UNSUPPORTED:
                return False
            raise
        return True

    async def facts(self) -> FileFacts:
        """See `OpenFile.facts`."""
        return _facts(await self._ask(self._file.stat()))

    async def set_owner(self, owner: str) -> None:
        """See `OpenFile.set_owner`."""
        numbers = _NUMBERS.fullmatch(owner)
        if numbers is None:
            await self._place.beside.give(self._path, owner)
            return
        now = await self.facts()
        uid = int(numbers[1]) if numbers[1] else now.uid
        gid = int(numbers[2]) if numbers[2] else now.gid
        await self._ask(self._file.setstat(asyncssh.SFTPAttrs(uid=uid, gid=gid)))

    async def set_mode(self, mode: int) -> None:
        """See `OpenFile.set_mode`."""
        await self._ask(self._file.chmod(mode))

    async def close(self) -> None:
        """See `OpenFile.close`."""
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._ask(self._file.close())
        except TimeoutError as error:
            raise _silent(self._name) from error


def _facts(told: SFTPAttrs) -> FileFacts:
    return FileFacts(
        mode=told.permissions or 0, size=told.size or 0, uid=told.uid, gid=told.gid, changed_at=float(told.mtime or 0)
    )


def _lost(place: str, error: Exception) -> Unreachable:
    said = clean_line(str(getattr(error, "reason", "") or error), limit=200)
    return Unreachable(
        f"The connection to {place} was lost.",
        why=said or "It was closed from the other side.",
        next_step="See whether the target is up; then try again.",
    )


def _silent(place: str) -> TimedOut:
    return TimedOut(
        f"{place} did not answer within {ANSWER_LIMIT_S:g} s while a file was under way.",
        why="The log-in stands, but nothing moves.",
        next_step="See the line and the load of the target.",
    )


def _no_sftp(place: str, error: Exception, *, lost: bool) -> Unreachable:
    if lost:
        return _lost(place, error)
    return Unreachable(
        f"{place} offers no SFTP.",
        why=f"The server said: {clean_line(str(getattr(error, 'reason', '') or error), limit=200)}",
        next_step="Its sshd_config needs a line for it: Subsystem sftp internal-sftp. It may also allow too few "
        "sessions (MaxSessions).",
    )
