"""Lists what is below a folder at a place; symbolic links are told and never followed."""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import AsyncGenerator

from opsterm.adapters.file_faults import read_fault
from opsterm.adapters.file_place import FileFacts, FilePlace, PlaceError
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.runtime.ports_files import EntryKind, FoundEntry

MOST_ENTRIES = 20_000
DEEPEST = 64


async def walk_files(place: FilePlace, folder: str, *, target: str) -> AsyncGenerator[FoundEntry, None]:
    """Yield everything below a folder, folders before what is in them.

    A folder in it that may not be read is yielded as UNREADABLE; the others go on.

    Args:
        place: where.
        folder: absolute.
        target: name of the place, for messages.

    Raises:
        NotFound, Refused: the folder is not there, or must not be read.
        BadInput: it is no folder, or there is more below it than makes sense to fetch.
        Unreachable, TimedOut: the line died.
    """
    try:
        if not (await place.facts(folder, follow=True)).is_folder:
            raise BadInput(
                f"{clean_line(folder, limit=300)} on {target} is no folder.", next_step="Fetch it without -r."
            )
        waiting, seen = deque([""]), 0
        while waiting:
            below = waiting.popleft()
            try:
                names = await place.names(posixpath.join(folder, below) if below else folder, limit=MOST_ENTRIES)
            except PlaceError:
                if not below:
                    raise
                yield FoundEntry(path=below, kind=EntryKind.UNREADABLE)
                continue
            for name, facts in sorted(names, key=lambda one: one[0]):
                if name in (".", ".."):
                    continue
                seen += 1
                path = posixpath.join(below, name)
                if seen > MOST_ENTRIES or path.count("/") > DEEPEST:
                    raise BadInput(
                        f"There is more below {clean_line(folder, limit=300)} on {target} than is fetched at once.",
                        why=f"More than {MOST_ENTRIES:,} names, or folders more than {DEEPEST} deep.",
                        next_step="Fetch a folder of it, or pack it first: opsterm propose … -- tar",
                    )
                entry = FoundEntry(path=path, kind=_kind(name, facts), size=facts.size)
                yield entry
                if entry.kind is EntryKind.FOLDER:
                    waiting.append(path)
    except PlaceError as error:
        raise read_fault(error, folder, target) from error


def _kind(name: str, facts: FileFacts) -> EntryKind:
    """Return what an entry is. A server may say any name, also one that leads out of the folder."""
    if "/" in name or not name.isprintable():
        return EntryKind.ODD
    if facts.is_link:
        return EntryKind.LINK
    if facts.is_folder:
        return EntryKind.FOLDER
    return EntryKind.FILE if facts.is_file else EntryKind.OTHER
