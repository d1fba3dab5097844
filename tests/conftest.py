"""What every test gets: a loop that must not be blocked, a home of its own, no wall clock where it matters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import HealthCheck, settings

from opsterm.core.clock import StoppedClock

# A busy machine is no fault of a property.
settings.register_profile("opsterm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("opsterm")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse measurements beside one another."""
    chosen = config.option.markexpr
    if "speed" in chosen and "not speed" not in chosen and config.option.numprocesses:
        raise pytest.UsageError("Measurements beside other tests tell nothing: add -n 0.")


@pytest.hookimpl(tryfirst=True)  # before xdist writes the groups into the names of tests
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share real hosts on one worker: they cut one another's network."""
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.xdist_group("lab"))


@pytest.fixture(autouse=True)
def loop_is_not_blocked(request: pytest.FixtureRequest) -> Iterator[BlockBuster | None]:
    """Fail a test in which code of ours blocks the event loop (sleep, file or socket calls)."""
    if request.node.get_closest_marker("blocking"):
        yield None
        return
    with blockbuster_ctx("opsterm") as guard:
        yield guard


@pytest.fixture
def clock() -> StoppedClock:
    """A clock that moves only when told to."""
    return StoppedClock()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder and OPSTERM_HOME of the test's own."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("OPSTERM_HOME", str(folder / "opsterm"))
    return folder
