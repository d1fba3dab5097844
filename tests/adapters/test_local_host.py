"""This host, measured for real and held against df, /proc and the kernel's own words."""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from opsterm.adapters.local_host import LocalHostProbe
from opsterm.adapters.slow_reading import SlowReading
from opsterm.core.clock import StoppedClock
from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.sample import Sample
from opsterm.runtime.ports import HostProbe

AT = 1_700_000_000.0


def named(samples: Sequence[Sample]) -> dict[str, float]:
    return {str(sample.key): sample.value for sample in samples}


def wait_for(reading: SlowReading | None) -> None:
    assert reading is not None
    assert reading._child is not None
    os.waitid(os.P_PID, reading._child.pid, os.WEXITED | os.WNOWAIT)


@pytest.fixture
def fake_proc(tmp_path: Path) -> Path:
    """The kernel's files of a container on an old kernel: no pressure, a mount table of its own."""
    proc = tmp_path / "proc"
    for name, text in {
        "sys/fs/file-nr": "1056\t32\t10240\n",
        "uptime": "3600.50 7000.00\n",
        "self/mountinfo": "1 0 0:70 / / rw - overlay overlay rw\n",
    }.items():
        (proc / name).parent.mkdir(parents=True, exist_ok=True)
        (proc / name).write_text(text)
    return proc


def busy_for(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        math.sqrt(2)


def test_two_measurements_tell_everything_this_host_has() -> None:
    probe: HostProbe = LocalHostProbe()
    first = named(probe.measure("localhost", AT))
    busy_for(0.3)
    samples = probe.measure("localhost", AT + 1)
    assert not probe.faults  # type: ignore[attr-defined]  # the port does not ask for it
    second = named(samples)
    assert {s.key.target for s in samples} == {"localhost"}
    assert {s.at for s in samples} == {AT + 1}
    assert len({s.key for s in samples}) == len(samples)
    assert all(math.isfinite(s.value) and s.value >= 0 for s in samples)
    for sample in samples:
        metric = CATALOGUE[sample.key.metric]
        assert (sample.key.item != "") == (metric.item != "")
        assert metric.bound is None or sample.value <= metric.bound + 1e-9
    assert "cpu.used_percent" not in first
    assert not any(name.startswith(("net.", "disk.")) for name in first)
    assert max(value for name, value in second.items() if name.startswith("cpu.core_percent")) > 30  # kept busy
    assert second["cpu.used_percent"] > 0
    assert sum(1 for name in second if name.startswith("cpu.core_percent")) == psutil.cpu_count()
    assert {"load.1m", "memory.used_percent", "fs.used_percent[/]", "process.count", "host.uptime_s"} <= set(first)


def test_shares_of_processor_time_add_up() -> None:
    probe = LocalHostProbe()
    probe.measure("localhost", AT)
    busy_for(0.2)
    told = named(probe.measure("localhost", AT))
    parts = told["cpu.user_percent"] + told["cpu.system_percent"] + told["cpu.steal_percent"]
    assert told["cpu.used_percent"] == pytest.approx(parts)
    assert told["cpu.used_percent"] + told.get("cpu.iowait_percent", 0) <= 100 + 1e-9
    cores = [value for name, value in told.items() if name.startswith("cpu.core_percent")]
    assert statistics.mean(cores) == pytest.approx(told["cpu.used_percent"], abs=15)


def test_file_systems_are_as_df_says() -> None:
    told = named(LocalHostProbe().measure("localhost", AT))
    out = subprocess.run(
        ["df", "-B1", "--output=used,avail,itotal,iused", "/"], capture_output=True, text=True, check=True
    ).stdout
    used, free, inodes, inodes_used = (int(word) for word in out.splitlines()[1].split())
    assert told["fs.used_bytes[/]"] == pytest.approx(used, rel=0.01)
    assert told["fs.free_bytes[/]"] == pytest.approx(free, rel=0.01)
    assert told["fs.used_percent[/]"] == pytest.approx(100 * used / (used + free), abs=0.5)
    if inodes:
        assert told["fs.inodes_used_percent[/]"] == pytest.approx(100 * inodes_used / inodes, abs=0.5)
    mounts = {name for name in told if name.startswith("fs.used_percent")}
    assert not any(room in mount for mount in mounts for room in ("/proc", "/sys", "/dev", "overlay"))


def test_memory_load_and_uptime_are_as_the_kernel_says() -> None:
    told = named(LocalHostProbe().measure("localhost", AT))
    memory = {
        line.split(":")[0]: int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.endswith("kB")
    }
    assert told["memory.available_bytes"] == pytest.approx(memory["MemAvailable"], rel=0.05)
    assert told["memory.used_bytes"] + told["memory.available_bytes"] == pytest.approx(memory["MemTotal"])
    assert ("swap.used_percent" in told) == (memory["SwapTotal"] > 0)
    load = Path("/proc/loadavg").read_text().split()
    assert told["load.15m"] == pytest.approx(float(load[2]), abs=0.3)
    assert told["load.per_core"] == pytest.approx(told["load.1m"] / (psutil.cpu_count() or 1))
    assert told["host.uptime_s"] == pytest.approx(float(Path("/proc/uptime").read_text().split()[0]), abs=5)
    assert told["process.count"] == pytest.approx(len(list(Path("/proc").glob("[0-9]*"))), abs=30)


def test_bytes_over_the_wire_and_to_the_disk_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StoppedClock()
    counts = {"eth0": (1000, 500, 1), "lo": (9, 9, 0), "veth12ab": (9, 9, 0), "eth1": (0, 0, 0)}

    def net(**_: object) -> Mapping[str, SimpleNamespace]:
        return {
            name: SimpleNamespace(bytes_recv=got, bytes_sent=sent, errin=bad, errout=0)
            for name, (got, sent, bad) in counts.items()
        }

    disk = SimpleNamespace(read_bytes=0, write_bytes=4096, busy_time=100)
    monkeypatch.setattr(psutil, "net_io_counters", net)
    monkeypatch.setattr(psutil, "disk_io_counters", lambda **_: {"sda": disk, "sda1": disk, "loop0": disk})
    monkeypatch.setattr(Path, "iterdir", lambda _: iter([Path("/sys/block/sda"), Path("/sys/block/loop0")]))
    probe = LocalHostProbe(clock)
    probe.measure("localhost", AT)
    counts["eth0"] = (5000, 500, 3)
    disk.write_bytes, disk.busy_time = 12288, 1100
    clock.advance(2)
    told = {n: v for n, v in named(probe.measure("localhost", AT)).items() if n.startswith(("net.", "disk."))}
    assert told == {
        "net.received_bytes_per_s[eth0]": 2000,
        "net.sent_bytes_per_s[eth0]": 0,
        "net.errors_per_s[eth0]": 1,
        "disk.read_bytes_per_s[sda]": 0,
        "disk.write_bytes_per_s[sda]": 4096,
        "disk.busy_percent[sda]": 50,
    }
    counts["eth0"] = (100, 600, 3)  # received started again from 0
    clock.advance(2)
    after = named(probe.measure("localhost", AT))
    assert "net.received_bytes_per_s[eth0]" not in after
    assert after["net.sent_bytes_per_s[eth0]"] == 50
    assert named(probe.measure("localhost", AT)).keys().isdisjoint({"net.sent_bytes_per_s[eth0]"})  # no time passed
    clock.advance(2)
    assert "net.received_bytes_per_s[eth0]" in named(probe.measure("localhost", AT))


def test_a_processor_that_comes_or_goes_is_no_leap(monkeypatch: pytest.MonkeyPatch) -> None:
    def times(busy: float, idle: float) -> SimpleNamespace:
        return SimpleNamespace(user=busy, nice=0.0, system=0.0, idle=idle, iowait=1.0, irq=0.0, softirq=0.0, steal=0.0)

    cores = [times(10, 90), times(10, 90)]
    whole = times(20, 180)
    monkeypatch.setattr(psutil, "cpu_times", lambda **options: cores if options.get("percpu") else whole)
    probe = LocalHostProbe()
    probe.measure("localhost", AT)
    cores, whole = [times(40, 160)], times(40, 160)
    assert "cpu.used_percent" not in named(probe.measure("localhost", AT))
    cores, whole = [times(70, 180)], times(70, 180)
    assert named(probe.measure("localhost", AT))["cpu.core_percent[0]"] == 60
    cores, whole = [times(80, 170)], times(80, 170)  # idle went back, as the kernel's sometimes does
    assert named(probe.measure("localhost", AT))["cpu.used_percent"] == 100


def test_what_a_host_does_not_have_is_absent_not_zero(fake_proc: Path) -> None:
    probe = LocalHostProbe(proc=fake_proc, booted_by_systemd=fake_proc / "no-systemd")
    told = named(probe.measure("localhost", AT))
    assert not any(name.startswith(("pressure.", "systemd.")) for name in told)
    assert [name for name in told if name.startswith("fs.used_percent")] == ["fs.used_percent[/]"]
    assert told["process.open_files"] == 1024
    assert told["process.open_files_percent"] == 10
    assert told["host.uptime_s"] == 3600.5
    assert not probe.faults


def test_pressure_is_read_where_there_is_some(fake_proc: Path) -> None:
    (fake_proc / "pressure").mkdir()
    some = "some avg10=2.81 avg60=1.37 avg300=0.48 total=12785967\n"
    (fake_proc / "pressure/cpu").write_text(some + some.replace("some", "full"))
    (fake_proc / "pressure/io").write_text(some + "full avg10=0.12 avg60=0.00 avg300=0.00 total=0\n")
    told = named(LocalHostProbe(proc=fake_proc).measure("localhost", AT))
    assert {name: value for name, value in told.items() if name.startswith("pressure.")} == {
        "pressure.cpu_some_percent": 2.81,
        "pressure.io_some_percent": 2.81,
        "pressure.io_full_percent": 0.12,
    }


def test_a_reading_that_fails_takes_only_its_own_metrics_with_it(fake_proc: Path) -> None:
    (fake_proc / "sys/fs/file-nr").write_text("nonsense\n")
    (fake_proc / "uptime").unlink()
    (fake_proc / "self/mountinfo").unlink()
    probe = LocalHostProbe(proc=fake_proc)
    told = named(probe.measure("localhost", AT))
    assert "memory.used_percent" in told
    assert not any(name.startswith(("process.open", "host.", "fs.")) for name in told)
    assert set(probe.faults) == {"open files", "uptime", "mounts"}
    (fake_proc / "uptime").write_text("1.0 1.0\n")
    assert named(probe.measure("localhost", AT))["host.uptime_s"] == 1
    assert "uptime" not in probe.faults


def test_a_mount_point_of_any_bytes_is_fit_for_a_database(fake_proc: Path, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(odd)  # noqa: PTH102 (a Path has no bytes)
    line = b"\n2 1 8:1 / " + odd + b" rw - ext4 /dev/sda1 rw\n"
    (fake_proc / "self/mountinfo").write_bytes(line)
    samples = [s for s in LocalHostProbe(proc=fake_proc).measure("localhost", AT) if s.key.metric == "fs.used_percent"]
    assert [s.key.item for s in samples] == [f"{tmp_path}/caf\\xe9"]
    assert samples[0].key.item.encode("utf-8")


def test_a_remote_file_system_is_asked_aside_and_forgotten_when_it_goes(fake_proc: Path, tmp_path: Path) -> None:
    clock = StoppedClock()
    table = fake_proc / "self/mountinfo"
    table.write_text(f"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:50 / {tmp_path} rw - nfs4 files:/export rw\n")
    probe = LocalHostProbe(clock, proc=fake_proc)
    mount = f"fs.used_percent[{tmp_path}]"
    assert mount not in named(probe.measure("localhost", AT))
    wait_for(probe._remote[str(tmp_path)])
    clock.advance(2)
    told = named(probe.measure("localhost", AT))
    usage = shutil.disk_usage(tmp_path)
    assert told[mount] == pytest.approx(100 * usage.used / (usage.used + usage.free), abs=0.5)
    assert told[f"fs.free_bytes[{tmp_path}]"] == pytest.approx(usage.free, rel=0.01)
    table.write_text("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")
    clock.advance(60)
    probe.measure("localhost", AT)
    assert not probe._remote
    probe.close()


def test_a_remote_file_system_whose_server_is_gone_holds_up_nothing(fake_proc: Path) -> None:
    clock = StoppedClock()
    probe = LocalHostProbe(clock, proc=fake_proc)
    probe.measure("localhost", AT)
    probe._remote["/mnt/dead"] = SlowReading(("sleep", "1000"), every_s=60)  # what stat does on such a mount
    begun = time.perf_counter()
    for _ in range(10):
        clock.advance(2)
        assert "memory.used_percent" in named(probe.measure("localhost", AT))
    assert time.perf_counter() - begun < 30
    probe.close()


def test_failed_units_are_asked_aside_where_systemd_is(fake_proc: Path, tmp_path: Path) -> None:
    clock = StoppedClock()
    probe = LocalHostProbe(clock, proc=fake_proc, booted_by_systemd=tmp_path, failed_units=("echo", "2"))
    assert "systemd.failed_units" not in named(probe.measure("localhost", AT))
    wait_for(probe._units)
    clock.advance(2)
    assert named(probe.measure("localhost", AT))["systemd.failed_units"] == 2
    clock.advance(2)
    assert "systemd.failed_units" not in named(probe.measure("localhost", AT))  # not asked again yet
    probe.close()


def test_the_host_is_described() -> None:
    told = LocalHostProbe().describe()
    assert told["host"] == os.uname().nodename
    assert os.uname().release in told["kernel"]
    assert told["cpus"] == str(psutil.cpu_count())
    assert told["memory"].endswith((" MB", " GB", " TB"))
    assert told["booted"].endswith(" UTC")
    assert all(told.values())


@pytest.mark.speed
def test_a_measurement_costs_little() -> None:
    probe = LocalHostProbe()
    probe.measure("localhost", AT)
    costs = []
    for _ in range(30):
        begun = time.process_time()
        probe.measure("localhost", AT)
        costs.append(time.process_time() - begun)
    assert statistics.median(costs) < 0.004  # 1 ms on the machine it was written on


@pytest.mark.lab
def test_a_real_systemd_counts_its_failed_units(fake_proc: Path, tmp_path: Path) -> None:
    text = os.environ.get("OPSTERM_LAB", "")
    if not text:
        pytest.skip("OPSTERM_LAB does not describe real hosts: the systemd reading was NOT tried for real")
    lab = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text())
    host = lab["hosts"][0]
    known = tmp_path / "known_hosts"
    known.write_text(f"{host['address']} {host['host_key']}\n")
    ssh = ["ssh", "-i", lab["key"], "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes"]
    ssh.append(f"{host['user']}@{host['address']}")
    unit = f"opsterm-test-{os.getpid()}"
    clock = StoppedClock()
    probe = LocalHostProbe(
        clock,
        proc=fake_proc,
        booted_by_systemd=tmp_path,
        failed_units=(*ssh, "systemctl", "show", "--property=NFailedUnits", "--value"),
    )

    def failed() -> float:
        clock.advance(61)
        probe.measure("localhost", AT)
        wait_for(probe._units)
        return named(probe.measure("localhost", AT))["systemd.failed_units"]

    before = failed()
    subprocess.run([*ssh, f"systemd-run --quiet --wait --unit={unit} false"], check=False, capture_output=True)
    try:
        assert failed() == before + 1
    finally:
        subprocess.run([*ssh, f"systemctl reset-failed {unit}"], check=True)
    assert failed() == before
    probe.close()
