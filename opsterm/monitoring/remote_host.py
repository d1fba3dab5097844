"""A remote Linux host's figures, from what `looks.READING_SCRIPT` prints there.

`host_reading` makes one reading of one text; `readings` makes measurements of a reading and the one before it, under
the names and in the units of this host's own. Time between readings is the target's own uptime, so that neither a
step of a clock nor a slow line changes a rate; a reboot begins anew.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from opsterm.core.text import clean_line
from opsterm.monitoring import figures
from opsterm.monitoring.figures import CpuTimes, Reading
from opsterm.monitoring.mounts import Mount, parse_mounts, that_can_fill
from opsterm.monitoring.sections import Sections, by_file, sections_of

MOST_CORES = 1024
MOST_ITEMS = 64
"""File systems, disks and interfaces of one host that are kept, of each: what a target says must not fill a disk."""

LONGEST_STRETCH_S = 3600.0
"""Readings further apart make no rate: a mean over that long says nothing of now."""

_SECTOR = 512  # bytes, whatever the disk's own sectors are: Documentation/admin-guide/iostats.rst
_LARGEST = 2.0**64
_CORE = re.compile(r"cpu(\d{0,4})((?: +\d{1,20}){4,12}) *")
_MEMORY = re.compile(r"(\w+): +(\d{1,18}) kB")
_INTERFACE = re.compile(r" *([^:\s]{1,64}): *(\d{1,20}(?: +\d{1,20}){15,31}) *")

T = TypeVar("T")

Counters = Mapping[tuple[str, str], float]
"""What only grows, by metric and item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReading:
    """One reading of one host.

    Attributes:
        complete: whether the script came to its end.
        boot: id of the boot, "" when not known.
        uptime_s: seconds since the start, None when not known: then there are no rates.
        cpu: times of the whole host, then of each processor, in ticks.
        gauges: what holds by itself.
        counters: what needs the reading before.
        untold: metrics that a host of this kind does not have.
    """

    complete: bool
    boot: str = ""
    uptime_s: float | None = None
    cpu: Sequence[CpuTimes] = ()
    gauges: Sequence[Reading] = ()
    counters: Counters = field(default_factory=dict)
    untold: frozenset[str] = frozenset()

    @property
    def says_nothing(self) -> bool:
        """Whether nothing in it could be read: no host of this kind answered."""
        return self.uptime_s is None and not self.gauges and not self.counters


def host_reading(text: str) -> HostReading:
    """Return what a host printed. Nothing that it prints raises; a part that cannot be read is absent."""
    sections = sections_of(text)
    files = by_file(sections.of("kernel"))

    def of(name: str) -> str:
        return "\n".join(files.get(f"/proc/{name}", ()))

    uptime_s = _first(_one_number("host.uptime_s", of("uptime")))
    times = _all(lambda: _cpu_times(of("stat")))
    parts: Sequence[Callable[[], Iterator[Reading]]] = (
        lambda: figures.load([_number(word) for word in of("loadavg").split()[:3]], len(times) - 1),
        lambda: _memory(of("meminfo")),
        lambda: _swap(of("meminfo")),
        *(lambda name=name: figures.pressure(name, of(f"pressure/{name}")) for name in ("cpu", "memory", "io")),
        lambda: _file_systems(sections),
        lambda: _one_number("process.count", "\n".join(sections.of("processes"))),
        lambda: figures.open_files(of("sys/fs/file-nr")),
        lambda: _one_number("host.uptime_s", of("uptime")),
        lambda: _failed_units(sections.of("systemd")),
    )
    counters = [*_all(lambda: _disks(of("diskstats"), sections.of("disks"))), *_all(lambda: _interfaces(of("net/dev")))]
    return HostReading(
        complete=sections.complete,
        boot=of("sys/kernel/random/boot_id").strip()[:64],
        uptime_s=uptime_s,
        cpu=times,
        gauges=[reading for part in parts for reading in _all(part) if _is_sound(reading)],
        counters={(metric, item): count for metric, item, count in counters},
    )


def readings(before: HostReading | None, now: HostReading) -> Iterator[Reading]:
    """Yield the measurements of a reading; rates and shares of time need the one before, None for none."""
    elapsed_s = _elapsed(before, now)
    if before is not None and elapsed_s is not None:
        yield from (told for told in figures.cpu(before.cpu, now.cpu) if told[0] not in now.untold)
    yield from now.gauges
    if before is None or elapsed_s is None:
        return
    for (metric, item), count in now.counters.items():
        rate = figures.growth(before.counters.get((metric, item)), count, elapsed_s)
        if rate is not None:
            yield metric, item, min(100.0, rate) if metric == "disk.busy_percent" else rate


def _elapsed(before: HostReading | None, now: HostReading) -> float | None:
    """Return the seconds between two readings of one boot; None when they cannot be compared."""
    if before is None or before.uptime_s is None or now.uptime_s is None or before.boot != now.boot:
        return None
    elapsed_s = now.uptime_s - before.uptime_s
    return elapsed_s if 0 < elapsed_s <= LONGEST_STRETCH_S else None


# ------------------------------------------------------------------------------------------------ the parts


def _all(part: Callable[[], Iterator[T]]) -> list[T]:
    """Return what a part yields; [] when its text is not what it should be."""
    try:
        return list(part())
    except (ValueError, ArithmeticError, LookupError):
        return []


def _first(found: Iterator[Reading]) -> float | None:
    return next((value for _, _, value in _all(lambda: found)), None)


def _number(word: str) -> float:
    """Return a number as the kernel writes one. Raises ValueError, also for "nan" and what is longer than any."""
    if len(word) > 24 or not word.replace(".", "", 1).isdecimal():
        raise ValueError(word[:24])
    return float(word)


def _is_sound(reading: Reading) -> bool:
    return math.isfinite(reading[2]) and abs(reading[2]) < _LARGEST


def _one_number(metric: str, text: str) -> Iterator[Reading]:
    yield metric, "", _number(text.split(maxsplit=1)[0])


def _cpu_times(text: str) -> Iterator[CpuTimes]:
    """Yield the times of the whole host, then of each processor; guests are counted in user already."""
    for line in text.split("\n")[: MOST_CORES + 1]:
        told = _CORE.fullmatch(line)
        if told is None:
            return  # the processors come first
        user, nice, system, idle, *more = (_number(word) for word in told[2].split())
        iowait, irq, softirq, steal = (*more, 0.0, 0.0, 0.0, 0.0)[:4]
        user, system = user + nice, system + irq + softirq
        yield user, system, idle, iowait, steal, user + system + idle + iowait + steal


def _memory_bytes(text: str) -> Mapping[str, float]:
    told = (_MEMORY.fullmatch(line) for line in text.split("\n"))
    return {found[1]: _number(found[2]) * 1024 for found in told if found is not None}


def _memory(text: str) -> Iterator[Reading]:
    told = _memory_bytes(text)
    available = told.get("MemAvailable")
    if available is None:  # before Linux 3.14
        available = sum(told.get(name, 0.0) for name in ("MemFree", "Buffers", "Cached"))
    return figures.memory(told["MemTotal"], min(available, told["MemTotal"]))


def _swap(text: str) -> Iterator[Reading]:
    told = _memory_bytes(text)
    return figures.swap(told["SwapTotal"], max(0.0, told["SwapTotal"] - told["SwapFree"]))


def _failed_units(lines: Sequence[str]) -> Iterator[Reading]:
    for line in lines:
        name, equals, count = line.partition("=")
        if equals and name == "NFailedUnits":
            yield "systemd.failed_units", "", _number(count)
            return


def _file_systems(sections: Sections) -> Iterator[Reading]:
    """Yield each file system once, under the mount point that this host's own measurements would name."""
    mounts = parse_mounts("\n".join(sections.of("mounts")))
    device_of = {mount.point: mount.device for mount in mounts}
    blocks, inodes = _space_by_device((*sections.of("space"), *sections.of("far")), device_of)
    for mount in _watched(mounts):
        space = blocks.get(mount.device)
        if space is not None:
            _, used, available = space
            files, _, files_free = inodes.get(mount.device, (0, 0, 0))
            counts = (1024, used + available, available, available, files, min(files, files_free))
            yield from figures.file_system(_item(mount.point), counts)


def _watched(mounts: Sequence[Mount]) -> Sequence[Mount]:
    return that_can_fill(mounts, is_folder=lambda _: True)[:MOST_ITEMS]  # the script left out what is none


_Space = tuple[int, int, int]
"""In all, used, free; in blocks of 1024 bytes, or inodes."""


def _space_by_device(lines: Sequence[str], device_of: Mapping[str, str]) -> tuple[dict[str, _Space], dict[str, _Space]]:
    """Return what `df -P -k` and `df -P -i` said, by device: of a mount point that is known."""
    blocks: dict[str, _Space] = {}
    inodes: dict[str, _Space] = {}
    into = blocks
    for line in lines:
        if line.startswith("Filesystem "):
            into = inodes if " Inodes " in line else blocks
            continue
        head, percent, tail = line.partition("% /")  # both df put one space there; "-" stands where nothing is counted
        device = device_of.get(f"/{tail}") if percent else None
        words = head.split()[-4:-1]
        if device is not None and len(words) == 3:
            whole, used, free = (min(int(_number(word.removeprefix("-"))), 2**53) for word in words)
            into[device] = (whole, used, 0 if words[2].startswith("-") else free)  # the reserve itself is in use
    return blocks, inodes


def _disks(text: str, folders: Sequence[str]) -> Iterator[Reading]:
    whole = {folder.rpartition("/")[2].replace("!", "/") for folder in folders}
    kept = 0
    for line in text.split("\n"):
        words = line.split()
        if len(words) < 14 or words[2] not in whole or not figures.is_disk(words[2]):
            continue
        read, written, busy_ms = (_number(words[place]) for place in (5, 9, 12))
        if read + written > 0 and kept < MOST_ITEMS:
            kept += 1
            item = _item(words[2])
            yield "disk.read_bytes_per_s", item, read * _SECTOR
            yield "disk.write_bytes_per_s", item, written * _SECTOR
            yield "disk.busy_percent", item, busy_ms / 10


def _interfaces(text: str) -> Iterator[Reading]:
    kept = 0
    for line in text.split("\n"):
        told = _INTERFACE.fullmatch(line)
        if told is None or not figures.is_interface(told[1]) or kept == MOST_ITEMS:
            continue
        counts = [_number(word) for word in told[2].split()]
        if counts[0] + counts[8] > 0:
            kept += 1
            item = _item(told[1])
            yield "net.received_bytes_per_s", item, counts[0]
            yield "net.sent_bytes_per_s", item, counts[8]
            yield "net.errors_per_s", item, counts[2] + counts[10]


def _item(name: str) -> str:
    """Return a name from a target as it may be kept: without control characters, and not endless."""
    return clean_line(name, limit=255)
