"""Files that the operator named, read with an error that says what is wrong."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opsterm.core.errors import BadInput
from opsterm.core.paths import refuse_shared_file

if TYPE_CHECKING:
    from opsterm.knowledge.search import KnowledgeBase

LARGEST = 64_000_000
"""Bytes: an inventory larger than this is a mistake."""


def _too_large(path: Path) -> BadInput:
    return BadInput(f"{path} is larger than {LARGEST // 1_000_000} MB and was not read.")


class LocalFiles:
    """Reads files of this machine. Every method blocks: call it off the loop."""

    def read(self, path: Path) -> str:
        """Return the text of a file, UTF-8, a stray byte kept as an escape.

        Raises:
            OSError: it cannot be read.
            BadInput: it is too large to be what it should be.
        """
        if path.stat().st_size > LARGEST:
            raise _too_large(path)
        return path.read_bytes().decode("utf-8", errors="backslashreplace")

    def read_part(self, path: Path, limit: int) -> tuple[str, int]:
        """Return the beginning of a regular file, at most `limit` bytes, and its size; a pipe or a device is refused.

        Raises:
            BadInput: it cannot be read, or is no regular file.
        """
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                facts = os.fstat(file.fileno())
                if not stat.S_ISREG(facts.st_mode):
                    raise BadInput(f"{path} is no regular file.")
                return file.read(limit).decode("utf-8", errors="backslashreplace"), facts.st_size
        except OSError as error:
            raise BadInput(f"{path} cannot be read.", why=f"{error.strerror}.") from error

    def read_obeyed(self, path: Path) -> str:
        """Return the text of a file that decides what may be done.

        Raises:
            OSError, BadInput: as `read`.
            BadSetting: others than this account and root can change it.
        """
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            refuse_shared_file(file.fileno(), path)
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise _too_large(path)
        return text.decode("utf-8", errors="backslashreplace")

    def glob(self, pattern: str) -> Sequence[str]:
        """Return paths that match a shell pattern, sorted."""
        return sorted(glob.glob(pattern))  # noqa: PTH207 (absolute patterns are what ssh_config has)

    def write_new(self, path: Path, data: bytes) -> None:
        """Write a file that is not there yet, readable by this account only.

        Raises:
            BadInput: it is there, or cannot be written.
        """
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        except FileExistsError:
            raise BadInput(f"{path} is there already.", next_step="Try again in a second.") from None
        except OSError as error:
            raise BadInput(f"{path} cannot be written.", why=f"{error.strerror}.") from error

    def changed_at(self, path: Path) -> float | None:
        """Return when a file was last changed, epoch seconds; None when there is none."""
        try:
            return path.stat().st_mtime
        except OSError:
            return None

    def read_knowledge(self, folder: Path) -> KnowledgeBase:
        """Read every document that ships."""
        from opsterm.knowledge.document import parse_document  # noqa: PLC0415 (most commands read none)
        from opsterm.knowledge.search import KnowledgeBase  # noqa: PLC0415 (as above)

        return KnowledgeBase([parse_document(self.read(path), path.name) for path in sorted(folder.glob("*.md"))])

    def this_os(self) -> str:
        """Return ID and VERSION_ID of os-release(5), as in "debian 12"; "linux" when it says nothing."""
        fields = {}
        for name in ("/etc/os-release", "/usr/lib/os-release"):
            try:
                lines = Path(name).read_text(encoding="utf-8", errors="replace").splitlines()
            except OSError:
                continue
            fields = dict(line.partition("=")[::2] for line in lines if "=" in line)
            break
        words = [fields.get(key, "").strip("\"'") for key in ("ID", "VERSION_ID")]
        return " ".join(word for word in words if word) or "linux"
