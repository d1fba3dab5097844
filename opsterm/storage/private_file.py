"""Small files that only this account may read, replaced whole or not at all.

A reader needs no lock: it sees the old bytes or the new ones. Writers take turns through a lock file beside it,
because the file itself becomes another one (another inode) at each write.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opsterm.core.errors import StorageError, StorageFull
from opsterm.core.paths import make_private

READ_LIMIT = 16_000_000
"""Bytes past which a file is not ours: nobody keeps that many credentials."""

LOCK_TRIES = 200
LOCK_PAUSE_S = 0.05


def read(path: Path) -> bytes | None:
    """Return a file's bytes, None when there is no file.

    A file that others may read is made private again.

    Raises:
        StorageError: it cannot be read, belongs to another account, is no regular file or is too large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise cannot("read", path, error) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_size > READ_LIMIT:
            raise StorageError(
                f"{path} is not a file that opsterm wrote.",
                why="It is no regular file, belongs to another account, or is too large.",
                next_step="Find out who put it there, then move it away.",
            )
        if status.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
        return read_all(descriptor, READ_LIMIT)
    except OSError as error:
        raise cannot("read", path, error) from error
    finally:
        os.close(descriptor)


def read_all(descriptor: int, limit: int) -> bytes:
    """Return what an open file holds, up to `limit` bytes."""
    parts, left = [], limit
    while left and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def replace(path: Path, data: bytes) -> None:
    """Put `data` in place of a file, on the disk when this returns. Call it while holding `locked(path)`.

    Whenever the process dies, the file is the old one or the new one. A half-written neighbour may be left behind;
    the next writer, who has the lock, overwrites it.

    Raises:
        StorageFull: there is no room; the old file is untouched.
        StorageError: it cannot be written; the old file is untouched.
    """
    fresh = path.with_name(f"{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise cannot("write", path, error) from error


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only writer of `path` among all threads and processes; makes its folder, private, if need be.

    The lock ends with the process, however it ends. Blocks for up to 10 s.

    Raises:
        StorageError: another process kept the lock for all that time, or the folder cannot be used.
    """
    make_private(path.parent)
    try:
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot("lock", path, error) from error
    try:
        _take(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE_S)
        except OSError as error:
            raise cannot("lock", path, error) from error
        else:
            return
    raise StorageError(
        f"Another process has been writing {path} for {LOCK_TRIES * LOCK_PAUSE_S:.0f} s.",
        next_step=f"See which process it is: fuser {path}.lock",
    )


def cannot(verb: str, path: Path, error: OSError) -> StorageError:
    """Return the error that says in a sentence why a file cannot be read, written or locked."""
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            f"There is no room to {verb} {path}.",
            why=reason,
            next_step="Make room on that file system, then try again.",
        )
    return StorageError(
        f"opsterm cannot {verb} {path}.", why=reason, next_step="Check the owner and mode of the file and its folder."
    )
