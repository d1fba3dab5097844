"""Use-case: an embedder is fetched because the operator said so, seen, and used; never otherwise, and never half."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from opsterm.core.errors import BadInput, NotFound, OpstermError, Refused
from opsterm.core.text import clean_line
from opsterm.knowledge.collection import EmbedderStamp
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_embedder import Download, EmbedderOffer, EmbedderStock, Told

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
MODEL_PLACES = (MODEL, f"onnx/{MODEL}")
"""Where a folder on a server has its model."""

SIZE_LIMIT = 2_000_000_000
"""Bytes of an archive or a file."""

HEX_DIGITS = 64


class EmbedderSupply:
    """Fetches, shows and uses embedders."""

    def __init__(
        self, download: Download, stock: EmbedderStock, run: Run, *,
        try_folder: Callable[[str], Awaitable[EmbedderStamp]], use: Callable[[str], Awaitable[None]], in_use: str,
    ) -> None:  # fmt: skip
        """Fetch by `download`, keep in `stock`; `use` writes the setting, `run` calls off the loop.

        `in_use` is the setting that was there at the start: by it whatever runs now makes its vectors.
        """
        self._download = download
        self._stock = stock
        self._run = run
        self._try_folder = try_folder
        self._use = use
        self._in_use = in_use

    async def offer(self, source: str, *, sha256: str, told: Told) -> EmbedderOffer:
        """Fetch an archive, or a folder whose URL ends with a slash, or take a local archive; nothing is used yet.

        Args:
            source: a URL or a path.
            sha256: what its hash must be, "" for whatever it is.
            told: hears how far it is.

        Raises:
            BadInput: the source or the hash makes no sense, or it is too large.
            Refused: the hash is another one; what was fetched is removed.
            NotFound, Unreachable, TimedOut, StorageFull: see `Download`.
        """
        wanted = sha256.lower()
        if wanted and (len(wanted) != HEX_DIGITS or set(wanted) - set("0123456789abcdef")):
            raise BadInput(f"A SHA-256 has {HEX_DIGITS} hexadecimal digits: {clean_line(sha256, limit=80)!r} has not.")
        files = await self._files(source, told, plain=bool(wanted))
        offer = await self._run(lambda: self._stock.offer(source, files))
        if wanted and offer.sha256 != wanted:
            await self._run(lambda: self._stock.forget(offer))
            raise Refused(
                f"{offer.name} is not what it should be, and is not used.",
                why=f"Its SHA-256 is {offer.sha256}.", next_step="Ask whoever publishes it which hash is right.",
            )  # fmt: skip
        return offer

    async def _files(self, source: str, told: Told, *, plain: bool) -> dict[str, Path]:
        if "://" not in source:
            return {"": Path(source)}
        if not source.endswith("/"):
            return {"": await self._fetched(source, told, plain=plain)}
        # its hash is known only for the model: over http anybody could have written this one, so it is asked for first
        tokenizer = await self._fetched(source + TOKENIZER, told, plain=False)
        try:
            model = await self._fetched(source + MODEL_PLACES[0], told, plain=plain)
        except NotFound:
            model = await self._fetched(source + MODEL_PLACES[1], told, plain=plain)
        return {MODEL: model, TOKENIZER: tokenizer}

    async def _fetched(self, url: str, told: Told, *, plain: bool) -> Path:
        place = await self._run(lambda: self._stock.held(url))
        if not await self._run(place.exists):
            await self._download.fetch(url, place, plain=plain, limit=SIZE_LIMIT, told=told)
        return place

    async def accept(self, offer: EmbedderOffer) -> tuple[Path, EmbedderStamp]:
        """Unpack an offer, try it, and use it from the next start; return its folder and what its vectors are by.

        Raises:
            BadInput, BadSetting: it is no embedder; nothing of it stays, and what was used before goes on being used.
            Refused: a file is not the one that was offered; the same.
            StorageFull: no room.
        """
        try:
            folder = await self._run(lambda: self._stock.unpack(offer))
        except (BadInput, Refused):
            await self._run(lambda: self._stock.forget(offer))
            raise
        try:
            stamp = await self._try_folder(str(folder))
            await self._use(str(folder))
        except OpstermError:
            await self._run(lambda: self._stock.discard(folder))
            raise
        finally:
            await self._run(lambda: self._stock.forget(offer))
        await self._run(lambda: self._stock.tidy(folder, Path(self._in_use)))
        return folder, stamp

    async def decline(self, offer: EmbedderOffer) -> None:
        """Remove what was fetched for an offer that is not wanted; a file of the operator's stays."""
        await self._run(lambda: self._stock.forget(offer))
