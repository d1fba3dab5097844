"""A generation: a folder with an index over all vectors up to one number, sealed, and only read from then on.

What is written at once can be torn by a kill; so a new one is made beside the old ones and is given its name when
it is whole. The seal has the size and hash of every file that Chroma reads and never writes: files that were cut or
are missing make it answer wrongly, and say nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from opsterm.core.paths import make_private

SHAPE = 2
"""Of the files; those of another one are made anew."""

SEAL = "seal.json"
CHROMA = "chroma"
_NAME = re.compile(r"([0-9a-f]{16})-(\d+)-([0-9a-f]+)")
_UNDER_WAY = re.compile(r"making-.*")
_CHANGES = "chroma.sqlite3"
"""Chroma writes to it whenever it is opened."""

_KEPT = 2
"""Of other embedders: they serve again when theirs comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a generation says of itself.

    Attributes:
        shape: of its files.
        embedder: whose vectors are in it.
        upto: every vector is in it whose number is not above this.
        mark: of the row with that number, "" for none; another one there means another database.
        counts: collection -> vectors.
        dimension: of the vectors.
        files: path -> size and SHA-256 in hex.
        seconds: that it took to make.
    """

    shape: int
    embedder: str
    upto: int
    mark: str
    counts: Mapping[str, int]
    dimension: int
    files: Mapping[str, tuple[int, str]]
    seconds: float


def seal(folder: Path, about: Seal) -> None:
    """Write the seal of a folder that is whole. Blocking."""
    for path in folder.rglob("*"):
        if path.is_file():
            _force(path)
    data = json.dumps(asdict(about)).encode()
    part = folder / f"{SEAL}.part"
    part.write_bytes(data)
    _force(part)
    part.rename(folder / SEAL)
    _force(folder)


def sums_of(folder: Path) -> dict[str, tuple[int, str]]:
    """Return size and hash of each file that is only read. Blocking: a second a gigabyte."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _CHANGES and not path.name.startswith((SEAL, f"{_CHANGES}-")):
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = (
                    path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest(),
                )  # fmt: skip
    return found


def read_seal(folder: Path) -> Seal | None:
    """Return what a generation says of itself, None for one that is not whole. Blocking."""
    try:
        found = json.loads((folder / SEAL).read_bytes())
        found["files"] = {name: (int(size), str(digest)) for name, (size, digest) in found["files"].items()}
        about = Seal(**found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return about if about.shape == SHAPE else None


def newest(root: Path, embedder: str) -> tuple[Path, Seal] | None:
    """Return the newest whole generation of an embedder. Blocking."""
    found = []
    for folder in _generations(root):
        about = read_seal(folder)
        if about is not None and about.embedder == embedder:
            found.append((about.upto, folder.stat().st_mtime, folder, about))
    if not found:
        return None
    _, _, folder, about = max(found, key=lambda one: one[:2])
    return folder, about


def begin(root: Path, embedder: str) -> Path:
    """Make and return a folder to make a generation in. Blocking."""
    make_private(root)
    folder = root / f"making-{embedder}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def finish(folder: Path, about: Seal) -> Path:
    """Give a sealed folder its name; return it. Blocking."""
    place = folder.parent / f"{about.embedder}-{about.upto}-{os.urandom(4).hex()}"
    folder.rename(place)
    _force(folder.parent)
    return place


def tidy(root: Path, embedder: str) -> None:
    """Remove what nobody reads any more: what was never finished, what is older, what is no generation. Blocking."""
    best = newest(root, embedder)
    others: dict[str, list[tuple[int, Path]]] = {}
    for folder in _generations(root):
        about = read_seal(folder)
        if about is None or (about.embedder == embedder and best is not None and folder != best[0]):
            shutil.rmtree(folder, ignore_errors=True)
        elif about.embedder != embedder:
            others.setdefault(about.embedder, []).append((about.upto, folder))
    newest_first = sorted((max(found) for found in others.values()), key=lambda one: -one[1].stat().st_mtime)
    kept = {folder for _, folder in newest_first[:_KEPT]}
    for _, folder in (one for found in others.values() for one in found):
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)
    for folder in root.iterdir() if root.is_dir() else ():
        if _UNDER_WAY.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def discard(folder: Path) -> None:
    """Remove a generation. Blocking."""
    shutil.rmtree(folder, ignore_errors=True)


def _generations(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if _NAME.fullmatch(path.name)] if root.is_dir() else []


def _force(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
