"""The embedders that opsterm keeps itself: what was fetched, and folders made of it."""

from __future__ import annotations

import errno
import filecmp
import hashlib
import io
import itertools
import os
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Any

from opsterm.core.errors import BadInput, Refused, StorageError, StorageFull
from opsterm.core.paths import make_private
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.runtime.ports_embedder import EmbedderOffer
from opsterm.storage.vectors.onnx import FILES, SIZE_LIMIT
from opsterm.storage.vectors.tape import open_tape

MOST_MEMBERS = 10_000
UNPACKED_LIMIT = 4 * SIZE_LIMIT
"""Bytes of all that an archive claims to hold."""

PIECE = 1_000_000
_ARCHIVE = "archive"
"""Name of the copy that is unpacked."""

_BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError, EOFError, RuntimeError, NotImplementedError, ValueError
)  # fmt: skip
"""What the libraries raise about an archive: that it is cut, locked with a password, packed in an unknown way.

So is an OSError without a number: of data that cannot be inflated, or whose sum is wrong."""


class FolderStock:
    """Implements `runtime.ports_embedder.EmbedderStock`."""

    def __init__(self, root: Path) -> None:
        """Keep all of it below `root`."""
        self._root = root
        self._fetched = root / "fetched"
        self._made: Path | None = None

    def held(self, url: str) -> Path:
        """Return the place for what is fetched from a URL. Raises StorageError."""
        make_private(self._fetched)
        return self._fetched / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{_plain(_last(url))}"

    def offer(self, source: str, files: Mapping[str, Path]) -> EmbedderOffer:
        """Measure what lies here."""
        size, hashes = 0, {}
        for name, path in files.items():
            try:
                if not path.is_file():
                    raise BadInput(f"{clean_line(str(path), limit=200)} is no file.")
                size += path.stat().st_size
                with path.open("rb") as file:
                    hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                why = f"{error.strerror}."
                raise BadInput(f"{clean_line(str(path), limit=200)} cannot be read.", why=why) from error
        main = hashes.get("", hashes.get(FILES[0], ""))
        mark = main if len(hashes) == 1 else hashlib.sha256("".join(hashes.values()).encode()).hexdigest()
        name = f"{_plain(_last(source)) or 'embedder'}-{mark[:8]}"
        return EmbedderOffer(source=source, name=name, files=files, size=size, sha256=main, hashes=hashes)

    def unpack(self, offer: EmbedderOffer) -> Path:
        """Make and return a folder with the files of an embedder."""
        make_private(self._root)
        self._made = None
        making = self._root / f"making-{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        try:
            making.mkdir(mode=0o700)
            _fill(making, offer)
            place = self._place(offer.name, making)
            if not place.exists():
                making.rename(place)
                self._made = place
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StorageFull(
                    f"{offer.name} was not unpacked: the disk is full.", next_step=f"Make room in {self._root}."
                ) from error
            raise StorageError(f"{offer.name} was not unpacked.", why=f"{error.strerror or error}.") from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return place

    def _place(self, name: str, making: Path) -> Path:
        """Return where it goes: what lies there already is the same, or nothing. A folder may be in use: it stays."""
        places = (self._root / (f"{name}-{count}" if count > 1 else name) for count in itertools.count(1))
        return next(
            place for place in places
            if not place.exists() or all(_same(making / one, place / one) for one in FILES)
        )  # fmt: skip

    def forget(self, offer: EmbedderOffer) -> None:
        """Remove what was fetched for it."""
        for path in offer.files.values():
            if path.parent == self._fetched:
                path.unlink(missing_ok=True)

    def discard(self, folder: Path) -> None:
        """Remove a folder that `unpack` made; one that was there before stays."""
        if folder == self._made:
            shutil.rmtree(folder, ignore_errors=True)

    def tidy(self, *used: Path) -> None:
        """Remove folders that were replaced; one that holds anything else is not of ours."""
        with suppress(OSError):  # what cannot be removed now is removed the next time
            for folder in self._root.iterdir():
                if (
                    folder not in used and re.search(r"-[0-9a-f]{8}(-\d+)?$", folder.name) and not folder.is_symlink()
                    and folder.is_dir() and {path.name for path in folder.iterdir()} == set(FILES)
                ):  # fmt: skip
                    shutil.rmtree(folder, ignore_errors=True)


def _last(source: str) -> str:
    """Return the last part of a URL or path, without query and ending."""
    return re.sub(
        r"(\.tar)?\.\w{1,4}$",
        "",
        source.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].rstrip("/").rpartition("/")[2],
    )


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:60].strip(".-")


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _fill(making: Path, offer: EmbedderOffer) -> None:
    """Copy what was offered, and see that the copy is it: nobody else can write to that one. Then unpack from there."""
    for name, path in offer.files.items():
        with path.open("rb") as source:
            digest = _copy(source, making / (name or _ARCHIVE), UNPACKED_LIMIT)
        if digest != offer.hashes[name]:
            raise Refused(
                f"{clean_line(str(path), limit=200)} is another file than it was, and is not used.",
                why=f"Its SHA-256 was {offer.hashes[name]} and is {digest}.",
                next_step="Find out what writes to it, and run this again.",
            )  # fmt: skip
    archive = making / _ARCHIVE
    if not archive.exists():
        return
    try:
        with _unpacking(archive) as (members, opened):
            for name in FILES:
                with opened(_one(members, name)) as source:
                    _copy(source, making / name, SIZE_LIMIT)
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadInput(
            f"The archive {offer.name} cannot be unpacked.",
            why=f"{clean_line(str(error), limit=200).rstrip('.') or 'It is cut'}.",
            next_step=f"It must be a .zip, .whl or .tar with {' and '.join(FILES)} in it.",
        ) from error
    archive.unlink()


@contextmanager
def _unpacking(archive: Path) -> Iterator[tuple[Mapping[PurePosixPath, Any], Callable[[Any], IO[bytes]]]]:
    """Yield the regular files of an archive by their paths, and what opens one.

    Any: a member, as the one library or the other has it.
    """
    members: dict[PurePosixPath, Any] = {}
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            _check_sizes(len(packed.infolist()), sum(one.file_size for one in packed.infolist()))
            for one in packed.infolist():
                if not one.is_dir() and stat.S_IFMT(one.external_attr >> 16) in (0, stat.S_IFREG):
                    members[_inside(one.filename)] = one
            yield members, packed.open
        return
    with open_tape(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as tape:
        size = 0
        for count, row in enumerate(stream.rows(tape)):
            size += row.size
            _check_sizes(count, size)
            if row.isreg():
                members[_inside(row.name)] = row
        stream.end_headers(UNPACKED_LIMIT)
        yield members, lambda member: tape.extractfile(member) or io.BytesIO()


def _check_sizes(count: int, size: int) -> None:
    if count > MOST_MEMBERS or size > UNPACKED_LIMIT:
        raise BadInput(
            "The archive is larger than any embedder.",
            why=f"It claims {count:,} files, {bytes_text(size)}; {MOST_MEMBERS:,} and {bytes_text(UNPACKED_LIMIT)} are "
            "the most.",
        )  # fmt: skip


def _inside(name: str) -> PurePosixPath:
    """Insist on a path inside. Nothing is ever written by names of an archive; but one that tries is not to be used."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise BadInput(f"The archive is hostile: {clean_line(name, limit=100)!r} leads out of it.")
    return path


def _one(members: Mapping[PurePosixPath, Any], name: str) -> Any:
    """Return the member with a name that is highest up. Any: see `_unpacking`."""
    found = sorted((path for path in members if path.name == name), key=lambda path: (len(path.parts), path))
    if not found:
        raise BadInput(
            f"The archive has no {name} in it.",
            why=f"Of {len(members):,} files none has that name; links do not count.",
            next_step="An embedder is a sentence embedder as ONNX with its tokenizer.json.",
        )  # fmt: skip
    return members[found[0]]


def _copy(source: IO[bytes], place: Path, limit: int) -> str:
    """Copy to a new file and return the SHA-256 of what was written. Raises BadInput, OSError."""
    done, digest = 0, hashlib.sha256()
    with place.open("xb") as file:
        while piece := source.read(PIECE):
            done += len(piece)
            if done > limit:
                raise BadInput(f"{place.name} is larger than {bytes_text(limit)}.")
            file.write(piece)
            digest.update(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
