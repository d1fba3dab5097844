"""An account for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.account import Account


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """A fresh account."""
    return Account(tmp_path / "home")
