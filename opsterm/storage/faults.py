"""What the disk and SQLite can say, told to the operator in sentences.

Source: https://www.sqlite.org/rescode.html
"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from opsterm.core.errors import BadInput, StorageError, StorageFull

_FULL_BELOW = 1_000_000
"""Free bytes under which an input/output error is taken for a full disk: quotas and limits do not say ENOSPC."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_WRITES_REFUSED = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


class DiskRefuses(StorageFull):
    """The disk is read-only or fails; like a full one it leaves opsterm reading, and may come back."""


def code_of(error: BaseException) -> int:
    """Return SQLite's primary result code, 0 when there is none."""
    code = getattr(error, "sqlite_errorcode", None)
    return int(code) & 0xFF if code is not None else 0


def ends_transaction(error: BaseException) -> bool:
    """Return whether an error is the disk's or the file's, so that nothing of the transaction can be kept."""
    return code_of(error) in (*_WRITES_REFUSED, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_NOMEM)


def fault(error: BaseException, file: Path, doing: str) -> StorageError | BadInput:
    """Return the sentence for what SQLite or the system raised.

    Args:
        error: a sqlite3.Error, an OSError, or what a row that makes no sense raised.
        file: the database or the output file it is about.
        doing: "opened", "read" or "written".
    """
    if isinstance(error, StorageError | BadInput):
        return error
    if isinstance(error, UnicodeEncodeError):
        return BadInput(
            "A text cannot be kept: it holds bytes that are no UTF-8.",
            why=ascii(error.object[max(0, error.start - 20) : error.end + 20]),
            next_step="Write it in UTF-8.",
        )
    if isinstance(error, OSError):
        return _system_fault(error, file, doing)
    if isinstance(error, sqlite3.Error):
        return _sqlite_fault(error, file, doing)
    return StorageError(
        f"{file} holds something that this version cannot read.",
        why=f"{type(error).__name__}: {error}",
        next_step="If a newer opsterm wrote it, use that one; otherwise report this.",
    )


def _system_fault(error: OSError, file: Path, doing: str) -> StorageError:
    if error.errno in _NO_ROOM:
        return _full(file, error.strerror or str(error))
    if error.errno == errno.EROFS or (error.errno == errno.EIO and doing == "written"):
        return _refuses(file, error.strerror or str(error))
    return StorageError(
        f"{file} could not be {doing}.",
        why=error.strerror or str(error),
        next_step=f"See that this account may read and write {file.parent} and that the disk is sound.",
    )


def _sqlite_fault(error: sqlite3.Error, file: Path, doing: str) -> StorageError:
    code = code_of(error)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _has_no_room(file)):
        return _full(file, str(error))
    if code == sqlite3.SQLITE_READONLY or (code == sqlite3.SQLITE_CANTOPEN and _on_read_only_disk(file)):
        return _refuses(file, str(error))
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        what = "is damaged" if code == sqlite3.SQLITE_CORRUPT else "is no database"
        return StorageError(
            f"{file} {what}.",
            why=str(error),
            next_step=f"Move it away to begin anew; copies from before updates lie beside it: ls {file}.*",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageError(
            f"{file} is in use by another process that does not let go.",
            why=str(error),
            next_step=f"See who has it open (fuser -v {file}), then try again.",
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return StorageError(
            f"{file} could not be opened.",
            why=_why_not_opened(file) or str(error),
            next_step="Give this account that file, or set OPSTERM_HOME to a folder of its own.",
        )
    if code == sqlite3.SQLITE_IOERR and doing == "written":
        return _refuses(file, str(error))
    return StorageError(
        f"{file} could not be {doing}.", why=str(error), next_step="See that the disk is sound, then report this."
    )


def _full(file: Path, why: str) -> StorageFull:
    return StorageFull(
        "The disk is full: opsterm goes on reading, and keeps nothing new until there is room.",
        why=f"{file}: {why}",
        next_step=f"Make room on the file system of {file.parent} (df -h {file.parent}).",
    )


def _refuses(file: Path, why: str) -> DiskRefuses:
    return DiskRefuses(
        "The disk takes no writes: opsterm goes on reading, and keeps nothing new until it does.",
        why=f"{file}: {why}",
        next_step=f"See what is wrong with the disk of {file.parent} (findmnt -T {file.parent}; dmesg).",
    )


def _has_no_room(file: Path) -> bool:
    try:
        disk = os.statvfs(file.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _FULL_BELOW


def _on_read_only_disk(file: Path) -> bool:
    try:
        return bool(os.statvfs(file.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _why_not_opened(file: Path) -> str:
    if file.is_dir():
        return "It is a folder."
    if file.exists() and not os.access(file, os.R_OK | os.W_OK):
        return "This account may not read and write it."
    return ""
