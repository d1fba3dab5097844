"""A Windows host's figures and profile, from what the queries of `looks` return: JSON, one CIM instance a line.

The names and units are those of this host's own measurements. Raw counters and their types: the WMI documentation of
Win32_PerfRawData (100-nanosecond timers, bulk counts). Nothing that a host says raises.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from opsterm.core.text import clean_line
from opsterm.monitoring import figures
from opsterm.monitoring.figures import CpuTimes, Reading
from opsterm.monitoring.host_profile import LONGEST_WORD, HostProfile
from opsterm.monitoring.remote_host import MOST_CORES, MOST_ITEMS, HostReading

MOST_NAMES = 500
"""Services and updates of one host that are kept, of each."""

_UNTOLD = frozenset({"cpu.iowait_percent", "cpu.steal_percent"})
_LARGEST = 2.0**63
_NO_INTERFACE = re.compile(r"isatap.*|teredo.*|.*loopback.*|6to4.*|.*kernel debug.*", re.IGNORECASE)
_DMTF = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-])(\d{3})")

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]
"""Instances by class, in lower case."""


def instances(text: str) -> Rows:
    """Return what a host said; lines that are no JSON object with a class are left out."""
    found: dict[str, list[Row]] = {}
    for line in text.split("\n"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("class"), str) and "fault" not in row:
            found.setdefault(row["class"].lower(), []).append(row)
    return found


def windows_reading(text: str) -> HostReading:
    """Return one reading of a host; a part that cannot be read is absent."""
    rows = instances(text)
    system = next(iter(rows.get("win32_operatingsystem", ())), {})
    cores = rows.get("win32_perfrawdata_perfos_processor", ())
    parts: Sequence[Callable[[], Iterator[Reading]]] = (
        lambda: _memory(system),
        lambda: _swap(rows.get("win32_pagefileusage", ())),
        lambda: _file_systems(rows.get("win32_logicaldisk", ())),
        lambda: iter([("process.count", "", _number(system["NumberOfProcesses"]))]),
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


def windows_profile(text: str) -> HostProfile | None:
    """Return what a host is; None when no Windows answered."""
    rows = instances(text)
    system = next(iter(rows.get("win32_operatingsystem", ())), None)
    if system is None:
        return None
    machine = next(iter(rows.get("win32_computersystem", ())), {})
    services = [row for row in rows.get("win32_service", ()) if isinstance(row.get("Name"), str)]
    maker, model = _word(machine, "Manufacturer"), _word(machine, "Model")
    build = _word(system, "BuildNumber")
    return HostProfile(  # noqa: S604 (a field of that name)
        os=_word(system, "Caption"),
        os_id="windows",
        os_version=_word(system, "Version"),
        kernel=f"Windows build {build}" if build else "",
        architecture=_word(system, "OSArchitecture"),
        host_name=_word(system, "CSName"),
        services="Windows services" if services else "",
        shell="powershell",
        virtual="virtual machine" if "virtual" in f"{maker} {model}".lower() or "vmware" in maker.lower() else "",
        product=" ".join(filter(None, (maker, model))),
        cpus=_whole(machine.get("NumberOfLogicalProcessors")),
        memory_bytes=_bytes(system.get("TotalVisibleMemorySize"), 1024),
        swap_bytes=sum(_bytes(r.get("AllocatedBaseSize"), 2**20) or 0 for r in rows.get("win32_pagefileusage", ())),
        domain=_word(machine, "Domain") if machine.get("PartOfDomain") == "true" else "",
        running=_names(row["Name"] for row in services if row.get("State") == "Running"),
        stopped=_names(
            row["Name"] for row in services if row.get("StartMode") == "Auto" and row.get("State") == "Stopped"
        ),
        updates=_names(row.get("HotFixID") for row in rows.get("win32_quickfixengineering", ())),
        complete=bool(machine) and bool(services),
    )


# ------------------------------------------------------------------------------------------------ the parts


def _all(part: Callable[[], Iterator[Reading]]) -> list[Reading]:
    """Return what a part yields; [] when what the host said is not what it should be."""
    try:
        return list(part())
    except (ValueError, ArithmeticError, LookupError, TypeError):
        return []


def _number(value: object) -> float:
    """Return a number as CIM writes one. Raises ValueError, also for what is longer than any."""
    text = value if isinstance(value, str) else ""
    if len(text) > 24 or not text.isascii() or not text.replace(".", "", 1).isdecimal():
        raise ValueError(text[:24])
    return float(text)


def _whole(value: object) -> int | None:
    try:
        return int(_number(value))
    except ValueError:
        return None


def _bytes(value: object, unit: int) -> int | None:
    number = _whole(value)
    return None if number is None or number > 2**53 else number * unit


def _word(row: Row, name: str) -> str:
    value = row.get(name)
    return clean_line(value.strip(), limit=LONGEST_WORD) if isinstance(value, str) else ""


def _names(values: Iterator[Any]) -> tuple[str, ...]:
    cleaned = {clean_line(value.strip(), limit=LONGEST_WORD) for value in values if isinstance(value, str)}
    return tuple(sorted(filter(None, cleaned), key=str.casefold)[:MOST_NAMES])


def _moment(value: object) -> datetime:
    """Return a CIM datetime, as WS-Management writes it or as DMTF does (DSP0004). Raises ValueError."""
    text = value if isinstance(value, str) else ""
    told = _DMTF.fullmatch(text)
    if told:
        sign, minutes = told[8], int(told[9])
        offset = f"{sign}{minutes // 60:02}:{minutes % 60:02}"
        text = f"{told[1]}-{told[2]}-{told[3]}T{told[4]}:{told[5]}:{told[6]}.{told[7]}{offset}"
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _uptime_s(system: Row) -> float:
    return max(0.0, (_moment(system["LocalDateTime"]) - _moment(system["LastBootUpTime"])).total_seconds())


def _ticks_s(cores: Sequence[Row], system: Row) -> float | None:
    """Return a time of the host that only goes forward: its performance counter, else its uptime."""
    for row in cores:
        try:
            return _number(row["Timestamp_PerfTime"]) / _number(row["Frequency_PerfTime"])
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
                _number(row[key]) for key in ("PercentProcessorTime", "PercentUserTime", "PercentPrivilegedTime")
            )
        except (ValueError, LookupError):
            return ()
        times[int(name)] = (user, system, idle, 0.0, 0.0, user + system + idle)
    each = [times[number] for number in sorted(times)]
    if not each:
        return ()
    user, system, idle, iowait, steal, total = (math.fsum(column) for column in zip(*each, strict=True))
    return [(user, system, idle, iowait, steal, total), *each]


def _memory(system: Row) -> Iterator[Reading]:
    total, free = (_number(system[name]) * 1024 for name in ("TotalVisibleMemorySize", "FreePhysicalMemory"))
    return figures.memory(total, min(free, total))


def _swap(rows: Sequence[Row]) -> Iterator[Reading]:
    total, used = (sum(_number(row[name]) * 2**20 for row in rows) for name in ("AllocatedBaseSize", "CurrentUsage"))
    return figures.swap(total, min(used, total))


def _file_systems(rows: Sequence[Row]) -> Iterator[Reading]:
    for row in rows[:MOST_ITEMS]:
        try:
            size, free = (min(int(_number(row[name])), 2**60) for name in ("Size", "FreeSpace"))
        except (ValueError, LookupError):
            continue  # a drive without a volume has no size
        yield from figures.file_system(_word(row, "DeviceID"), (1, size, min(free, size), min(free, size), 0, 0))


def _disks(rows: Sequence[Row]) -> Iterator[Reading]:
    for row in _named(rows):
        item = _word(row, "Name")
        yield "disk.read_bytes_per_s", item, _number(row["DiskReadBytesPersec"])
        yield "disk.write_bytes_per_s", item, _number(row["DiskWriteBytesPersec"])
        busy = _number(row["Timestamp_Sys100NS"]) - _number(row["PercentIdleTime"])
        yield "disk.busy_percent", item, busy / 1e5  # 100 ns of a second, in %


def _interfaces(rows: Sequence[Row]) -> Iterator[Reading]:
    for row in _named(rows):
        item = _word(row, "Name")
        received, sent = _number(row["BytesReceivedPersec"]), _number(row["BytesSentPersec"])
        if received + sent > 0 and not _NO_INTERFACE.fullmatch(item):
            yield "net.received_bytes_per_s", item, received
            yield "net.sent_bytes_per_s", item, sent
            errors = _number(row["PacketsReceivedErrors"]) + _number(row["PacketsOutboundErrors"])
            yield "net.errors_per_s", item, errors


def _named(rows: Sequence[Row]) -> Sequence[Row]:
    return [row for row in rows if _word(row, "Name") not in ("", "_Total")][:MOST_ITEMS]
