"""What the kernel's numbers mean: the same arithmetic for this host and for one that is read over a line.

Source of the formats: proc(5), and the kernel's Documentation/accounting/psi.rst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

Reading = tuple[str, str, float]
"""Metric, item, value."""

CpuTimes = tuple[float, float, float, float, float, float]
"""user with nice, system with interrupts, idle, iowait, steal, total; in any one unit of time."""

_NO_DISK = re.compile(r"(loop|ram|zram|fd|sr|dm-)\d+|nvme\d+c\d+n\d+")
_NO_INTERFACE = re.compile(r"lo|(veth|ve-|vb-|ifb|dummy|cali|cni|lxc|vnet|tap|fwbr|fwpr|fwln|nodelocaldns|kube-ipvs).*")
_PRESSURE = re.compile(r"^(some|full) avg10=([0-9.]{1,20})", re.MULTILINE)


def is_disk(name: str) -> bool:
    """Return whether a whole block device of this name is a disk worth a rate: no loop, no layer over another."""
    return _NO_DISK.fullmatch(name) is None


def is_interface(name: str) -> bool:
    """Return whether a network interface of this name leads out of the host: no loopback, no container's end."""
    return _NO_INTERFACE.fullmatch(name) is None


def growth(before: float | None, now: float, elapsed_s: float) -> float | None:
    """Return a counter's growth by the second; None at first, and when it began again from 0."""
    if before is None or now < before or elapsed_s <= 0:
        return None
    return (now - before) / elapsed_s


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


def cpu(before: Sequence[CpuTimes], now: Sequence[CpuTimes]) -> Iterator[Reading]:
    """Yield how busy the processors were between two readings.

    Args:
        before: the whole host, then each processor; empty at first.
        now: the same later; when a processor came or went in between there is nothing to say.
    """
    if len(now) != len(before) or not now:
        return
    share = shares(before[0], now[0])
    if share is not None:
        used, user, system, iowait, steal = share
        yield "cpu.used_percent", "", used
        yield "cpu.user_percent", "", user
        yield "cpu.system_percent", "", system
        if now[0][3] > 0:
            yield "cpu.iowait_percent", "", iowait
        yield "cpu.steal_percent", "", steal
    for number, (core_before, core) in enumerate(zip(before[1:], now[1:], strict=True)):
        share = shares(core_before, core)
        if share is not None:
            yield "cpu.core_percent", str(number), share[0]


def load(averages: Sequence[float], cores: int) -> Iterator[Reading]:
    """Yield the load averages over 1, 5 and 15 minutes; `cores` is the number of processors."""
    one, five, fifteen = averages
    yield "load.1m", "", one
    yield "load.5m", "", five
    yield "load.15m", "", fifteen
    yield "load.per_core", "", one / max(1, cores)


def memory(total: float, available: float) -> Iterator[Reading]:
    """Yield how much memory is taken and available; bytes."""
    used = max(0.0, total - available)
    yield "memory.used_percent", "", 100.0 * used / total
    yield "memory.used_bytes", "", used
    yield "memory.available_bytes", "", available


def swap(total: float, used: float) -> Iterator[Reading]:
    """Yield how much swap space is taken; bytes; nothing where there is none."""
    if total > 0:
        yield "swap.used_percent", "", 100.0 * used / total
        yield "swap.used_bytes", "", used


def pressure(resource: str, text: str) -> Iterator[Reading]:
    """Yield pressure stall information (PSI) of "cpu", "memory" or "io"."""
    for kind, percent in _PRESSURE.findall(text):
        if (resource, kind) != ("cpu", "full"):  # has no meaning for a whole host
            yield f"pressure.{resource}_{kind}_percent", "", float(percent)


def open_files(text: str) -> Iterator[Reading]:
    """Yield how many files the host has open, and of how many, from /proc/sys/fs/file-nr."""
    taken, unused, most = (int(word) for word in text.split())
    yield "process.open_files", "", taken - unused
    yield "process.open_files_percent", "", 100.0 * (taken - unused) / most


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
