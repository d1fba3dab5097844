"""Single readings of this machine that need no memory of the one before: what psutil and /proc say now."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import psutil

from opsterm.adapters.mounts import Mount

Reading = tuple[str, str, float]
"""Metric, item, value."""

_PRESSURE = re.compile(r"^(some|full) avg10=([0-9.]+)", re.MULTILINE)


def load(cores: int) -> Iterator[Reading]:
    """Yield the load averages; `cores` is the number of processors."""
    one, five, fifteen = os.getloadavg()
    yield "load.1m", "", one
    yield "load.5m", "", five
    yield "load.15m", "", fifteen
    yield "load.per_core", "", one / max(1, cores)


def memory() -> Iterator[Reading]:
    """Yield how much memory is taken and available."""
    told = psutil.virtual_memory()
    used = told.total - told.available
    yield "memory.used_percent", "", 100.0 * used / told.total
    yield "memory.used_bytes", "", used
    yield "memory.available_bytes", "", told.available


def swap() -> Iterator[Reading]:
    """Yield how much swap space is taken; nothing where there is none."""
    told = psutil.swap_memory()
    if told.total:
        yield "swap.used_percent", "", 100.0 * told.used / told.total
        yield "swap.used_bytes", "", told.used


def pressure(proc: Path) -> Iterator[Reading]:
    """Yield pressure stall information (PSI); nothing where the kernel has none."""
    folder = proc / "pressure"
    for resource in ("cpu", "memory", "io"):
        try:
            text = text_of(folder / resource)
        except OSError:  # not built into this kernel, or switched off (EOPNOTSUPP): absent, no fault
            continue
        for kind, percent in _PRESSURE.findall(text):
            if (resource, kind) != ("cpu", "full"):  # has no meaning for a whole host
                yield f"pressure.{resource}_{kind}_percent", "", float(percent)


def file_systems(mounts: Iterable[Mount]) -> Iterator[Reading]:
    """Yield how full the local ones of these mounts are."""
    for mount in mounts:
        if mount.is_remote:
            continue
        try:
            told = os.statvfs(mount.point)
        except OSError:  # unmounted since the list was read, or not for us to see
            continue
        counts = (told.f_frsize, told.f_blocks, told.f_bfree, told.f_bavail, told.f_files, told.f_ffree)
        yield from file_system(mount.point, counts)


def processes() -> Iterator[Reading]:
    """Yield how many processes there are, without looking at any."""
    yield "process.count", "", len(psutil.pids())


def open_files(proc: Path) -> Iterator[Reading]:
    """Yield how many files the host has open, and of how many."""
    taken, unused, most = (int(word) for word in text_of(proc / "sys/fs/file-nr").split())
    yield "process.open_files", "", taken - unused
    yield "process.open_files_percent", "", 100.0 * (taken - unused) / most


def uptime(proc: Path) -> Iterator[Reading]:
    """Yield seconds since the host, or the container, started."""
    yield "host.uptime_s", "", float(text_of(proc / "uptime").split()[0])


CpuTimes = tuple[float, float, float, float, float, float]
"""user with nice, system with interrupts, idle, iowait, steal, total; seconds."""


def cpu_times(times: object) -> CpuTimes:
    """Return what psutil tells of one processor in the fields that all systems share."""

    def of(*names: str) -> float:
        return float(sum(getattr(times, name, 0.0) for name in names))

    user, system = of("user", "nice"), of("system", "irq", "softirq")  # guests are counted in user already
    idle, iowait, steal = of("idle"), of("iowait"), of("steal")
    return user, system, idle, iowait, steal, user + system + idle + iowait + steal


def shares(before: CpuTimes, now: CpuTimes) -> tuple[float, float, float, float, float] | None:
    """Return used, user, system, iowait and steal in % between two readings; None when no time passed.

    The kernel's idle and iowait may go back a little (proc(5)); that counts as no growth.
    """
    user, system, idle, iowait, steal = (max(0.0, b - a) for a, b in zip(before[:5], now[:5], strict=True))
    total = user + system + idle + iowait + steal
    if total <= 0:
        return None
    scale = 100.0 / total
    return (user + system + steal) * scale, user * scale, system * scale, iowait * scale, steal * scale


def file_system(point: str, counts: Sequence[int]) -> Iterator[Reading]:
    """Yield a file system's metrics.

    Args:
        point: where it is mounted.
        counts: block size, blocks, free blocks, blocks free for ordinary accounts, inodes, free inodes.
    """
    size, blocks, free, available, inodes, inodes_free = counts
    used = blocks - free
    if used + available <= 0:
        return
    yield "fs.used_percent", point, 100.0 * used / (used + available)  # as df counts: without root's reserve
    yield "fs.used_bytes", point, used * size
    yield "fs.free_bytes", point, available * size
    if inodes > 0:  # btrfs and vfat have no fixed number of them
        yield "fs.inodes_used_percent", point, 100.0 * (inodes - inodes_free) / inodes


def text_of(path: Path) -> str:
    """Return a kernel file's text in one read, so that it is of one moment."""
    with path.open("rb", buffering=0) as file:
        return file.read().decode("utf-8", "surrogateescape")


def os_name() -> str:
    """Return os-release's PRETTY_NAME, "" when there is none."""
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def virtualisation(proc: Path) -> str:
    """Return "container", the product name of a virtual machine, "virtual machine", or "" for neither or unknown."""
    container = Path("/run/systemd/container")
    try:
        if container.is_file():
            return f"container ({text_of(container).strip()})"
        if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
            return "container"
        if re.search(r"^flags\s*:.*\bhypervisor\b", text_of(proc / "cpuinfo"), re.MULTILINE):
            product = Path("/sys/class/dmi/id/product_name")
            return f"virtual machine ({text_of(product).strip()})" if product.is_file() else "virtual machine"
    except OSError:
        return ""
    return ""
