"""The child that runs a sentence embedder of the MiniLM class: `model.onnx` and `tokenizer.json` in a folder.

Run as `python -P -m opsterm.storage.vectors.onnx_child`; it speaks the frames of `serving`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tokenizers

from opsterm.storage.vectors.frames import Head
from opsterm.storage.vectors.serving import Answer, serve

NICENESS = 5
"""Vectors of many texts are made behind a screen that somebody looks at."""

TOKENS = 256
"""Of a text that count; what such models were trained with."""

_QUIET = 4
"""Of onnxruntime's levels: only what is fatal is printed."""


class OnnxChild:
    """Its state: the model that was loaded."""

    def __init__(self) -> None:
        self._session: Any = None  # Any: of onnxruntime, whose types are not looked at
        self._tokenizer: Any = None
        self._inputs: frozenset[str] = frozenset()

    def load(self, head: Head, _: bytes) -> Answer:
        """Load a folder."""
        folder = Path(head["folder"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _QUIET
        self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(TOKENS)
        self._tokenizer.enable_padding()
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = frozenset(one.name for one in self._session.get_inputs())
        data = self.embed({}, json.dumps(["a first text"]).encode())[1]
        return {"dimension": len(data) // 4}, b""

    def embed(self, _: Head, body: bytes) -> Answer:
        """Return a vector of length one for each text: the mean of those of its tokens."""
        texts = json.loads(body)
        read = self._tokenizer.encode_batch(texts)
        mask = np.array([one.attention_mask for one in read], np.int64)
        known = {
            "input_ids": np.array([one.ids for one in read], np.int64), "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }  # fmt: skip
        out = self._session.run(None, {name: known[name] for name in known if name in self._inputs})[0]
        weights = mask[..., None].astype(np.float32)
        vectors = (out * weights).sum(axis=1) / weights.sum(axis=1).clip(1) if out.ndim == 3 else out
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12)
        return {"count": len(texts)}, vectors.astype("<f4").tobytes()


def main() -> None:
    """Serve."""
    child = OnnxChild()
    serve({"load": child.load, "embed": child.embed}, niceness=NICENESS)


if __name__ == "__main__":
    main()
