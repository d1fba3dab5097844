"""The settings of knowledge: what makes vectors, and what finds the nearest of them."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import one_of, option


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeSettings:
    """`[knowledge]`: how what is known is found."""

    index: str = option(
        "chroma",
        "What finds the nearest of many vectors: chroma (in a process of its own, 200 MB of memory and more; until it "
        "is ready each vector is looked at), or exact (each vector is always looked at: as quick up to some 20,000).",
        check=one_of("chroma", "exact"),
    )
    embedder: str = option(
        "",
        "Folder with a sentence embedder, model.onnx and tokenizer.json; empty: none. `opsterm knowledge embedder "
        "SOURCE` tries and sets it, or fetches it first. A model server that makes vectors goes before it.",
    )
