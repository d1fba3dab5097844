"""A sentence embedder of a few hundred bytes: each known word has a direction of its own, and some share one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tokenizers

DIRECTIONS: Mapping[str, int] = {
    "disk": 0, "filesystem": 0, "full": 1, "space": 1, "crowded": 1, "proxy": 2, "gateway": 2, "slow": 3, "sluggish": 3,
}  # fmt: skip
"""Word -> its direction; words of one direction mean the same."""

WIDTH = 8
INT64, FLOAT = 7, 1


def write_embedder(folder: Path, *, turned: bool = False) -> Path:
    """Write model.onnx and tokenizer.json into a folder and return it; `turned` makes it another build of the model."""
    folder.mkdir(parents=True, exist_ok=True)
    words = {"[PAD]": 0, "[UNK]": 1} | {word: number for number, word in enumerate(DIRECTIONS, 2)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.zeros((len(words), WIDTH), np.float32)
    table[1, WIDTH - 1] = 0.05
    for word, direction in DIRECTIONS.items():
        table[words[word], (direction + turned) % WIDTH] = 1.0
    (folder / "model.onnx").write_bytes(_model(table))
    return folder


def _model(table: np.ndarray) -> bytes:
    """Return a model that looks its input up in a table, as protocol buffers (onnx.proto3)."""
    tensor = b"".join(_number(1, size) for size in table.shape) + _number(2, FLOAT) + _text(8, "table")
    tensor += _part(9, table.astype("<f4").tobytes())
    node = _text(1, "table") + _text(1, "input_ids") + _text(2, "last_hidden_state") + _text(4, "Gather")
    ids, out = _value("input_ids", INT64, ["b", "l"]), _value("last_hidden_state", FLOAT, ["b", "l", WIDTH])
    graph = _part(1, node) + _text(2, "tiny") + _part(5, tensor) + _part(11, ids) + _part(12, out)
    return _number(1, 8) + _part(7, graph) + _part(8, _text(1, "") + _number(2, 17))


def _value(name: str, kind: int, shape: Sequence[str | int]) -> bytes:
    sizes = b"".join(_part(1, _text(2, one) if isinstance(one, str) else _number(1, one)) for one in shape)
    return _text(1, name) + _part(2, _part(1, _number(1, kind) + _part(2, sizes)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())


def _part(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
