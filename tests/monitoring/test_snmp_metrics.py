"""From an agent's tables to the metrics that every host has, and to what it is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.mib import NAMES, Oid, parse_oid
from opsterm.monitoring.snmp_metrics import SnmpSnapshot, measured
from opsterm.monitoring.snmp_profile import profile_of
from opsterm.monitoring.snmp_values import SnmpValue, ValueKind

FIXED_DISK, RAM = parse_oid("1.3.6.1.2.1.25.2.1.4"), parse_oid("1.3.6.1.2.1.25.2.1.2")


def value(given: object) -> SnmpValue:
    if isinstance(given, str):
        return SnmpValue(ValueKind.STRING, given.encode())
    if isinstance(given, tuple):
        return SnmpValue(ValueKind.OID, given)
    assert isinstance(given, int)
    return SnmpValue(ValueKind.GAUGE, given)


def snap(at: float, **objects: object) -> SnmpSnapshot:
    """Return a snapshot: `ifName_2="eth0"` is ifName.2, a name without a number the scalar."""
    values: dict[Oid, SnmpValue] = {}
    for spoken, what in {"sysUpTime": 1000 + round(at * 100), **objects}.items():
        name, _, row = spoken.partition("_")
        values[*NAMES[name], int(row or 0)] = value(what)
    return SnmpSnapshot(at, values)


def found(before: SnmpSnapshot | None, now: SnmpSnapshot) -> Mapping[tuple[str, str], float]:
    return {(metric, item): value for metric, item, value in measured(before, now)}


def net(received: float, item: str = "eth0") -> Mapping[tuple[str, str], float]:
    return {("net.received_bytes_per_s", item): received}


INTERFACES = {
    "64 bits before 32": (
        {"ifName_2": "eth0", "ifInOctets_2": 5, "ifHCInOctets_2": 2**40},
        {"ifName_2": "eth0", "ifInOctets_2": 9, "ifHCInOctets_2": 2**40 + 1000}, net(100.0),
    ),
    "32 bits that wrapped": (
        {"ifDescr_2": "eth0", "ifInOctets_2": 2**32 - 400}, {"ifDescr_2": "eth0", "ifInOctets_2": 600}, net(100.0),
    ),
    "32 bits that began again": (
        {"ifDescr_2": "eth0", "ifInOctets_2": 10**9, "ifSpeed_2": 10**8},
        {"ifDescr_2": "eth0", "ifInOctets_2": 600, "ifSpeed_2": 10**8}, {},
    ),
    "64 bits that began again": (
        {"ifDescr_2": "eth0", "ifHCInOctets_2": 10**9}, {"ifDescr_2": "eth0", "ifHCInOctets_2": 600}, {},
    ),
    "a discontinuity": (
        {"ifDescr_2": "eth0", "ifHCInOctets_2": 1, "ifCounterDiscontinuityTime_2": 0},
        {"ifDescr_2": "eth0", "ifHCInOctets_2": 600, "ifCounterDiscontinuityTime_2": 900}, {},
    ),
    "loopback": (
        {"ifDescr_1": "lo", "ifType_1": 24, "ifHCInOctets_1": 1},
        {"ifDescr_1": "lo", "ifType_1": 24, "ifHCInOctets_1": 600}, {},
    ),
    "an agent that began again": (
        {"ifDescr_2": "eth0", "ifHCInOctets_2": 1, "sysUpTime": 10_000_000},
        {"ifDescr_2": "eth0", "ifHCInOctets_2": 600, "sysUpTime": 100}, {},
    ),
    "two of one name": (
        {"ifDescr_2": "port", "ifHCInOctets_2": 1, "ifDescr_3": "port"},
        {"ifDescr_2": "port", "ifHCInOctets_2": 1001, "ifDescr_3": "port"}, net(100.0, "port#2"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "now", "rates"), INTERFACES.values(), ids=INTERFACES)
def test_the_rate_of_an_interface_is_right_or_absent(
    before: Mapping[str, object], now: Mapping[str, object], rates: Mapping[tuple[str, str], float]
) -> None:
    made = found(snap(0.0, **before), snap(10.0, **now))
    assert {key: rate for key, rate in made.items() if key[0].startswith("net.")} == pytest.approx(rates)


def test_errors_of_both_directions_are_one_rate() -> None:
    before, now = snap(0.0, ifDescr_2="eth0", ifInErrors_2=1, ifOutErrors_2=0), snap(
        10.0, ifDescr_2="eth0", ifInErrors_2=21, ifOutErrors_2=10
    )  # fmt: skip
    assert found(before, now)["net.errors_per_s", "eth0"] == pytest.approx(3.0)


def test_a_first_measurement_has_no_rates() -> None:
    made = found(None, snap(0.0, ifDescr_2="eth0", ifHCInOctets_2=600, ssCpuRawIdle=1, hrSystemProcesses=120))
    assert set(made) == {("process.count", ""), ("host.uptime_s", "")}


def test_file_systems_are_counted_in_bytes_and_places_without_files_are_left_out() -> None:
    made = found(None, snap(
        0.0, hrStorageType_1=FIXED_DISK, hrStorageDescr_1="/var", hrStorageAllocationUnits_1=4096,
        hrStorageSize_1=1000, hrStorageUsed_1=250, hrStorageType_2=FIXED_DISK, hrStorageDescr_2="/dev/shm",
        hrStorageAllocationUnits_2=4096, hrStorageSize_2=1000, hrStorageUsed_2=0, hrStorageType_3=RAM,
        hrStorageDescr_3="RAM", hrStorageAllocationUnits_3=1024, hrStorageSize_3=1000, hrStorageUsed_3=400,
    ))  # fmt: skip
    assert made["fs.used_percent", "/var"] == 25.0
    assert made["fs.used_bytes", "/var"] == 250 * 4096
    assert made["fs.free_bytes", "/var"] == 750 * 4096
    assert made["memory.used_percent", ""] == pytest.approx(40.0)
    assert not [key for key in made if key[1] == "/dev/shm"]


def test_a_file_system_larger_than_31_bits_of_blocks_is_not_negative() -> None:
    made = found(None, snap(
        0.0, hrStorageType_1=FIXED_DISK, hrStorageDescr_1="/data", hrStorageAllocationUnits_1=4096,
        hrStorageSize_1=-1_294_967_296, hrStorageUsed_1=1_500_000_000,
    ))  # fmt: skip
    assert made["fs.used_percent", "/data"] == pytest.approx(50.0)


def test_memory_is_what_a_new_program_could_not_have() -> None:
    made = found(None, snap(0.0, memTotalReal=1000, memAvailReal=100, memBuffer=50, memCached=450, memTotalSwap=200,
                            memAvailSwap=150))  # fmt: skip
    assert made["memory.used_percent", ""] == pytest.approx(40.0)
    assert made["memory.available_bytes", ""] == 600 * 1024
    assert made["swap.used_percent", ""] == pytest.approx(25.0)


def test_processor_time_comes_from_the_counters_where_there_are_some() -> None:
    counters = {"ssCpuRawUser": 100, "ssCpuRawSystem": 50, "ssCpuRawIdle": 2**32 - 300, "ssCpuRawWait": 10}
    later = {"ssCpuRawUser": 300, "ssCpuRawSystem": 150, "ssCpuRawIdle": 300, "ssCpuRawWait": 110}
    made = found(snap(0.0, **counters), snap(10.0, **later, hrProcessorLoad_1=99))
    shares = {name: made[f"cpu.{name}_percent", ""] for name in ("used", "user", "system", "iowait")}
    assert shares == pytest.approx({"used": 30.0, "user": 20.0, "system": 10.0, "iowait": 10.0})


def test_processor_time_is_the_mean_of_the_processors_where_there_are_no_counters() -> None:
    made = found(None, snap(0.0, hrProcessorLoad_1=10, hrProcessorLoad_2=30, laLoadInt_1=150))
    assert made["cpu.used_percent", ""] == 20.0
    assert [made["cpu.core_percent", core] for core in "01"] == [10.0, 30.0]
    assert (made["load.1m", ""], made["load.per_core", ""]) == (1.5, 0.75)


objects = st.dictionaries(
    st.sampled_from([name for name in NAMES if name.startswith(("if", "hr", "mem", "ss", "la"))]).flatmap(
        lambda name: st.sampled_from((f"{name}_0", f"{name}_1", f"{name}_2"))
    ),
    st.one_of(st.integers(-(2**31), 2**64 - 1), st.text(max_size=5), st.sampled_from((FIXED_DISK, RAM))),
    max_size=60,
)


@given(objects, objects, st.floats(0.1, 1000))
def test_no_agent_can_make_a_metric_that_cannot_be(
    before: Mapping[str, object], now: Mapping[str, object], elapsed_s: float
) -> None:
    for metric, _, number in measured(snap(0.0, **before), snap(elapsed_s, **now)):
        known = CATALOGUE[metric]
        assert number >= 0 or metric.startswith(("load.", "process.", "host."))
        assert known.bound is None or number <= known.bound * (1 + 1e-9)


PROFILES = {
    "Linux": ("Linux web-1 6.1.0-18-amd64 #1 SMP Debian", (1, 3, 6, 1, 4, 1, 8072, 3, 2, 10),
              ("Net-SNMP", "linux", "6.1.0-18-amd64")),
    "Cisco IOS": ("Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE4, RELEASE SOFTWARE",
                  (1, 3, 6, 1, 4, 1, 9, 1, 1208), ("Cisco", "cisco ios", "15.0(2)SE4")),
    "Junos": ("Juniper Networks, Inc. ex2200 Ethernet Switch, kernel JUNOS 12.3R12.4, Build date: 2016",
              (1, 3, 6, 1, 4, 1, 2636, 1, 1, 1, 2, 43), ("Juniper", "junos", "12.3R12.4")),
    "RouterOS": ("RouterOS 7.11.2 CCR2004", (1, 3, 6, 1, 4, 1, 14988, 1), ("MikroTik", "routeros", "7.11.2")),
    "a stranger": ("Toaster", (1, 3, 6, 1, 4, 1, 99999), ("", "", "")),
    "nothing": ("", (), ("", "", "")),
}  # fmt: skip


@pytest.mark.parametrize(("description", "object_id", "known"), PROFILES.values(), ids=PROFILES)
def test_what_a_target_is(description: str, object_id: Oid, known: tuple[str, str, str]) -> None:
    made = profile_of(snap(0.0, sysDescr=description, sysObjectID=object_id))
    assert (made.vendor, made.os, made.os_version) == known
    assert made.uptime_s == 10.0


def test_the_chassis_tells_model_and_serial_number() -> None:
    made = profile_of(snap(
        0.0, entPhysicalClass_1=9, entPhysicalModelName_1="a module", entPhysicalClass_2=3,
        entPhysicalModelName_2="WS-C2960", entPhysicalSerialNum_2="FOC1\x1b[2J", entPhysicalMfgName_2="Cisco Systems",
    ))  # fmt: skip
    assert (made.model, made.vendor, made.serial) == ("WS-C2960", "Cisco Systems", r"FOC1\x1b[2J")


UP, DOWN, BELOW, NOT_WANTED = (1, 1), (1, 2), (1, 7), (2, 2)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (UP, UP, 0.0), (UP, DOWN, 1.0), (UP, BELOW, 1.0), (DOWN, UP, 0.0), (UP, NOT_WANTED, 0.0),
        (DOWN, DOWN, None), (NOT_WANTED, DOWN, None), (None, UP, 0.0), (None, DOWN, None),
    ],
)  # fmt: skip
def test_a_link_that_was_up_and_is_not_any_more_is_down(
    before: tuple[int, int] | None, now: tuple[int, int], said: float | None
) -> None:
    def at(seconds: float, status: tuple[int, int]) -> SnmpSnapshot:
        return snap(seconds, ifDescr_2="eth0", ifAdminStatus_2=status[0], ifOperStatus_2=status[1])

    made = found(None if before is None else at(0.0, before), at(10.0, now))
    assert made.get(("net.link_down", "eth0")) == said
