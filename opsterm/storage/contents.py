"""Contents of files that wait to be put on targets: one private file each, named by its sha256."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.paths import make_private
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_files import KeptContent, SourceEntry
from opsterm.storage.faults import fault
from opsterm.storage.source_tree import source_tree

PIECE = 1 << 20


class FileContents:
    """Implements `runtime.ports_files.Contents` in one folder.

    A file is written under another name and renamed when it is whole, so one that has the right name is whole. Its
    time of change says when it was last asked to be kept.
    """

    def __init__(self, folder: Path, clock: Clock, run: Run) -> None:
        """Keep contents in `folder`, which is made when it is first needed; `run` calls off the loop."""
        self._folder = folder
        self._clock = clock
        self._run = run

    async def tree(self, folder: Path, *, leave_out: Sequence[str] = ()) -> Sequence[SourceEntry]:
        """Return what is below a folder; see `source_tree`."""
        return await self._run(lambda: source_tree(folder, leave_out))

    async def keep(self, source: Path, *, limit: int, follow: bool = True) -> KeptContent:
        """Copy a file of the operator.

        Args:
            source: a regular file.
            limit: bytes it may have.
            follow: whether it may be a symbolic link to one.

        Raises:
            BadInput: it cannot be read, is no regular file, or is larger.
            StorageFull, StorageError: the copy cannot be written.
        """
        now = self._clock.now()
        return await self._run(lambda: self._keep(source, limit, now, follow=follow))

    def _keep(self, source: Path, limit: int, now: float, *, follow: bool) -> KeptContent:
        shown = clean_line(str(source), limit=300)
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
        try:
            given = os.open(source, flags)
        except OSError as error:
            raise BadInput(
                f"{shown} cannot be read.", why=error.strerror or str(error), next_step="Give a file that you can read."
            ) from error
        part = self._folder / f"part-{secrets.token_hex(8)}"
        try:
            if not stat.S_ISREG(os.fstat(given).st_mode):
                raise BadInput(f"{shown} is no regular file.", next_step="Give a file; a folder is put with -r.")
            make_private(self._folder)
            sha256, size = self._copy(given, part, limit, shown)
            os.utime(part, (now, now))
            part.rename(self._folder / sha256)
        except OSError as error:
            raise fault(error, part, "written") from error
        finally:
            os.close(given)
            part.unlink(missing_ok=True)
        return KeptContent(sha256=sha256, size=size, kept_at=now)

    @staticmethod
    def _copy(given: int, part: Path, limit: int, shown: str) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        copy = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            while data := os.read(given, PIECE):
                size += len(data)
                if size > limit:
                    raise BadInput(
                        f"{shown} is larger than {bytes_text(limit)} and was not taken.",
                        next_step="Raise changes.put_limit_mb, or bring it there another way.",
                    )
                digest.update(data)
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(copy, rest) :]
            os.fsync(copy)
        finally:
            os.close(copy)
        return digest.hexdigest(), size

    async def pieces(self, sha256: str) -> AsyncGenerator[bytes, None]:
        """Read a content; whoever sends it hashes it again.

        Raises:
            NotFound: it is not kept, or no longer.
            StorageError: it cannot be read.
        """
        offset = 0
        while data := await self._run(lambda at=offset: _read(self._folder / sha256, at)):  # type: ignore[misc]  # the loop's own value
            offset += len(data)
            yield data

    async def list(self) -> Sequence[KeptContent]:
        """Return those that are kept, and what is left of copies that broke off (their names are no hashes)."""
        return await self._run(self._list)

    def _list(self) -> Sequence[KeptContent]:
        try:
            found = [(path.name, path.stat()) for path in sorted(self._folder.iterdir())]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise fault(error, self._folder, "read") from error
        return [KeptContent(sha256=name, size=s.st_size, kept_at=s.st_mtime) for name, s in found]

    async def remove(self, sha256: str) -> None:
        """Forget a content; harmless when there is none."""
        path = self._folder / Path(sha256).name
        try:
            await self._run(lambda: path.unlink(missing_ok=True))
        except OSError as error:
            raise fault(error, path, "removed") from error


def _read(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(PIECE)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise NotFound(
                "The content of this file is not kept any more.",
                next_step="Propose it again with opsterm put; nothing was changed.",
            ) from error
        raise fault(error, path, "read") from error
