"""Part of a thing of files: what a recovery point of one path in a tree would have held.

The state that the keeper wrote is taken apart line by line in the order of the entries, as `keeper.files` writes it,
and only what belongs to the path is kept: nothing is made up, so that equality still means the same.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsterm.changes.recovery.point import PointEntry
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

_USUAL, _USUAL_WORD = re.compile(rb"-*e*-* "), re.compile(rb"-*e*-*")
"""Flags that are left out: "e" says how a file lies on the disk."""

_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePart:
    """What was chosen of a thing.

    Attributes:
        path: the place that was named.
        entries: it, and what is below it.
        files: the small files of the keeper for it alone.
    """

    path: str
    entries: tuple[PointEntry, ...]
    files: Mapping[str, bytes]


def select(path: str, entries: Sequence[PointEntry], files: Mapping[str, bytes]) -> TreePart:
    """Return what of a thing of files is at a path.

    Args:
        path: absolute, of one of the entries.
        entries: all of the thing, in the order in which the target listed them.
        files: the small files of the keeper for all of the thing.

    Raises:
        BadInput: nothing is there, it is one file with a name that is not chosen, or the point cannot be taken apart.
    """
    shown = clean_line(path, limit=200)
    chosen = [at for at, entry in enumerate(entries) if entry.path == path or entry.path.startswith(f"{path}/")]
    if not chosen:
        raise BadInput(f"{shown} is not in the point.", next_step="`opsterm snapshot show` with --all lists what is.")
    parts = _Parts(entries, files)
    _require_own_files(entries, chosen)
    names = b"".join(os_name(entries[at].path) + b"\0" for at in chosen)
    root = os_name(path) + b"\0"
    made = {"roots": root, "there": root, "names": names, "before": parts.state(chosen)}
    if "flags" in files:
        made["flags"] = parts.flags(chosen)
    if "times" in files:
        folders = [at for at in chosen if stat.S_ISDIR(entries[at].mode)]
        made["folders"] = b"".join(os_name(entries[at].path) + b"\0" for at in folders)
        made["times"] = b"".join(b"%d\n" % entries[at].changed_at for at in folders)
    return TreePart(path=path, entries=tuple(entries[at] for at in chosen), files=made)


def os_name(path: str) -> bytes:
    """Return a path as the target has it."""
    return path.encode("utf-8", "surrogateescape")


def _require_own_files(entries: Sequence[PointEntry], chosen: Sequence[int]) -> None:
    """See that no file that is chosen has a name that is not: both would change, or come apart."""
    inside = set(chosen)
    files: dict[str, list[int]] = {}
    for at, entry in enumerate(entries):
        if stat.S_ISREG(entry.mode):
            files.setdefault(_inode(entry), []).append(at)
    for at in chosen:
        entry = entries[at]
        links, _, _ = entry.mark.partition(" ")
        if not stat.S_ISREG(entry.mode) or links == "1":
            continue
        known = files[_inode(entry)]
        others = [entries[other].path for other in known if other not in inside]
        if others or links != str(len(known)):
            also = f"as {clean_line(others[0], limit=200)}" if others else "outside of the point"
            raise BadInput(
                f"{clean_line(entry.path, limit=200)} is one file with another name, {also}.",
                next_step="Choose a folder that holds both, or put back the whole point.",
            )


def _inode(entry: PointEntry) -> str:
    """Return what names of one file have in common: the number of the file, from `PointEntry.mark`."""
    return " ".join(entry.mark.split(" ")[:3])


class _Parts:
    """The state of a thing, taken apart."""

    def __init__(self, entries: Sequence[PointEntry], files: Mapping[str, bytes]) -> None:
        self._entries = entries
        lines = files.get("before", b"").split(b"\n")
        kinds = [_kind_of(entry) for entry in entries]
        hashed = [at for at, entry in enumerate(entries) if stat.S_ISREG(entry.mode)]
        self._lines: dict[int, bytes] = {}
        self._hashes: dict[int, bytes] = {}
        rest = iter(lines)
        try:
            for kind in ("folder", "link", "other"):
                self._lines |= {at: next(rest) for at, is_a in enumerate(kinds) if is_a == kind}
            self._hashes = {at: next(rest) for at in hashed}
        except StopIteration:
            raise _cannot_be_taken_apart() from None
        self._check()
        further = list(rest)
        end = len(further) - 1 if further and not further[-1] else len(further)
        self._flags = _flags_of({at: os_name(entries[at].path) for at in hashed}, files.get("flags", b""))
        words = [word for _, said in self._flags.values() for word in said]
        at = end - len(words)
        if at < 0 or further[at:end] != words:
            raise _cannot_be_taken_apart()
        self._blocks = _blocks(further[:at])

    def _check(self) -> None:
        """See that lines belong to the entries: each says the owner, and each hash the file's."""
        for at, entry in enumerate(self._entries):
            words = self._lines[at].split(b" ")
            owner = words[1:3] if _kind_of(entry) != "folder" else words[2:4]
            if owner != [b"%d" % entry.user, b"%d" % entry.group]:
                raise _cannot_be_taken_apart()
        if any(line.lstrip(b"\\") != self._entries[at].sha256.encode() for at, line in self._hashes.items()):
            raise _cannot_be_taken_apart()

    def flags(self, chosen: Sequence[int]) -> bytes:
        """Return the keeper's file of flags for some entries."""
        return b"".join(line + b"\n" for at in chosen if at in self._flags for line in self._flags[at][0])

    def state(self, chosen: Sequence[int]) -> bytes:
        """Return the state of some entries as the keeper would write it."""
        kinds = {at: _kind_of(self._entries[at]) for at in chosen}
        lines = [self._lines[at] for kind in ("folder", "link", "other") for at in chosen if kinds[at] == kind]
        lines += [self._hashes[at] for at in chosen if at in self._hashes]
        inside = {os_name(self._entries[at].path) for at in chosen}
        lines += [line for name, block in self._blocks if name in inside for line in block]
        lines += [word for at in chosen if at in self._flags for word in self._flags[at][1]]
        return b"".join(line + b"\n" for line in lines)


def _flags_of(names: Mapping[int, bytes], text: bytes) -> dict[int, tuple[list[bytes], list[bytes]]]:
    """Return the lines that lsattr has printed for some files, and what the state has of them, by place.

    Only lines that are no usual flags are there. A name with a newline takes several, of which the state has the first
    words, since it is told from flags by nothing.

    Args:
        names: of files, by place.
        text: the keeper's file of flags.
    """
    lines = text.split(b"\n")[:-1]
    found: dict[int, tuple[list[bytes], list[bytes]]] = {}
    for place, name in names.items():
        first, *more = name.split(b"\n")
        flagged = lines[:1] if lines and lines[0].partition(b" ")[2] == first else []
        del lines[: len(flagged)]
        printed = [line for line in more if not _USUAL.match(line)]
        if lines[: len(printed)] != printed:
            more = printed = []  # what is on this file system has no flags: nothing was printed
        del lines[: len(printed)]
        words = [line.partition(b" ")[0] for line in [*flagged, *more]]
        found[place] = ([*flagged, *printed], [word for word in words if not _USUAL_WORD.fullmatch(word)])
    if lines:
        raise _cannot_be_taken_apart()
    return found


def _kind_of(entry: PointEntry) -> str:
    return entry.kind if entry.kind in ("folder", "link") else "other"


def _blocks(lines: Sequence[bytes]) -> list[tuple[bytes, list[bytes]]]:
    """Return blocks of getfacl and getfattr by the name that each begins with: "# file: NAME", up to an empty line."""
    found: list[tuple[bytes, list[bytes]]] = []
    for line in lines:
        if line.startswith(b"# file: "):
            found.append((_OCTAL.sub(lambda m: bytes([int(m[1], 8)]), line[8:]), []))
        if not found:
            raise _cannot_be_taken_apart()
        found[-1][1].append(line)
    return found


def _cannot_be_taken_apart() -> BadInput:
    return BadInput(
        "The point cannot be taken apart: its state is written in another way.",
        next_step="Put back all of it: leave out --only.",
    )
