"""Finds what the settings ask for: the embedders that are here, and the index."""

from __future__ import annotations

from pathlib import Path

from opsterm.core.knowledge_settings import KnowledgeSettings
from opsterm.core.paths import Paths
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_vectors import VectorEdges
from opsterm.storage.vectors.hashed import HashedEmbedder
from opsterm.storage.vectors.index import ChromaIndex
from opsterm.storage.vectors.onnx import OnnxEmbedder
from opsterm.storage.vectors.stock import FolderStock


def open_vectors(settings: KnowledgeSettings, paths: Paths, run: Run) -> VectorEdges:
    """Return what makes vectors and finds them; nothing is started yet. `run` calls off the loop."""
    root = paths.vectors.absolute()
    return VectorEdges(
        index=ChromaIndex(root, paths.database.absolute(), run) if settings.index == "chroma" else None,
        hashed=HashedEmbedder(run),
        onnx=open_onnx(settings.embedder, paths, run) if settings.embedder else None,
        open_folder=lambda folder: open_onnx(folder, paths, run),
        stock=FolderStock(paths.embedders.absolute()),
    )


def open_onnx(folder: str, paths: Paths, run: Run) -> OnnxEmbedder:
    """Return the embedder in a folder; `~` is the account's home."""
    place = paths.home / folder[2:] if folder.startswith("~/") else Path(folder)
    return OnnxEmbedder(place.absolute(), paths.vectors.absolute(), run)
