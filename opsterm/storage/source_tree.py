"""What is below a folder of the operator that is to be put on targets; nothing in it is followed out of it."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.runtime.ports_files import SourceEntry

MOST_ENTRIES = 20_000
DEEPEST = 64
NAMED = 5
"""What cannot be put is named so many times."""


def source_tree(folder: Path, leave_out: Sequence[str] = ()) -> list[SourceEntry]:
    """Return everything below a folder, and the folder itself with the path "". Blocking.

    Args:
        folder: a folder, also by a symbolic link to it.
        leave_out: shell patterns; what has such a name, or such a path from the folder on, is passed over with all
            that is below it.

    Raises:
        BadInput: it cannot be read, is no folder, or holds what cannot be put: symbolic links, devices, names that
            are no text. All of that is said at once.
    """
    shown = clean_line(str(folder), limit=300)
    try:
        found = [SourceEntry(path="", folder=True, mode=stat.S_IMODE(folder.stat().st_mode))]
        odd: list[str] = []
        waiting = deque([""])
        while waiting:
            below = waiting.popleft()
            with os.scandir(folder / below) as names:
                for entry in names:
                    path = f"{below}/{entry.name}" if below else entry.name
                    if any(fnmatchcase(entry.name, one) or fnmatchcase(path, one) for one in leave_out):
                        continue
                    why = _odd(entry)
                    if why:
                        odd.append(f"{clean_line(path, limit=200)} {why}")
                        continue
                    is_folder = entry.is_dir(follow_symlinks=False)
                    mode = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
                    found.append(SourceEntry(path=path, folder=is_folder, mode=mode))
                    if is_folder:
                        waiting.append(path)
                    if len(found) > MOST_ENTRIES or path.count("/") > DEEPEST:
                        raise BadInput(
                            f"There is more below {shown} than can be put at once.",
                            next_step="Put a folder of it, or pack it and put the pack.",
                        )
    except OSError as error:
        where = clean_line(str(error.filename or folder), limit=300)
        why = "it is no folder" if isinstance(error, NotADirectoryError) else error.strerror or str(error)
        raise BadInput(f"{where} cannot be read.", why=why, next_step="Give a folder that you can read.") from error
    if odd:
        raise _refused(shown, odd)
    return found


def _odd(entry: os.DirEntry[str]) -> str:
    """Return why something cannot be put, "" when it can."""
    if any(not char.isprintable() for char in entry.name):
        return "has a name with a control character, or that is no text"
    if entry.is_symlink():
        return "is a symbolic link"
    if not entry.is_file(follow_symlinks=False) and not entry.is_dir(follow_symlinks=False):
        return "is a device, pipe or socket"
    return ""


def _refused(shown: str, odd: Sequence[str]) -> BadInput:
    lines = sorted(odd)[:NAMED] + ([f"and {len(odd) - NAMED} more"] if len(odd) > NAMED else [])
    return BadInput(
        f"{shown} was not taken: not all in it can be put.",
        why="\n".join(lines),
        next_step="Leave that out with --leave-out PATTERN, or take it away.",
    )
