"""Files of this machine as a `FilePlace`, and new files for the operator."""

from __future__ import annotations

import errno
import fcntl
import grp
import hashlib
import os
import pwd
import secrets
import shutil
import stat
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from opsterm.adapters.file_place import FileFacts, PlaceError, PlaceTrouble, Room
from opsterm.core.errors import BadInput, StorageError, StorageFull
from opsterm.core.paths import make_private
from opsterm.core.text import clean_line
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_files import Have

T = TypeVar("T")

_TROUBLES = {
    errno.ENOENT: PlaceTrouble.MISSING, errno.ENOTDIR: PlaceTrouble.MISSING,
    errno.EACCES: PlaceTrouble.DENIED, errno.EPERM: PlaceTrouble.DENIED,
    errno.EEXIST: PlaceTrouble.EXISTS,
    errno.ENOSPC: PlaceTrouble.FULL, errno.EDQUOT: PlaceTrouble.FULL, errno.EFBIG: PlaceTrouble.FULL,
    errno.EROFS: PlaceTrouble.READ_ONLY,
}  # fmt: skip


class LocalPlace:
    """Implements `file_place.FilePlace` for this machine, as this account."""

    def __init__(self, run: Run) -> None:
        """Call off the loop by `run`."""
        self._run = run

    async def facts(self, path: str, *, follow: bool = False) -> FileFacts:
        """See `FilePlace.facts`."""
        return await self.ask(lambda: _facts(Path(path).stat(follow_symlinks=follow)))

    async def real_path(self, path: str) -> str:
        """See `FilePlace.real_path`."""
        return await self.ask(lambda: os.path.realpath(path, strict=True))

    async def link_target(self, path: str) -> str:
        """See `FilePlace.link_target`."""
        return await self.ask(lambda: str(Path(path).readlink()))

    async def room(self, folder: str) -> Room | None:
        """See `FilePlace.room`."""
        told = await self.ask(lambda: os.statvfs(folder))
        if not told.f_blocks:
            return None  # no disk, as below /proc
        files = told.f_favail if told.f_files else None
        return Room(free=told.f_bavail * told.f_frsize, files=files, read_only=bool(told.f_flag & os.ST_RDONLY))

    async def create(self, path: str) -> LocalFile:
        """See `FilePlace.create`."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        return LocalFile(await self.ask(lambda: os.open(path, flags, 0o600)), self)

    async def open(self, path: str) -> LocalFile:
        """See `FilePlace.open`; a pipe is not waited for."""
        return LocalFile(await self.ask(lambda: os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)), self)

    async def open_to_write(self, path: str) -> LocalFile:
        """See `FilePlace.open_to_write`; a symbolic link is not followed."""
        return LocalFile(await self.ask(lambda: os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)), self)

    async def names(self, folder: str, *, limit: int) -> Sequence[tuple[str, FileFacts]]:
        """See `FilePlace.names`."""

        def read() -> Sequence[tuple[str, FileFacts]]:
            with os.scandir(folder) as entries:
                return [(one.name, _facts(one.stat(follow_symlinks=False))) for one in islice(entries, limit + 1)]

        return await self.ask(read)

    async def sha256(self, path: str, *, first: int | None = None) -> str:
        """Leave it to the reader: it is as quick here."""
        del path, first
        return ""

    async def replace(self, path: str, by: str) -> None:
        """See `FilePlace.replace`."""
        await self.ask(lambda: Path(by).replace(path))

    async def remove(self, path: str) -> None:
        """See `FilePlace.remove`."""
        await self.ask(lambda: Path(path).unlink())

    async def make_folder(self, path: str, *, mode: int, owner: str) -> None:
        """See `FilePlace.make_folder`."""
        await self.ask(lambda: _make_folder(path, mode, owner))

    async def remove_folder(self, path: str) -> None:
        """See `FilePlace.remove_folder`."""
        await self.ask(lambda: Path(path).rmdir())

    async def ask(self, work: Callable[[], T]) -> T:
        """Do something in a thread; turn what the system says into PlaceError."""
        try:
            return await self._run(work)
        except OSError as error:
            trouble = _TROUBLES.get(error.errno or 0, PlaceTrouble.OTHER)
            raise PlaceError(trouble, clean_line(error.strerror or str(error), limit=200)) from error


class LocalFile:
    """Implements `file_place.OpenFile`."""

    def __init__(self, descriptor: int, place: LocalPlace) -> None:
        self._descriptor = descriptor
        self._place = place

    async def read(self, offset: int, size: int) -> bytes:
        """See `OpenFile.read`."""
        return await self._place.ask(lambda: os.pread(self._descriptor, size, offset))

    async def write(self, data: bytes, offset: int) -> None:
        """See `OpenFile.write`."""
        await self._place.ask(lambda: _write(self._descriptor, data, offset))

    async def sync(self) -> bool:
        """See `OpenFile.sync`."""
        await self._place.ask(lambda: os.fsync(self._descriptor))
        return True

    async def facts(self) -> FileFacts:
        """See `OpenFile.facts`."""
        return await self._place.ask(lambda: _facts(os.fstat(self._descriptor)))

    async def set_owner(self, owner: str) -> None:
        """See `OpenFile.set_owner`."""
        await self._place.ask(lambda: _set_owner(self._descriptor, owner))

    async def set_mode(self, mode: int) -> None:
        """See `OpenFile.set_mode`."""
        await self._place.ask(lambda: os.fchmod(self._descriptor, mode))

    async def close(self) -> None:
        """See `OpenFile.close`."""
        await self._place.ask(lambda: os.close(self._descriptor))


def _facts(told: os.stat_result) -> FileFacts:
    return FileFacts(mode=told.st_mode, size=told.st_size, uid=told.st_uid, gid=told.st_gid, changed_at=told.st_mtime)


def _write(descriptor: int, data: bytes, offset: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        offset += written
        rest = rest[written:]


def _make_folder(path: str, mode: int, owner: str) -> None:
    Path(path).mkdir(mode)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if owner:
            _set_owner(descriptor, owner)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def _set_owner(descriptor: int, owner: str) -> None:
    user, _, group = owner.partition(":")
    try:
        uid = int(user) if user.isdigit() else pwd.getpwnam(user).pw_uid if user else -1
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid if group else -1
    except KeyError as error:
        raise PlaceError(PlaceTrouble.UNKNOWN_NAME, str(error.args[0]) if error.args else "") from error
    os.fchown(descriptor, uid, gid)


class OperatorFiles:
    """Implements `runtime.ports_files.NewFiles`."""

    def __init__(self, run: Run) -> None:
        """Call off the loop by `run`."""
        self._run = run

    async def is_folder(self, path: Path) -> bool:
        """Return whether there is a folder."""
        return await self._run(path.is_dir)

    async def free(self, path: Path) -> int:
        """Return the bytes that are free; see `runtime.ports_files.NewFiles.free`."""
        return await self._run(lambda: _free(path.parent))

    async def existing(self, path: Path) -> Have | None:
        """Return what a file holds; see `runtime.ports_files.NewFiles.existing`."""
        return await self._run(lambda: self._existing(path))

    def _existing(self, path: Path) -> Have | None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            return _held(descriptor) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        except OSError as error:
            raise BadInput(f"{clean_line(str(path), limit=300)} cannot be read.", why=str(error.strerror)) from error
        finally:
            os.close(descriptor)

    async def create(self, path: Path, *, replace: bool, folders: bool = False, resume: bool = False) -> OperatorFile:
        """Begin a file; see `runtime.ports_files.NewFiles.create`."""
        return await self._run(lambda: self._create(path, replace=replace, folders=folders, resume=resume))

    def _create(self, path: Path, *, replace: bool, folders: bool, resume: bool) -> OperatorFile:
        shown = clean_line(str(path), limit=300)
        part = path.with_name(f".{path.name[:200]}.opsterm-{'part' if resume else secrets.token_hex(4)}")
        try:
            if folders and not path.parent.is_dir():
                make_private(path.parent)
            if os.path.lexists(path):
                _refuse(path, shown, replace=replace)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | (0 if resume else os.O_EXCL)
            descriptor = os.open(part, flags, 0o600)
            if resume:
                _require_alone(descriptor, shown)
            return OperatorFile(descriptor, part, path, replace=replace, keep=resume, run=self._run)
        except OSError as error:
            raise BadInput(
                f"{shown} cannot be made here.", why=error.strerror or str(error),
                next_step="Name a file in a folder that you may write to.",
            ) from error  # fmt: skip


def _free(folder: Path) -> int:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _refuse(path: Path, shown: str, *, replace: bool) -> None:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise BadInput(f"{shown} is there and is no regular file.", next_step="Choose another name.")
    if not replace:
        raise BadInput(f"{shown} is there already.", next_step="Choose another name, or replace it with --force.")


def _held(descriptor: int) -> Have | None:
    """Return what an open file holds, None when it is empty."""
    digest, size = hashlib.sha256(), 0
    while piece := os.pread(descriptor, 1 << 20, size):
        digest.update(piece)
        size += len(piece)
    return Have(size=size, sha256=digest.hexdigest()) if size else None


def _require_alone(descriptor: int, shown: str) -> None:
    """Take the part of an earlier try for ourselves. Raises BadInput when another process has it, or it is no file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadInput(f"What was kept of {shown} is no regular file.", next_step="Choose another name.")
        os.fchmod(descriptor, 0o600)
    except BlockingIOError:
        os.close(descriptor)
        raise BadInput(f"{shown} is being fetched by another opsterm.", next_step="Wait for its end.") from None
    except BaseException:
        os.close(descriptor)
        raise


class OperatorFile:
    """Implements `runtime.ports_files.NewFile`."""

    def __init__(self, descriptor: int, part: Path, path: Path, *, replace: bool, keep: bool, run: Run) -> None:
        self._descriptor: int | None = descriptor
        self._part = part
        self._path = path
        self._replace = replace
        self._keep = keep
        self._run = run

    async def have(self) -> Have | None:
        """Return what was kept of it; see `NewFile.have`."""
        return await self._run(self._have)

    def _have(self) -> Have | None:
        return None if self._descriptor is None else _held(self._descriptor)

    async def begin_at(self, offset: int) -> None:
        """Drop what is behind; see `NewFile.begin_at`."""
        await self._run(lambda: self._begin_at(offset))

    def _begin_at(self, offset: int) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, offset)
            os.lseek(self._descriptor, offset, os.SEEK_SET)

    async def write(self, data: bytes) -> None:
        """Add bytes; see `NewFile.write`."""
        await self._run(lambda: self._write(data))

    def _write(self, data: bytes) -> None:
        try:
            rest = memoryview(data)
            while rest and self._descriptor is not None:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> StorageError:
        kind = StorageFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StorageError
        free = shutil.disk_usage(self._part.parent).free
        return kind(
            f"{clean_line(str(self._path), limit=300)} could not be written; nothing of it is left.",
            why=f"{error.strerror or error} ({free} bytes are free)",
            next_step="Make room, or choose another folder.",
        )

    async def finish(self) -> None:
        """Make it durable and give it its name; see `NewFile.finish`."""
        await self._run(self._finish)

    def _finish(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        try:
            if descriptor is not None:
                os.fsync(descriptor)
                os.close(descriptor)
            if self._replace:
                self._part.replace(self._path)
                return
            try:
                os.link(self._part, self._path)  # unlike a rename, this takes only a name that is free
            except FileExistsError as error:
                raise BadInput(
                    f"{clean_line(str(self._path), limit=300)} is there by now.", next_step="Choose another name."
                ) from error
            self._part.unlink()
        except OSError as error:
            raise self._fault(error) from error

    async def discard(self) -> None:
        """Take away what was not finished; see `NewFile.discard`."""
        await self._run(self._discard)

    def _discard(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            self._part.unlink(missing_ok=True)
            return
        kept = self._keep and os.fstat(descriptor).st_size > 0
        if not kept:
            self._part.unlink(missing_ok=True)
        os.close(descriptor)
