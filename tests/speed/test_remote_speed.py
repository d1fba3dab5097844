"""What measuring many SSH targets costs: `opsterm serve` beside real hosts, each known under many names.

Needs OPSTERM_LAB, see tests/adapters/test_ssh_lab.py. Every name is a connection of its own. SPEED_TARGETS (100) and
SPEED_SECONDS (60) may be set; the promise is for 600 s. Run: pytest -m speed -n 0 tests/speed/test_remote_speed.py -s
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsterm.core.clock import SystemClock
from opsterm.core.paths import find_paths
from opsterm.monitoring.sample import SeriesKey
from opsterm.storage.store import open_store
from tests.adapters.test_ssh_lab import Lab, lab

pytestmark = [pytest.mark.speed, pytest.mark.lab, pytest.mark.blocking, pytest.mark.timeout(900)]
__all__ = ["lab"]  # a fixture

TARGETS = int(os.environ.get("SPEED_TARGETS", "100"))
SECONDS = float(os.environ.get("SPEED_SECONDS", "60"))
INTERVAL_S = 10.0
TICKS = os.sysconf("SC_CLK_TCK")
NAMES = [f"fleet-{number:03}" for number in range(TARGETS)]


def with_fleet(home: Path, lab: Lab) -> None:
    """Let an account's ssh_config know the lab's hosts under many names."""
    (home / ".ssh").mkdir(mode=0o700)
    hosts = [(name, lab.hosts[number % len(lab.hosts)]) for number, name in enumerate(NAMES)]
    (home / ".ssh/config").write_text(
        "".join(f"Host {name}\n  HostName {host.address}\n" for name, host in hosts)
        + f"Host *\n  User root\n  IdentityFile {lab.key}\n"
    )
    (home / ".ssh/known_hosts").write_text("".join(f"{host.address} {host.host_key}\n" for host in lab.hosts))


@contextlib.contextmanager
def serving(home: Path) -> Iterator[int]:
    """Run `opsterm serve` and yield its process number."""
    environment = {**os.environ, "HOME": str(home), "OPSTERM_HOME": str(home / "opsterm")}
    settings = ["monitoring.remote=fleet-*", f"monitoring.remote_interval_s={INTERVAL_S:g}"]
    flags = [word for setting in settings for word in ("--set", setting)]
    child = subprocess.Popen(
        [sys.executable, "-m", "opsterm", "serve", *flags], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield child.pid
    finally:
        child.terminate()
        assert child.wait(30) == 0


def cpu_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


def resident_mb(pid: int) -> float:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1000


async def readings(home: Path, start: float, end: float) -> dict[str, list[float]]:
    """Return when each target was measured."""
    paths = find_paths({"OPSTERM_HOME": str(home / "opsterm")}, home)
    store = await open_store(paths, SystemClock())
    try:
        keys = [SeriesKey(name, "host.uptime_s") for name in NAMES]
        return {
            key.target: [point.at for point in points]
            for key, points in zip(keys, await store.samples.points_of(keys, start, end, 0.001), strict=True)
        }
    finally:
        await store.close()


def test_a_hundred_targets_every_ten_seconds(home: Path, lab: Lab) -> None:
    """No interval missed, below 25 % of one core, memory flat."""
    with_fleet(home, lab)
    with serving(home) as pid:
        time.sleep(4 * INTERVAL_S)  # every log-in is done, and the memory that it needs is taken
        start, used, before_mb = time.time(), cpu_s(pid), resident_mb(pid)
        time.sleep(SECONDS)
        end, share, after_mb = time.time(), (cpu_s(pid) - used) / SECONDS, resident_mb(pid)
    times = asyncio.run(readings(home, start, end))
    gaps = [b - a for at in times.values() for a, b in zip([start, *at], [*at, end], strict=True)]
    taken = sum(map(len, times.values()))
    print(
        f"\n{TARGETS} targets, {SECONDS:.0f} s: {taken} of {TARGETS * SECONDS / INTERVAL_S:.0f} readings, longest gap "
        f"{max(gaps):.1f} s, CPU {share:.1%} of a core, {before_mb:.0f} -> {after_mb:.0f} MB"
    )
    assert max(gaps) < 1.5 * INTERVAL_S
    assert share < 0.25
    assert after_mb < 1.05 * before_mb
