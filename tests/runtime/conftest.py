"""Folders of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.core.paths import Paths, find_paths
from tests.runtime.tiny_embedder import write_embedder


@pytest.fixture
def paths(home: Path) -> Paths:
    """Folders below the test's home, worked out before the loop runs as the door does it."""
    return find_paths({"OPSTERM_HOME": str(home / "opsterm")}, home)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a small embedder, by name."""
    folder = write_embedder(tmp_path_factory.mktemp("tiny"))
    return {name: (folder / name).read_bytes() for name in ("model.onnx", "tokenizer.json")}
