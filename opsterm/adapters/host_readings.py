"""Single readings of this machine that need no memory of the one before: what psutil and /proc say now."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from opsterm.monitoring import figures
from opsterm.monitoring.figures import CpuTimes, Reading
from opsterm.monitoring.mounts import Mount


def load(cores: int) -> Iterator[Reading]:
    """Yield the load averages; `cores` is the number of processors."""
    return figures.load(os.getloadavg(), cores)


def memory() -> Iterator[Reading]:
    """Yield how much memory is taken and available."""
    told = psutil.virtual_memory()
    return figures.memory(told.total, told.available)


def swap() -> Iterator[Reading]:
    """Yield how much swap space is taken; nothing where there is none."""
    told = psutil.swap_memory()
    return figures.swap(told.total, told.used)


def pressure(proc: Path) -> Iterator[Reading]:
    """Yield pressure stall information (PSI); nothing where the kernel has none."""
    for resource in ("cpu", "memory", "io"):
        try:
            text = text_of(proc / "pressure" / resource)
        except OSError:  # not built into this kernel, or switched off (EOPNOTSUPP): absent, no fault
            continue
        yield from figures.pressure(resource, text)


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
        yield from figures.file_system(mount.point, counts)


def processes() -> Iterator[Reading]:
    """Yield how many processes there are, without looking at any."""
    yield "process.count", "", len(psutil.pids())


def open_files(proc: Path) -> Iterator[Reading]:
    """Yield how many files the host has open, and of how many."""
    return figures.open_files(text_of(proc / "sys/fs/file-nr"))


def uptime(proc: Path) -> Iterator[Reading]:
    """Yield seconds since the host, or the container, started."""
    yield "host.uptime_s", "", float(text_of(proc / "uptime").split()[0])


def cpu_times(times: object) -> CpuTimes:
    """Return what psutil tells of one processor in the fields that all systems share."""

    def of(*names: str) -> float:
        return float(sum(getattr(times, name, 0.0) for name in names))

    user, system = of("user", "nice"), of("system", "irq", "softirq")  # guests are counted in user already
    idle, iowait, steal = of("idle"), of("iowait"), of("steal")
    return user, system, idle, iowait, steal, user + system + idle + iowait + steal


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
