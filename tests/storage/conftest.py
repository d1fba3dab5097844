"""A store of the test's own, on a clock that the test moves, and a vault that is cheap to open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.paths import Paths, find_paths
from opsterm.storage.store import SqliteStore, open_store
from opsterm.storage.vault import Vault
from tests.storage.vaults import CHEAP, PASSPHRASE


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Folders below the test's own; nothing is made yet."""
    return find_paths({"OPSTERM_HOME": str(tmp_path / "opsterm")}, tmp_path)


@pytest.fixture
async def store(paths: Paths, clock: StoppedClock) -> AsyncIterator[SqliteStore]:
    """An open store, closed in the end."""
    opened = await open_store(paths, clock)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a vault is."""
    return tmp_path / "data" / "vault.json"


@pytest.fixture
def vault(path: Path) -> Vault:
    """An open vault without secrets."""
    made = Vault(path, cost=CHEAP)
    made.create(PASSPHRASE)
    return made
