"""What the tests of the screen share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.cockpit import Stage, furnish
from tests.tui.screen import styles_read_once


@pytest.fixture(scope="session", autouse=True)
def styles() -> Iterator[None]:
    """Read each style sheet once a worker."""
    with styles_read_once():
        yield


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show times in UTC, wherever the test runs."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def stage(tmp_path: Path, utc: None) -> Stage:
    """An empty folder: only this host is there."""
    return Stage(tmp_path)


@pytest.fixture
async def furnished(stage: Stage) -> Stage:
    """A folder with a fleet of thirty targets, three alerts and an hour of measurements."""
    await stage.fill(furnish)
    return stage
