"""An account for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.account import Account


@pytest.fixture(autouse=True)
def loop_is_not_blocked() -> None:
    """Let a verb print and read while it runs: its streams are the only thing that its loop serves."""


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """A fresh account; its runs are calls of the door in this process."""
    return Account(tmp_path / "home")


@pytest.fixture
def script(tmp_path: Path) -> Account:
    """A fresh account whose every run is a process of its own."""
    return Account(tmp_path / "script", here=False)
