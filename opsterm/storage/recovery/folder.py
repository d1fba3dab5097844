"""The folder of recovery points: packs of contents, one small file a point, and who may change them now. Blocking.

A point is written after everything that it names, in one step, so that a half of one is never taken for a whole.
Whoever takes a point holds the lock with others; whoever throws away holds it alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from opsterm.core.errors import NotFound, Refused, StorageError, StorageFull
from opsterm.core.paths import make_private
from opsterm.core.units import bytes_text
from opsterm.runtime.ports_recovery import RecoveryRoom
from opsterm.storage import private_file
from opsterm.storage.faults import fault
from opsterm.storage.recovery.box import SealedBox
from opsterm.storage.recovery.pack import FULL_BYTES, PART, SUFFIX, PackWriter, Spot, read_index, read_spot

_POINT = re.compile(r"r([1-9][0-9]{0,11})\.point")
_CHECK = b"recovery points of opsterm"
_WORTH_WRITING_ANEW = 0.5
"""A pack of which less than this share is still needed is written anew without the rest."""


class RecoveryFolder:
    """All of it, as this process sees it. Safe to use from several threads.

    Args:
        path: the folder; made when it is first written to.
        key: 32 bytes.
        key_place: where the key is, as part of a sentence.
        reserve: bytes that stay free on the disk.
    """

    def __init__(self, path: Path, key: bytes, key_place: str, *, reserve: int) -> None:
        """Look at nothing yet but whether it was made with this key.

        Raises:
            StorageError: it was made with another one.
        """
        self.path = path
        self.packs = path / "packs"
        self._points = path / "points"
        self._box = SealedBox(key)
        self._key_place = key_place
        self._reserve = reserve
        self._guard = threading.Lock()
        self._known: dict[str, Mapping[bytes, Spot]] = {}
        self._spots: dict[bytes, Spot] = {}
        self._check_key()

    def _check_key(self) -> None:
        file = self.path / "key.check"
        kept = private_file.read(file)
        if kept is None:
            with private_file.locked(file):
                if private_file.read(file) is None:
                    private_file.replace(file, self._box.seal(_CHECK, b"key"))
            kept = private_file.read(file) or b""
        try:
            self._box.open(kept, b"key")
        except StorageError as error:
            raise StorageError(
                "The recovery points on this host were kept with another key.",
                why=f"The key is {self._key_place}; that of {self.path} was another one.",
                next_step=f"Put that key back, or move {self.path} away and begin anew.",
            ) from error

    # ------------------------------------------------------------------------------------- contents

    def spots(self) -> Mapping[bytes, Spot]:
        """Return where every content is that can be read, other processes' included. Raises StorageError."""
        with self._guard:
            there = {path.name for path in self._files(self.packs) if path.name.endswith(SUFFIX)}
            if there != self._known.keys():
                for name in there - self._known.keys():
                    self._known[name] = self._index(name)
                self._known = {name: index for name, index in self._known.items() if name in there}
                self._spots = {digest: spot for index in self._known.values() for digest, spot in index.items()}
            return self._spots

    def _index(self, name: str) -> Mapping[bytes, Spot]:
        try:
            return read_index(self.packs / name, self._box)
        except StorageError:
            return {}  # what it held is missing, and `faults` says so

    def read(self, sha256: str) -> bytes:
        """Return a content, looked over. Raises NotFound, StorageError."""
        digest = bytes.fromhex(sha256)
        spot = self.spots().get(digest)
        if spot is None:
            raise NotFound(
                "A part of a recovery point is missing.", next_step="See which are whole: opsterm snapshot verify"
            )
        return read_spot(self.packs, spot, self._box, digest)

    def faults(self, contents: Collection[str]) -> Mapping[str, str]:
        """Read contents and hash them again; see `ports_recovery.RecoveryStore.faults`."""
        found: dict[str, str] = {}
        for sha256 in contents:
            try:
                self.read(sha256)
            except StorageError as error:
                found[sha256] = error.what
            except NotFound as error:
                found[sha256] = error.what
        broken = [path.name for path in self._files(self.packs) if not _is_whole(path)]
        unread = [f"r{number}" for number, text in self._texts() if text is None]
        said = [f"The pack {name} is damaged." for name in broken]
        said += [f"The point {name} cannot be read." for name in unread]
        return {**found, **({"": " ".join(said)} if said else {})}

    # --------------------------------------------------------------------------------------- points

    def manifests(self) -> Mapping[int, bytes]:
        """Return every point that can be read, by number."""
        return {number: text for number, text in self._texts() if text is not None}

    def _texts(self) -> Iterator[tuple[int, bytes | None]]:
        for path in self._files(self._points):
            match = _POINT.fullmatch(path.name)
            if match is None:
                continue
            try:
                kept = private_file.read(path)
                text = None if kept is None else self._box.open(kept, f"point {match[1]}".encode())
            except StorageError:
                text = None
            yield int(match[1]), text

    def keep_point(self, manifest: bytes, *, number: int = 0) -> int:
        """Write a point whose contents are on the disk; return its number. Raises StorageFull, StorageError."""
        counter = self._points / "number"
        with private_file.locked(counter):
            if not number:
                last = max([int(private_file.read(counter) or b"0"), *(n for n, _ in self._texts())])
                number = last + 1
                private_file.replace(counter, str(number).encode())
            sealed = self._box.seal(manifest, f"point {number}".encode())
            private_file.replace(self._points / f"r{number}.point", sealed)
        return number

    # ----------------------------------------------------------------------------------------- room

    def free(self) -> int:
        """Return the bytes that are free on its disk for this account."""
        place = self.path
        while not place.exists():
            place = place.parent
        facts = os.statvfs(place)
        return facts.f_bavail * facts.f_frsize

    def require_room(self, size: int) -> None:
        """See that so many bytes have room, and the reserve stays. Raises StorageFull."""
        free = self.free()
        if free - size < self._reserve:
            raise StorageFull(
                f"There is no room for {bytes_text(size)} of recovery points: {bytes_text(free)} are free.",
                why=f"{bytes_text(self._reserve)} stay free (recovery.reserve_mb).",
                next_step="Make room: opsterm snapshot prune shows what it would free with --dry-run.",
            )

    def room(self) -> RecoveryRoom:
        """Return how much room all of it takes."""
        spots = self.spots()
        return RecoveryRoom(
            points=sum(1 for _ in self._texts()), contents=len(spots),
            plain_bytes=sum(spot.size for spot in spots.values()),
            disk_bytes=sum(path.stat().st_size for path in (*self._files(self.packs), *self._files(self._points))),
            free_bytes=self.free(), key=self._key_place,
        )  # fmt: skip

    # -------------------------------------------------------------------------------------- pruning

    def prune(self, numbers: Collection[int], stay: Collection[int], keep: Collection[str]) -> int:
        """Forget points and what only they needed; see `ports_recovery.RecoveryStore.prune`."""
        before = self.room().disk_bytes
        needed = {bytes.fromhex(sha256) for sha256 in keep}
        with self.locked(alone=True):
            if {number for number, _ in self._texts()} - {*numbers, *stay}:
                raise Refused("A recovery point has been taken meanwhile.", next_step="Look again what would go.")
            for number in numbers:
                (self._points / f"r{number}.point").unlink(missing_ok=True)
            if self._points.is_dir():
                private_file.sync_folder(self._points)
            for path in self._files(self.packs):
                if path.name.startswith(PART):  # nobody writes it: the lock is ours alone
                    path.unlink(missing_ok=True)
            self.spots()
            for name, index in list(self._known.items()):
                self._thin_out(name, index, needed)
        return max(0, before - self.room().disk_bytes)

    def _thin_out(self, name: str, index: Mapping[bytes, Spot], needed: Collection[bytes]) -> None:
        """Remove a pack nobody needs; write one anew of which little is needed. An unreadable one stays."""
        if not index:
            return
        left = {digest: spot for digest, spot in index.items() if digest in needed}
        whole = sum(spot.length for spot in index.values())
        if left and sum(spot.length for spot in left.values()) >= whole * _WORTH_WRITING_ANEW:
            return
        if left:
            writer = PackWriter(self.packs, self._box)
            try:
                for digest, spot in left.items():
                    writer.add(digest, read_spot(self.packs, spot, self._box, digest))
            except BaseException:
                writer.discard()
                raise
            writer.finish()
        (self.packs / name).unlink()

    @contextmanager
    def locked(self, *, alone: bool) -> Iterator[None]:
        """Hold the lock, alone or with others who take points.

        Raises:
            Refused: somebody else holds it now in a way that excludes this one.
        """
        make_private(self.path)
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise fault(error, self.path / "lock", "written") from error
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            what = "A recovery point is being taken now." if alone else "Recovery points are being pruned now."
            raise Refused(what, next_step="Try again when that is over.") from error
        finally:
            os.close(descriptor)

    @staticmethod
    def _files(folder: Path) -> list[Path]:
        try:
            return sorted(folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise fault(error, folder, "read") from error


def _is_whole(path: Path) -> bool:
    """Return whether a pack has the hash that is its name; what is still being written passes."""
    if not path.name.endswith(SUFFIX):
        return True
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while data := file.read(1 << 20):
                digest.update(data)
    except OSError:
        return False
    return f"{digest.hexdigest()}{SUFFIX}" == path.name


class FolderIntake:
    """Implements `ports_recovery.RecoveryIntake`."""

    def __init__(self, folder: RecoveryFolder, box_key: bytes) -> None:
        self._folder = folder
        self._box = SealedBox(box_key)
        self._spots = folder.spots()
        self._own: dict[bytes, Spot] = {}
        self._writer: PackWriter | None = None
        self._done = 0

    @property
    def stored(self) -> int:
        """Bytes that it has added to the disk so far."""
        return self._done + (self._writer.size if self._writer is not None else 0)

    def add(self, data: bytes) -> str:
        """Keep a content; see `ports_recovery.RecoveryIntake.add`."""
        digest = hashlib.sha256(data).digest()
        if digest not in self._spots and digest not in self._own:
            if self._writer is None:
                self.require_room(len(data))
                self._writer = PackWriter(self._folder.packs, self._box)
            self._writer.add(digest, data)
            if self._writer.size >= FULL_BYTES:
                self._close_pack()
        return digest.hex()

    def has(self, sha256: str) -> bool:
        """Return whether a content is kept, or was added here."""
        digest = bytes.fromhex(sha256)
        return (
            digest in self._spots or digest in self._own or (self._writer is not None and digest in self._writer)
        )  # fmt: skip

    def read(self, sha256: str) -> bytes:
        """Return a content that is kept, or was added here."""
        digest = bytes.fromhex(sha256)
        if self._writer is not None and digest in self._writer:
            return self._writer.read(digest)
        return self._folder.read(sha256)

    def require_room(self, size: int) -> None:
        """See that so many bytes more have room here. Raises StorageFull."""
        self._folder.require_room(size)

    def finish(self, manifest: bytes, *, replaces: int = 0) -> int:
        """Make all of it durable, then the point itself; return its number."""
        self._close_pack()
        return self._folder.keep_point(manifest, number=replaces)

    def _close_pack(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            self._done += writer.size
            self._own.update(writer.finish())

    def discard(self) -> None:
        """Throw away what no pack has yet; harmless when there is nothing."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.discard()
