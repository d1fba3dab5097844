"""A recovery point on the jump host, and its written form: JSON that names every content by its sha256."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from opsterm.core.errors import StorageError
from opsterm.policy.way_back import Thing, ThingKind

LEAF_ENTRIES = 256
"""Entries that are kept as one content: what has not changed among them is not kept again."""

BLOCK_BYTES = 4 << 20
"""A larger file is kept in blocks of that size: a log that grew shares all but the last."""

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEntry:
    """A file, folder or link below a place, as it was.

    Attributes:
        path: absolute; bytes that are no UTF-8 as surrogates.
        mode: type and rights, as of stat(2).
        user, group: numbers of the owners.
        changed_at: epoch seconds.
        size: bytes.
        sha256: of the content of a file, "" for all else.
        link: what a symbolic link points to.
        mark: further numbers of it by which the target tells that it was not touched: device, inode, change time.
        head: blocks of an archive before the content.
        blocks: sha256 of each block of the content as it is in the archive.
        size_sent: bytes of these blocks.
    """

    path: str
    mode: int
    user: int
    group: int
    changed_at: int
    size: int
    sha256: str = ""
    link: str = ""
    mark: str = ""
    head: bytes = field(default=b"", repr=False)
    blocks: tuple[str, ...] = ()
    size_sent: int = 0

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        if stat.S_ISDIR(self.mode):
            return "folder"
        return "link" if stat.S_ISLNK(self.mode) else "file" if stat.S_ISREG(self.mode) else "special"

    def without_content(self) -> PointEntry:
        """Return what is known of it from looking alone: equal when it was not touched."""
        return replace(self, head=b"", blocks=(), size_sent=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointPart:
    """One thing of a point.

    Attributes:
        number: its place among the things, from 1 on.
        thing: what.
        files: small files of the keeper, each with the sha256 of its content; "before" is the state as text.
        leaves: sha256 of each group of entries.
        entries: how many there are.
        bytes: bytes of their contents.
    """

    number: int
    thing: Thing
    files: tuple[tuple[str, str], ...] = ()
    leaves: tuple[str, ...] = ()
    entries: int = 0
    bytes: int = 0

    def file(self, name: str) -> str:
        """Return the sha256 of a small file, "" when there is none."""
        return dict(self.files).get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    """The state of things on one target at one time.

    Attributes:
        number: shown as "r3"; 0 until it is kept.
        target: name of the target.
        taken_at: epoch seconds.
        label: the operator's word for it, "".
        origin: "by hand", the name of the job that took it by schedule, "j3", or of the change before which it was
            taken, "c18".
        become: the account that it was taken as by sudo, "" for the one that logs in.
        on_target: name of the point on the target that it is a copy of, "" for none.
        parts: the things.
        sent_bytes: bytes that came over the line.
        stored_bytes: bytes that it added to the disk.
        took_s: seconds that it took.
        digest: sha256 of its written form, 64 hex digits; "" until it is kept.
    """

    number: int = 0
    target: str
    taken_at: float
    label: str = ""
    origin: str
    become: str = ""
    on_target: str = ""
    parts: tuple[PointPart, ...]
    sent_bytes: int = 0
    stored_bytes: int = 0
    took_s: float = 0.0
    digest: str = ""

    @property
    def name(self) -> str:
        """The number as it is shown and typed: "r3"."""
        return f"r{self.number}"

    @property
    def things(self) -> tuple[Thing, ...]:
        """What it holds."""
        return tuple(part.thing for part in self.parts)

    @property
    def bytes(self) -> int:
        """Bytes of the contents of files in it."""
        return sum(part.bytes for part in self.parts)

    @property
    def entries(self) -> int:
        """How many files, folders and links are in it."""
        return sum(part.entries for part in self.parts)

    @property
    def point_name(self) -> str:
        """Its name on the target: that of the point that it is a copy of, else one of its own."""
        return self.on_target or f"{self.name}-{self.digest[:12]}"


def manifest_of(point: RecoveryPoint) -> bytes:
    """Return the written form."""
    body = {
        "v": _VERSION, "target": point.target, "taken_at": point.taken_at, "label": point.label,
        "origin": point.origin, "become": point.become, "on_target": point.on_target, "sent": point.sent_bytes,
        "stored": point.stored_bytes, "took_s": round(point.took_s, 3),
        "parts": [
            [p.number, [p.thing.kind, p.thing.option, p.thing.name], p.files, p.leaves, p.entries, p.bytes]
            for p in point.parts
        ],
    }  # fmt: skip
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def parse_manifest(text: bytes, number: int) -> RecoveryPoint:
    """Return the point that a text is the written form of. Raises StorageError."""
    try:
        body = json.loads(text)
        if body["v"] != _VERSION:
            raise ValueError(body["v"])
        parts = tuple(
            PointPart(
                number=at, thing=Thing(kind=ThingKind(kind), option=option, name=name),
                files=tuple((file, sha256) for file, sha256 in files), leaves=tuple(leaves), entries=entries,
                bytes=size,
            )
            for at, (kind, option, name), files, leaves, entries, size in body["parts"]
        )  # fmt: skip
        return RecoveryPoint(
            number=number, target=body["target"], taken_at=body["taken_at"], label=body["label"],
            origin=body["origin"], become=body["become"], on_target=body["on_target"], sent_bytes=body["sent"],
            stored_bytes=body["stored"], took_s=body["took_s"], parts=parts, digest=hashlib.sha256(text).hexdigest(),
        )  # fmt: skip
    except (ValueError, LookupError, TypeError) as error:
        raise StorageError(
            f"The recovery point r{number} cannot be read.", why="A newer opsterm may have written it."
        ) from error


def leaves_of(entries: Sequence[PointEntry]) -> Iterator[bytes]:
    """Yield the written form of entries in groups: a line of JSON, a zero byte, and their heads."""
    for at in range(0, len(entries), LEAF_ENTRIES):
        group = entries[at : at + LEAF_ENTRIES]
        rows = [
            [e.path, e.mode, e.user, e.group, e.changed_at, e.size, e.sha256, e.link, e.mark, len(e.head), e.blocks,
             e.size_sent]
            for e in group
        ]  # fmt: skip
        yield json.dumps(rows, separators=(",", ":")).encode() + b"\0" + b"".join(entry.head for entry in group)


def parse_leaf(leaf: bytes) -> list[PointEntry]:
    """Return the entries of a group. Raises StorageError."""
    text, _, heads = leaf.partition(b"\0")
    entries, at = [], 0
    try:
        for path, mode, user, group, changed_at, size, sha256, link, mark, length, blocks, size_sent in json.loads(
            text
        ):
            entries.append(
                PointEntry(
                    path=path, mode=mode, user=user, group=group, changed_at=changed_at, size=size, sha256=sha256,
                    link=link, mark=mark, head=heads[at : at + length], blocks=tuple(blocks), size_sent=size_sent,
                )
            )  # fmt: skip
            at += length
    except (ValueError, TypeError) as error:
        raise StorageError("A part of a recovery point cannot be read.") from error
    return entries
