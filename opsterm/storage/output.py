"""What commands printed: one file per change and target, beside the database."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from opsterm.core.paths import make_private
from opsterm.runtime.offload import Run
from opsterm.storage.faults import fault

_NAME_LIMIT = 200
_UNSAFE = re.compile(r"[^A-Za-z0-9_.:@-]")


class FileOutput:
    """Kept output; see `runtime.ports_store.OutputStore`.

    An exception to "durable when it returns": the bytes are the kernel's, so they survive the end of the process but
    not a power cut in the seconds after. The journal has their number and hash, so a cut is noticed.
    """

    def __init__(self, folder: Path, run: Run) -> None:
        """Keep output below `folder`, which is made when it is first needed; `run` calls off the loop."""
        self._folder = folder
        self._run = run

    def path(self, change_id: int, target: str) -> Path:
        """Return where the output of one target is kept."""
        return self._folder / f"c{change_id}" / file_name(target)

    async def append(self, change_id: int, target: str, data: bytes) -> None:
        """Add bytes to a target's output.

        Raises:
            StorageFull: the disk takes no writes; some of `data` may have been kept.
            StorageError: the file cannot be written.
        """
        path = self.path(change_id, target)
        await self._run(lambda: _append(self._folder, path, data))

    async def read(self, change_id: int, target: str, *, offset: int = 0, limit: int = 1_000_000) -> bytes:
        """Return kept bytes from `offset`; b"" when there are none.

        Raises:
            StorageError: the file is there and cannot be read.
        """
        path = self.path(change_id, target)
        return await self._run(lambda: _read(path, offset, limit))

    async def forget(self, change_ids: Sequence[int]) -> None:
        """Throw away what changes printed. Raises StorageError: a folder is there and cannot be removed."""
        folders = [self._folder / f"c{number}" for number in change_ids]
        await self._run(lambda: _remove(folders))


def _remove(folders: Sequence[Path]) -> None:
    for folder in folders:
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise fault(error, folder, "written") from error


def set_aside(folder: Path, change_id: int) -> None:
    """Move away what lies under a number that is given out now. Blocking, some microseconds.

    It is of another change of that number: of a database that is gone, or of the time after the backup that was put
    back. What it printed must not pass for what the new one printed.

    Raises:
        StorageError: it is there and cannot be moved.
    """
    old = folder / f"c{change_id}"
    try:
        old.rename(folder / f"{old.name}~{old.stat().st_mtime_ns}")
    except FileNotFoundError:
        return
    except OSError as error:
        raise fault(error, old, "written") from error


def file_name(target: str) -> str:
    """Return a file name for a target: itself where it is one, else made safe and told apart by a hash."""
    safe = _UNSAFE.sub("_", target)[:_NAME_LIMIT]
    if safe == target and safe.strip("."):
        return safe
    digest = hashlib.sha256(target.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"_{safe}~{digest}"


def _append(folder: Path, path: Path, data: bytes) -> None:
    try:
        if not path.parent.is_dir():
            make_private(folder)
            make_private(path.parent)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(path, flags, 0o600)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
        finally:
            os.close(file)
    except OSError as error:
        raise fault(error, path, "written") from error


def _read(path: Path, offset: int, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(offset)
            # Asked for a terabyte, read() would make room for it first.
            return file.read(max(0, min(limit, size - offset)))
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise fault(error, path, "read") from error
