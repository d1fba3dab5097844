"""What a target says of each entry when it is looked at, without its content; and which of them have to be sent."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping, Sequence

from opsterm.changes.recovery.point import PointEntry
from opsterm.core.errors import BadInput

MOST_RANGES = 400
"""Ranges of entries that are asked for at once: each is looked at for each name by sed on the target."""

_HASH = re.compile(rb"\\?([0-9a-f]{64})(?:$| )")
_SENT = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK)
"""What an archive of tar can hold: no sockets."""


def entries_of(files: Mapping[str, bytes]) -> list[PointEntry]:
    """Return the entries of a thing of files, in the order in which the target lists them.

    Args:
        files: the small files of the keeper: "names" each with a zero byte behind it, "listing" a line of stat for
            each, and "before", the state, with the hashes of files and where links point to, in the same order.

    Raises:
        BadInput: they do not belong together.
    """
    names = files.get("names", b"").split(b"\0")[:-1]
    lines = files.get("listing", b"").splitlines()
    if len(names) != len(lines):
        raise BadInput("What the target said of its files does not belong together.", next_step="Take the point again.")
    hashes, links = _hashes_and_links(files.get("before", b""))
    found = []
    try:
        for name, line in zip(names, lines, strict=True):
            mode, user, group, changed_at, size, *rest = line.split()
            is_a = int(mode, 16)
            found.append(
                PointEntry(
                    path=name.decode("utf-8", "surrogateescape"), mode=is_a, user=int(user), group=int(group),
                    changed_at=int(changed_at), size=int(size), mark=" ".join(part.decode() for part in rest),
                    sha256=next(hashes, "") if stat.S_ISREG(is_a) else "",
                    link=next(links, "") if stat.S_ISLNK(is_a) else "",
                )
            )  # fmt: skip
    except ValueError as error:
        raise BadInput("What the target said of a file cannot be read.", next_step="Take the point again.") from error
    return found


def _hashes_and_links(state: bytes) -> tuple[Iterator[str], Iterator[str]]:
    hashes, links = [], []
    for line in state.split(b"\n"):
        match = _HASH.match(line)
        if match is not None:
            hashes.append(match[1].decode())
        elif line.startswith(b"link "):
            links.append(line.partition(b" -> ")[2].strip(b"'").decode("utf-8", "surrogateescape"))
    return iter(hashes), iter(links)


def to_send(listed: Sequence[PointEntry], have: Mapping[str, PointEntry]) -> list[int]:
    """Return the places, from 0 on, of entries that are not had as they are now.

    Names that share a file are asked for together: which of them holds the content, the archive decides.
    """
    wanted = [
        at
        for at, entry in enumerate(listed)
        if stat.S_IFMT(entry.mode) in _SENT and not is_had(entry, have.get(entry.path))
    ]
    if any(_is_shared(listed[at]) for at in wanted):
        wanted = sorted({*wanted, *(at for at, entry in enumerate(listed) if _is_shared(entry))})
    return wanted


def is_had(entry: PointEntry, had: PointEntry | None) -> bool:
    """Return whether an entry that is had is the one that the target lists now."""
    return had is not None and had.without_content() == entry and bool(had.head)


def _is_shared(entry: PointEntry) -> bool:
    links = entry.mark.split(" ")[0]
    return stat.S_ISREG(entry.mode) and links not in ("1", "")


def ranges_of(places: Sequence[int]) -> str:
    """Return sorted places as lines of sed: "1,5p;8p"; neighbours go together until there are few enough ranges."""
    spans = [[at, at] for at in places]
    gap = 1
    while True:
        joined: list[list[int]] = []
        for first, last in spans:
            if joined and first - joined[-1][1] <= gap:
                joined[-1][1] = last
            else:
                joined.append([first, last])
        if len(joined) <= MOST_RANGES:
            break
        spans, gap = joined, gap * 2
    return ";".join(f"{first + 1}p" if first == last else f"{first + 1},{last + 1}p" for first, last in joined)
