"""The machine opsterm stands on, measured with psutil and from /proc.

What a host does not have (pressure, swap, systemd) is absent from a measurement, never zero. A reading that fails
takes only its own metrics with it; `faults` says which and why.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from opsterm.adapters.host_readings import (
    cpu_times,
    file_systems,
    load,
    memory,
    open_files,
    os_name,
    pressure,
    processes,
    swap,
    text_of,
    uptime,
    virtualisation,
)
from opsterm.adapters.slow_reading import SlowReading
from opsterm.core.clock import Clock, SystemClock
from opsterm.core.units import bytes_text
from opsterm.monitoring.figures import CpuTimes, Reading, cpu, file_system, growth, is_disk, is_interface
from opsterm.monitoring.metrics import SLOW_READING_S
from opsterm.monitoring.mounts import Mount, parse_mounts, that_can_fill
from opsterm.monitoring.sample import Sample, SeriesKey

LISTS_EVERY_S = 30.0
"""Seconds for which the lists of mounts and disks are good."""

MOST_REMOTE = 16
"""Remote file systems that are asked, each by a child process of its own."""

_FAILED_UNITS = ("systemctl", "show", "--property=NFailedUnits", "--value")


class LocalHostProbe:
    """Implements `ports.HostProbe`. Blocking: called off the loop; calls wait for one another.

    Attributes:
        faults: what could not be read at the last measurement: name of the reading -> sentence.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        proc: Path = Path("/proc"),
        booted_by_systemd: Path = Path("/run/systemd/system"),
        failed_units: Sequence[str] = _FAILED_UNITS,
    ) -> None:
        """Measure nothing yet.

        Args:
            clock: for rates and for what is read rarely.
            proc: where the kernel's files are.
            booted_by_systemd: a folder that is there where systemd is the first process (sd_booted(3)).
            failed_units: command that prints how many units have failed.
        """
        self.faults: dict[str, str] = {}
        self._clock = clock or SystemClock()
        self._proc = proc
        self._lock = threading.Lock()
        self._before: dict[tuple[str, str], float] = {}
        self._now: dict[tuple[str, str], float] = {}
        self._measured_at: float | None = None
        self._elapsed_s = 0.0
        self._cpu_before: list[CpuTimes] = []
        self._lists_at: float | None = None
        self._mounts: Sequence[Mount] = ()
        self._disks: frozenset[str] = frozenset()
        self._remote: dict[str, SlowReading] = {}
        self._units = SlowReading(failed_units, every_s=SLOW_READING_S) if booted_by_systemd.is_dir() else None
        self._keys: dict[tuple[str, str, str], SeriesKey] = {}

    def measure(self, target: str, at: float) -> Sequence[Sample]:
        """Return one sample of each metric; rates and shares of time are absent at the first call.

        Args:
            target: name under which the samples are kept.
            at: epoch seconds written into them.

        Cost: below 1 ms of CPU on a host with a few disks and interfaces.
        """
        with self._lock:
            monotonic = self._clock.monotonic()
            self._elapsed_s = 0.0 if self._measured_at is None else monotonic - self._measured_at
            self._measured_at = monotonic
            self._renew_lists(monotonic)
            self._before, self._now = self._now, {}
            samples = []
            for metric, item, value in self._readings(monotonic):
                name = (target, metric, item)
                key = self._keys.get(name)
                if key is None:
                    # a mount point may hold bytes that are no text, and a sample must be fit for a database
                    shown = item.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
                    key = self._keys[name] = SeriesKey(target, metric, shown)
                samples.append(Sample(key, at, float(value)))
            return samples

    def close(self) -> None:
        """End child processes that are still asked something. Safe to call twice."""
        with self._lock:
            for reading in (*self._remote.values(), *([self._units] if self._units else [])):
                reading.close()

    def _readings(self, monotonic: float) -> Iterator[Reading]:
        sources: tuple[tuple[str, Callable[[], Iterator[Reading]]], ...] = (
            ("cpu", self._cpu),
            ("load", lambda: load(len(self._cpu_before) - 1)),
            ("memory", memory),
            ("swap", swap),
            ("pressure", lambda: pressure(self._proc)),
            ("file systems", lambda: file_systems(self._mounts)),
            ("remote file systems", lambda: self._remote_file_systems(monotonic)),
            ("disks", self._disk_rates),
            ("network", self._net_rates),
            ("processes", processes),
            ("open files", lambda: open_files(self._proc)),
            ("uptime", lambda: uptime(self._proc)),
            ("systemd", lambda: self._failed_units(monotonic)),
        )
        for name, source in sources:
            try:
                yield from list(source())
                self.faults.pop(name, None)
            except (OSError, psutil.Error, ValueError, RuntimeError, AttributeError, IndexError) as error:
                self.faults[name] = f"{name} cannot be read: {error}"

    # ------------------------------------------------------------------------------------- the readings

    def _cpu(self) -> Iterator[Reading]:
        cores = [cpu_times(times) for times in psutil.cpu_times(percpu=True)]
        whole = cpu_times(psutil.cpu_times())
        now, before = [whole, *cores], self._cpu_before
        self._cpu_before = now
        yield from cpu(before, now)

    def _remote_file_systems(self, monotonic: float) -> Iterator[Reading]:
        for point, reading in self._remote.items():
            answer = reading.poll(monotonic)
            counts = [int(word) for word in answer.split()] if answer else []
            if len(counts) == 6:
                yield from file_system(point, counts)

    def _disk_rates(self) -> Iterator[Reading]:
        for device, counts in (psutil.disk_io_counters(perdisk=True, nowrap=False) or {}).items():
            if device not in self._disks or not counts.read_bytes + counts.write_bytes:
                continue
            yield from self._rate("disk.read_bytes_per_s", device, counts.read_bytes)
            yield from self._rate("disk.write_bytes_per_s", device, counts.write_bytes)
            for metric, item, rate in self._rate("disk.busy_percent", device, getattr(counts, "busy_time", 0) / 10):
                yield metric, item, min(100.0, rate)

    def _net_rates(self) -> Iterator[Reading]:
        for name, counts in psutil.net_io_counters(pernic=True, nowrap=False).items():
            if not is_interface(name) or not counts.bytes_recv + counts.bytes_sent:
                continue
            yield from self._rate("net.received_bytes_per_s", name, counts.bytes_recv)
            yield from self._rate("net.sent_bytes_per_s", name, counts.bytes_sent)
            yield from self._rate("net.errors_per_s", name, counts.errin + counts.errout)

    def _rate(self, metric: str, item: str, count: float) -> Iterator[Reading]:
        """Yield a counter's growth by the second; nothing at first, and when it began again from 0."""
        self._now[metric, item] = count
        rate = growth(self._before.get((metric, item)), count, self._elapsed_s)
        if rate is not None:
            yield metric, item, rate

    def _failed_units(self, monotonic: float) -> Iterator[Reading]:
        answer = self._units.poll(monotonic) if self._units else None
        if answer is not None:
            yield "systemd.failed_units", "", int(answer)

    def _renew_lists(self, monotonic: float) -> None:
        """Read again which file systems and disks there are, when that is due."""
        if self._lists_at is not None and monotonic - self._lists_at < LISTS_EVERY_S:
            return
        self._lists_at = monotonic
        try:
            self._mounts = that_can_fill(
                parse_mounts(text_of(self._proc / "self/mountinfo")), is_folder=lambda point: Path(point).is_dir()
            )
            self.faults.pop("mounts", None)
        except OSError as error:
            self.faults["mounts"] = f"The list of mounts cannot be read: {error}"
        try:
            names = [path.name for path in Path("/sys/block").iterdir()]
        except OSError:
            names = [d for d in psutil.disk_io_counters(perdisk=True, nowrap=False) or {} if not d[-1:].isdigit()]
        self._disks = frozenset(name for name in names if is_disk(name))
        remote = [mount.point for mount in self._mounts if mount.is_remote][:MOST_REMOTE]
        for gone in self._remote.keys() - set(remote):
            self._remote.pop(gone).close()
        for point in remote:
            if point not in self._remote:
                ask = ("stat", "--file-system", "--format=%S %b %f %a %c %d", "--", point)
                self._remote[point] = SlowReading(ask, every_s=SLOW_READING_S)

    # ---------------------------------------------------------------------------------- what it is

    def describe(self) -> Mapping[str, str]:
        """Return what the host is: "host", "os", "kernel", "cpus", "memory", "booted", "virtualisation".

        What is not known is absent.
        """
        name = os.uname()
        found = {
            "host": name.nodename,
            "os": os_name(),
            "kernel": f"{name.sysname} {name.release} {name.machine}",
            "cpus": str(psutil.cpu_count() or ""),
            "memory": bytes_text(psutil.virtual_memory().total),
            "booted": f"{datetime.fromtimestamp(psutil.boot_time(), UTC):%Y-%m-%d %H:%M} UTC",
            "virtualisation": virtualisation(self._proc),
        }
        return {key: text for key, text in found.items() if text}
