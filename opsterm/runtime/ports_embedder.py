"""What fetches a sentence embedder, and what keeps it on this host's disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Told = Callable[[int, int], None]
"""Hears how many bytes are there, and of how many; 0 of those when nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderOffer:
    """An embedder that lies here and is not used yet.

    Attributes:
        source: where it is from, as the operator wrote it.
        name: of its folder, should it be used; by the hashes of all files.
        files: name -> place: one archive under "", or the files themselves.
        size: bytes of all of them.
        sha256: of the archive, or of model.onnx; hex.
        hashes: the SHA-256 of each of the files; hex.
    """

    source: str
    name: str
    files: Mapping[str, Path]
    size: int
    sha256: str
    hashes: Mapping[str, str]


class Download(Protocol):
    """Fetches files over HTTP."""

    async def fetch(self, url: str, place: Path, *, plain: bool, limit: int, told: Told) -> None:
        """Fetch a file to a place that has none; what broke off before is gone on with.

        Args:
            url: https, or http when `plain` says that this is enough.
            place: where it is once it is whole; beside it is what is not whole yet.
            plain: whether its content is seen to be right by other means.
            limit: most bytes.
            told: hears how far it is.

        Raises:
            BadInput: no such URL, or more bytes than the limit.
            NotFound: the server has no such file.
            Unreachable, TimedOut: it broke off, or did not begin.
            StorageFull: no room; nothing of it stays.
        """
        ...


class EmbedderStock(Protocol):
    """The embedders that opsterm keeps itself; all of it blocks."""

    def held(self, url: str) -> Path:
        """Return the place for what is fetched from a URL."""
        ...

    def offer(self, source: str, files: Mapping[str, Path]) -> EmbedderOffer:
        """Measure what lies here. Raises BadInput."""
        ...

    def unpack(self, offer: EmbedderOffer) -> Path:
        """Make and return a folder with its model.onnx and tokenizer.json, and nothing else: whole, or none.

        A folder that is there already is never written to: it may be in use.

        Raises:
            BadInput: they are not in it, or the archive is broken or leads out of itself.
            Refused: a file is not the one that was offered.
            StorageFull: no room.
        """
        ...

    def forget(self, offer: EmbedderOffer) -> None:
        """Remove what was fetched for it; a file of the operator's stays."""
        ...

    def discard(self, folder: Path) -> None:
        """Remove a folder that `unpack` made; one that was there before stays."""
        ...

    def tidy(self, *used: Path) -> None:
        """Remove the folders that were made by `unpack` once, but for those that are used."""
        ...
