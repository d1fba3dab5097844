"""A Windows host's figures and profile, from CIM instances."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.remote_host import readings
from opsterm.monitoring.windows_host import windows_profile, windows_reading

SECOND = 10_000_000  # of 100 ns


def said(*rows: tuple[str, dict[str, Any]]) -> str:
    return "".join(json.dumps({"class": name, **row}) + "\n" for name, row in rows)


def reading(at_s: float) -> str:
    """What a host with two processors says: one of them half busy; a disk that is busy a fifth of the time."""
    ticks = int(at_s * SECOND)
    system = {
        "FreePhysicalMemory": "2000000", "TotalVisibleMemorySize": "8000000", "NumberOfProcesses": "120",
        "LastBootUpTime": "2026-11-28T09:00:00.5Z", "LocalDateTime": "2026-11-28T20:00:01.5+01:00",
    }  # fmt: skip
    rows: list[tuple[str, dict[str, Any]]] = [("Win32_OperatingSystem", system)]
    rows += [
        (
            "Win32_PerfRawData_PerfOS_Processor",
            {"Name": name, "PercentProcessorTime": str(int(idle * ticks)), "PercentUserTime": str(int(user * ticks)),
             "PercentPrivilegedTime": str(int(kernel * ticks)), "Timestamp_PerfTime": str(ticks),
             "Frequency_PerfTime": str(SECOND)},
        )
        for name, idle, user, kernel in (("1", 0.5, 0.4, 0.1), ("0", 1.0, 0.0, 0.0), ("_Total", 0.7, 0.2, 0.1))
    ]  # fmt: skip
    rows += [
        (
            "Win32_PerfRawData_PerfDisk_PhysicalDisk",
            {"Name": name, "DiskReadBytesPersec": str(int(1000 * at_s)), "DiskWriteBytesPersec": "5",
             "PercentIdleTime": str(int(0.8 * ticks)), "Timestamp_Sys100NS": str(ticks)},
        )
        for name in ("0 C:", "_Total")
    ]  # fmt: skip
    rows += [
        (
            "Win32_PerfRawData_Tcpip_NetworkInterface",
            {"Name": name, "BytesReceivedPersec": str(int(2000 * at_s)), "BytesSentPersec": str(int(500 * at_s)),
             "PacketsReceivedErrors": "1", "PacketsOutboundErrors": "2"},
        )
        for name in ("Intel[R] Ethernet", "isatap.lab")
    ]  # fmt: skip
    rows += [
        ("Win32_LogicalDisk", {"DeviceID": "C:", "Size": "1000", "FreeSpace": "250"}),
        ("Win32_LogicalDisk", {"DeviceID": "E:", "Size": None, "FreeSpace": None}),
        ("Win32_PageFileUsage", {"AllocatedBaseSize": "2048", "CurrentUsage": "512"}),
    ]
    return said(*rows)


def test_two_readings_make_the_figures_of_any_host() -> None:
    before, now = windows_reading(reading(100)), windows_reading(reading(110))
    assert before.complete
    found = {(metric, item): value for metric, item, value in readings(before, now)}
    assert found["cpu.used_percent", ""] == pytest.approx(25)
    assert found["cpu.user_percent", ""] == pytest.approx(20)
    assert found["cpu.core_percent", "1"] == pytest.approx(50)
    assert found["memory.used_percent", ""] == 75
    assert found["swap.used_bytes", ""] == 512 * 2**20
    assert found["fs.used_percent", "C:"] == 75
    assert found["disk.read_bytes_per_s", "0 C:"] == pytest.approx(1000)
    assert found["disk.busy_percent", "0 C:"] == pytest.approx(20)
    assert found["net.received_bytes_per_s", "Intel[R] Ethernet"] == pytest.approx(2000)
    assert found["process.count", ""] == 120
    assert found["host.uptime_s", ""] == 10 * 3600 + 1
    assert {metric for metric, _ in found} <= set(CATALOGUE)
    assert not any("iowait" in metric or "Total" in item or "isatap" in item or item == "E:" for metric, item in found)


def test_a_restart_makes_no_rates() -> None:
    found = {metric for metric, _, _ in readings(windows_reading(reading(500)), windows_reading(reading(20)))}
    assert "memory.used_percent" in found
    assert not found & {"cpu.used_percent", "disk.busy_percent"}


def test_a_class_that_is_missing_hides_no_other() -> None:
    lines = [line for line in reading(50).splitlines() if "PerfDisk" not in line]
    found = windows_reading("\n".join([*lines, '{"class": "Win32_X", "fault": "1: no"}', "not json"]))
    assert found.complete
    assert not any(metric.startswith("disk.") for metric, _ in found.counters)
    assert windows_reading("").says_nothing


def test_a_profile() -> None:
    found = windows_profile(said(
        ("Win32_OperatingSystem", {"Caption": "Microsoft Windows Server 2022 Standard ", "Version": "10.0.20348",
                                   "BuildNumber": "20348", "OSArchitecture": "64-bit", "CSName": "WIN\x1b[1m",
                                   "TotalVisibleMemorySize": "8000000"}),
        ("Win32_ComputerSystem", {"Manufacturer": "VMware, Inc.", "Model": "VMware7,1", "Domain": "lab.example",
                                  "PartOfDomain": "true", "NumberOfLogicalProcessors": "4"}),
        ("Win32_Service", {"Name": "Spooler", "State": "Running", "StartMode": "Auto"}),
        ("Win32_Service", {"Name": "wuauserv", "State": "Stopped", "StartMode": "Manual"}),
        ("Win32_Service", {"Name": "Broken", "State": "Stopped", "StartMode": "Auto"}),
        ("Win32_QuickFixEngineering", {"HotFixID": "KB1"}),
    ))  # fmt: skip
    assert found is not None
    assert (found.os, found.os_id, found.kernel) == (
        "Microsoft Windows Server 2022 Standard", "windows", "Windows build 20348",
    )  # fmt: skip
    assert [(unit.name, unit.state, unit.enabled) for unit in found.units or ()] == [
        ("Broken", "stopped", True), ("Spooler", "running", True), ("wuauserv", "stopped", None),
    ]  # fmt: skip
    assert (found.updates, found.domain) == (("KB1",), "lab.example")
    assert (found.listeners, found.links, found.login_sessions) == (None, None, None)  # it was not told
    assert (found.cpus, found.memory_bytes, found.virtual) == (4, 8_192_000_000, "virtual machine")
    assert "\x1b" not in found.host_name
    assert windows_profile("Linux") is None


@given(
    st.lists(st.tuples(st.sampled_from(reading(9).splitlines()), st.integers(0, 300), st.text(max_size=6)), max_size=20)
)
def test_nothing_a_host_says_raises(cuts: list[tuple[str, int, str]]) -> None:
    text = "\n".join(line[:at] + noise + line[at:] for line, at, noise in cuts)
    before, now = windows_reading(text), windows_reading(reading(20))
    list(readings(before, now))
    list(readings(now, before))
    windows_profile(text)
    windows_profile(json.dumps({"class": "Win32_OperatingSystem", "Caption": ["x"], "Version": 5}) + "\n" + text)


@pytest.mark.parametrize(
    "moment", ["20261128090000.500000+060", "2026-11-28T08:00:00.5Z", "2026-11-28T09:00:00.500000+01:00"]
)
def test_both_ways_to_write_a_moment(moment: str) -> None:
    row = {"LastBootUpTime": moment, "LocalDateTime": "2026-11-28T08:00:10.5Z"}
    found = windows_reading(said(("Win32_OperatingSystem", row)))
    assert ("host.uptime_s", "", 10.0) in found.gauges
