"""What every test gets: a loop that must not be blocked, a home of its own, no wall clock where it matters."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import HealthCheck, settings

from opsterm.core import quiet_gc
from opsterm.core.clock import StoppedClock
from opsterm.storage.vault import Cost, Vault

# A busy machine is no fault of a property.
settings.register_profile("opsterm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("opsterm")

# Where PYTHONDONTWRITEBYTECODE is set, each worker would rewrite the assertions of 330 files anew, 11 s of a processor,
# and each process that a test starts would compile the program.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse measurements beside one another."""
    chosen = config.option.markexpr
    if "speed" in chosen and "not speed" not in chosen and config.option.numprocesses:
        raise pytest.UsageError("Measurements beside other tests tell nothing: add -n 0.")


def pytest_xdist_auto_num_workers() -> int:
    """Run one worker more than there are processors: some tests wait for hosts, other processes and time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)  # before xdist writes the groups into the names of tests
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share real hosts on one worker: they cut one another's network."""
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.xdist_group("lab"))


def pytest_collection_finish() -> None:
    """Set the tests themselves aside: 360,000 objects that every collection would look at."""
    gc.collect()
    gc.freeze()


class _IdleCollector:
    """Takes the collector's place where a program would make it quiet for the rest of its life."""

    def get_threshold(self) -> tuple[int, int, int]:
        return gc.get_threshold()

    def set_threshold(self, *thresholds: int) -> None:
        del thresholds

    def collect(self) -> int:
        return 0

    def freeze(self) -> None:
        pass

    def unfreeze(self) -> None:
        pass


@pytest.fixture(scope="session", autouse=True)
def collector_keeps_its_habits() -> Iterator[None]:
    """Let no screen and no verb set this process's garbage aside; each would also look at all of it, for 0.3 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quiet_gc, "gc", _IdleCollector())
        yield


@pytest.fixture
def real_collector(collector_keeps_its_habits: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the program the collector; the tests are set aside again in the end."""
    del collector_keeps_its_habits
    monkeypatch.setattr(quiet_gc, "gc", gc)
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def vaults_cost_little() -> Iterator[Mapping[str, object]]:
    """Make vaults whose passphrases are tried in 0.02 s instead of 0.3 s; the value is what the program would do."""
    own = Vault.__init__.__kwdefaults__ or {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Vault.__init__, "__kwdefaults__", {"cost": Cost(memory_kib=8192, passes=1)})
        yield own


@pytest.fixture
def vaults_cost_what_they_should(vaults_cost_little: Mapping[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make vaults as the program does."""
    monkeypatch.setattr(Vault.__init__, "__kwdefaults__", vaults_cost_little)


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


@pytest.fixture(autouse=True)
def _no_marks_of_other_tests(request: pytest.FixtureRequest) -> None:
    """Take the marks of changes away from real hosts: that of a process that was killed stays a while."""
    given = os.environ.get("OPSTERM_LAB", "")
    if not given or not request.node.get_closest_marker("lab"):
        return
    described = json.loads(given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8"))
    options = ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    for host in described["hosts"]:
        ssh = ["ssh", "-q", "-i", str(described["key"]), *options, "-o", "ConnectTimeout=3", f"root@{host['address']}"]
        words = "rm -rf /run/opsterm/claims /home/*/.local/state/opsterm/claims"
        subprocess.run([*ssh, words], check=False, timeout=20, capture_output=True)
