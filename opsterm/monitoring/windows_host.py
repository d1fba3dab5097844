"""A Windows host's figures and profile, from what the queries of `windows_looks` return: JSON, one CIM instance a line.

The names and units are those of this host's own measurements. Raw counters and their types: the WMI documentation of
Win32_PerfRawData (100-nanosecond timers, bulk counts). Nothing that a host says raises.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence

from opsterm.core.text import clean_line
from opsterm.monitoring import figures
from opsterm.monitoring.cim import LONGEST_WORD, Row, first_of, instances, moment, number, size, whole, word
from opsterm.monitoring.figures import CpuTimes, Reading
from opsterm.monitoring.host_people import AskedAt
from opsterm.monitoring.host_profile import HostProfile
from opsterm.monitoring.remote_host import MOST_CORES, MOST_ITEMS, HostReading
from opsterm.monitoring.windows_parts import (
    accounts_of,
    addresses_of,
    clock_of,
    links_of,
    listeners_of,
    roles_of,
    sessions_of,
    units_of,
)

MOST_NAMES = 500
"""Updates of one host that are kept."""

_UNTOLD = frozenset({"cpu.iowait_percent", "cpu.steal_percent"})
_LARGEST = 2.0**63
_NO_INTERFACE = re.compile(r"isatap.*|teredo.*|.*loopback.*|6to4.*|.*kernel debug.*", re.IGNORECASE)


def windows_reading(text: str) -> HostReading:
    """Return one reading of a host; a part that cannot be read is absent."""
    rows = instances(text)
    system = first_of(rows, "win32_operatingsystem")
    cores = rows.get("win32_perfrawdata_perfos_processor", ())
    parts: Sequence[Callable[[], Iterator[Reading]]] = (
        lambda: _memory(system),
        lambda: _swap(rows.get("win32_pagefileusage", ())),
        lambda: _file_systems(rows.get("win32_logicaldisk", ())),
        lambda: iter([("process.count", "", number(system["NumberOfProcesses"]))]),
        lambda: iter([("host.uptime_s", "", _uptime_s(system))]),
    )
    counters = [
        *_all(lambda: _disks(rows.get("win32_perfrawdata_perfdisk_physicaldisk", ()))),
        *_all(lambda: _interfaces(rows.get("win32_perfrawdata_tcpip_networkinterface", ()))),
    ]
    return HostReading(
        complete=bool(system),
        uptime_s=_ticks_s(cores, system),
        cpu=_cpu_times(cores),
        gauges=[r for part in parts for r in _all(part) if math.isfinite(r[2]) and abs(r[2]) < _LARGEST],
        counters={(metric, item): count for metric, item, count in counters},
        untold=_UNTOLD,
    )


def windows_profile(text: str, *, asked: AskedAt | None = None) -> HostProfile | None:
    """Return what a host is; None when no Windows answered.

    Args:
        text: as it came.
        asked: when the host was asked; None when its clock is not to be compared.
    """
    rows = instances(text)
    system = first_of(rows, "win32_operatingsystem")
    if not system:
        return None
    machine = first_of(rows, "win32_computersystem")
    maker, model = word(machine, "Manufacturer"), word(machine, "Model")
    build = word(system, "BuildNumber")
    units, listeners = units_of(rows), listeners_of(rows)
    return HostProfile(  # noqa: S604 (a field of that name)
        os=word(system, "Caption"),
        os_id="windows",
        os_version=word(system, "Version"),
        kernel=f"Windows build {build}" if build else "",
        architecture=word(system, "OSArchitecture"),
        host_name=word(system, "CSName"),
        services="Windows services" if units else "",
        shell="powershell",
        virtual="virtual machine" if "virtual" in f"{maker} {model}".lower() or "vmware" in maker.lower() else "",
        product=" ".join(filter(None, (maker, model))),
        cpus=whole(machine.get("NumberOfLogicalProcessors")),
        memory_bytes=size(system.get("TotalVisibleMemorySize"), 1024),
        swap_bytes=sum(size(r.get("AllocatedBaseSize"), 2**20) or 0 for r in rows.get("win32_pagefileusage", ())),
        domain=word(machine, "Domain") if machine.get("PartOfDomain") == "true" else "",
        roles=roles_of(rows),
        updates=_names(row.get("HotFixID") for row in rows.get("win32_quickfixengineering", ())),
        addresses=addresses_of(rows),
        units=units,
        listeners=listeners,
        links=links_of(rows, listeners or ()),
        login_sessions=sessions_of(rows),
        accounts=accounts_of(rows),
        clock=clock_of(rows, asked),
        complete=bool(machine) and bool(units),
    )


# ------------------------------------------------------------------------------------------------ the parts


def _all(part: Callable[[], Iterator[Reading]]) -> list[Reading]:
    """Return what a part yields; [] when what the host said is not what it should be."""
    try:
        return list(part())
    except (ValueError, ArithmeticError, LookupError, TypeError):
        return []


def _names(values: Iterator[object]) -> tuple[str, ...]:
    cleaned = {clean_line(value.strip(), limit=LONGEST_WORD) for value in values if isinstance(value, str)}
    return tuple(sorted(filter(None, cleaned), key=str.casefold)[:MOST_NAMES])


def _uptime_s(system: Row) -> float:
    return max(0.0, (moment(system["LocalDateTime"]) - moment(system["LastBootUpTime"])).total_seconds())


def _ticks_s(cores: Sequence[Row], system: Row) -> float | None:
    """Return a time of the host that only goes forward: its performance counter, else its uptime."""
    for row in cores:
        try:
            return number(row["Timestamp_PerfTime"]) / number(row["Frequency_PerfTime"])
        except (ValueError, LookupError, ArithmeticError):
            continue
    try:
        return _uptime_s(system)
    except (ValueError, LookupError, ArithmeticError, TypeError):
        return None


def _cpu_times(rows: Sequence[Row]) -> Sequence[CpuTimes]:
    """Return the times of the whole host, then of each processor. PercentProcessorTime counts the idle time."""
    times: dict[int, CpuTimes] = {}
    for row in rows[: MOST_CORES + 1]:
        name = row.get("Name")
        if not isinstance(name, str) or not name.isdecimal() or len(name) > 4:
            continue
        try:
            idle, user, system = (
                number(row[key]) for key in ("PercentProcessorTime", "PercentUserTime", "PercentPrivilegedTime")
            )
        except (ValueError, LookupError):
            return ()
        times[int(name)] = (user, system, idle, 0.0, 0.0, user + system + idle)
    each = [times[core] for core in sorted(times)]
    if not each:
        return ()
    user, system, idle, iowait, steal, total = (math.fsum(column) for column in zip(*each, strict=True))
    return [(user, system, idle, iowait, steal, total), *each]


def _memory(system: Row) -> Iterator[Reading]:
    total, free = (number(system[name]) * 1024 for name in ("TotalVisibleMemorySize", "FreePhysicalMemory"))
    return figures.memory(total, min(free, total))


def _swap(rows: Sequence[Row]) -> Iterator[Reading]:
    total, used = (sum(number(row[name]) * 2**20 for row in rows) for name in ("AllocatedBaseSize", "CurrentUsage"))
    return figures.swap(total, min(used, total))


def _file_systems(rows: Sequence[Row]) -> Iterator[Reading]:
    for row in rows[:MOST_ITEMS]:
        try:
            size, free = (min(int(number(row[name])), 2**60) for name in ("Size", "FreeSpace"))
        except (ValueError, LookupError):
            continue  # a drive without a volume has no size
        yield from figures.file_system(word(row, "DeviceID"), (1, size, min(free, size), min(free, size), 0, 0))


def _disks(rows: Sequence[Row]) -> Iterator[Reading]:
    for row in _named(rows):
        item = word(row, "Name")
        yield "disk.read_bytes_per_s", item, number(row["DiskReadBytesPersec"])
        yield "disk.write_bytes_per_s", item, number(row["DiskWriteBytesPersec"])
        busy = number(row["Timestamp_Sys100NS"]) - number(row["PercentIdleTime"])
        yield "disk.busy_percent", item, busy / 1e5  # 100 ns of a second, in %


def _interfaces(rows: Sequence[Row]) -> Iterator[Reading]:
    for row in _named(rows):
        item = word(row, "Name")
        received, sent = number(row["BytesReceivedPersec"]), number(row["BytesSentPersec"])
        if received + sent > 0 and not _NO_INTERFACE.fullmatch(item):
            yield "net.received_bytes_per_s", item, received
            yield "net.sent_bytes_per_s", item, sent
            errors = number(row["PacketsReceivedErrors"]) + number(row["PacketsOutboundErrors"])
            yield "net.errors_per_s", item, errors


def _named(rows: Sequence[Row]) -> Sequence[Row]:
    return [row for row in rows if word(row, "Name") not in ("", "_Total")][:MOST_ITEMS]
