"""A sentence embedder that the operator points to, from the parent's side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from opsterm.core.errors import BadSetting, StorageError
from opsterm.knowledge.collection import EmbedderStamp
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_vectors import Vector
from opsterm.storage.vectors.child_process import ChildProcess

FILES = ("model.onnx", "tokenizer.json")
SIZE_LIMIT = 2_000_000_000
"""Bytes of a model: it is held in memory."""

LOAD_LIMIT_S = 120.0
EMBED_LIMIT_S = 60.0
VERSION = "mean-256-1"
"""Of how texts are cut and of what is made of the tokens' vectors."""


class OnnxEmbedder:
    """Implements `runtime.ports_vectors.Embedder` with a folder of the operator's; nothing is ever fetched."""

    def __init__(self, folder: Path, scratch: Path, run: Run) -> None:
        """Use the model in `folder`; the child starts in `scratch`; `run` calls off the loop."""
        self._folder = folder
        self._child = ChildProcess("onnx_child", scratch, run)
        self._run = run
        self._stamp: EmbedderStamp | None = None
        self._loaded_by = 0

    async def stamp(self) -> EmbedderStamp:
        """Return what its vectors are by: the files' hash is part of it. Raises BadSetting."""
        if self._stamp is None:
            digest = await self._run(lambda: _digest(self._folder))
            self._stamp = EmbedderStamp(
                rung="onnx", name=self._folder.name, version=VERSION, digest=digest, dimension=await self._load()
            )
        return self._stamp

    async def _load(self) -> int:
        head = {"verb": "load", "folder": str(self._folder)}
        try:
            answer, _ = await self._child.ask(head, timeout_s=LOAD_LIMIT_S)
        except StorageError as error:
            raise BadSetting(
                f"The embedder in {self._folder} cannot be used.", why=error.why,
                next_step="It must be a sentence embedder as ONNX with its tokenizer.json; see `opsterm knowledge "
                "embedder --help`.",
            ) from error  # fmt: skip
        self._loaded_by = self._child.pid
        return int(answer["dimension"])

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Return a vector for each text. Raises BadSetting, StorageError."""
        length = 4 * (await self.stamp()).dimension
        if self._child.pid != self._loaded_by or not self._child.is_there:
            await self._load()
        _, data = await self._child.ask({"verb": "embed"}, json.dumps(list(texts)).encode(), timeout_s=EMBED_LIMIT_S)
        return [data[at : at + length] for at in range(0, len(data), length)]

    async def close(self) -> None:
        """End the child; safe to call twice."""
        await self._child.close()


def _digest(folder: Path) -> str:
    """Return the hash of the files of an embedder. Raises BadSetting. Blocking: a second a gigabyte."""
    digest = hashlib.sha256()
    for name in FILES:
        try:
            with (folder / name).open("rb") as file:
                if (folder / name).stat().st_size > SIZE_LIMIT:
                    raise BadSetting(f"{folder / name} is larger than {SIZE_LIMIT:,} bytes.")
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise BadSetting(
                f"The embedder in {folder} cannot be used: {name} cannot be read.", why=f"{error.strerror}.",
                next_step="A folder with model.onnx and tokenizer.json is needed.",
            ) from error  # fmt: skip
    return digest.hexdigest()
