"""Folders of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.core.paths import Paths, find_paths


@pytest.fixture
def paths(home: Path) -> Paths:
    """Folders below the test's home, worked out before the loop runs as the door does it."""
    return find_paths({"OPSTERM_HOME": str(home / "opsterm")}, home)
