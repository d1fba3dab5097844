"""From what an agent says to the metrics every host has: the same names and units as those of this host.

Sources: RFC 2863 (interfaces), RFC 2790 (storage, processors, processes), UCD-SNMP-MIB of Net-SNMP (processor time,
memory, load). What an agent does not have is absent from a measurement, never zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from opsterm.monitoring.counters import CounterReading, growth, restarted
from opsterm.monitoring.metrics import LINK_DOWN
from opsterm.monitoring.mib import NAMES, Oid, instance_of, is_below
from opsterm.monitoring.snmp_values import Binding, SnmpValue

Measured = tuple[str, str, float]
"""Metric, item, value."""

SCALARS: Sequence[Oid] = [
    instance_of(NAMES[name])
    for name in (
        "sysUpTime", "hrSystemUptime", "hrSystemProcesses", "memTotalSwap", "memAvailSwap", "memTotalReal",
        "memAvailReal", "memBuffer", "memCached", "memSysAvail", "ssCpuRawUser", "ssCpuRawNice", "ssCpuRawSystem",
        "ssCpuRawIdle", "ssCpuRawWait", "ssCpuRawInterrupt", "ssCpuRawSoftIRQ", "ssCpuRawSteal",
    )
]  # fmt: skip
"""What a measurement gets."""

TREES: Sequence[Oid] = [
    NAMES[name]
    for name in (
        "ifAdminStatus", "ifOperStatus",
        "ifName", "ifHCInOctets", "ifHCOutOctets", "ifHighSpeed", "ifCounterDiscontinuityTime", "ifDescr", "ifType",
        "ifSpeed", "ifInOctets", "ifOutOctets", "ifInErrors", "ifOutErrors", "hrStorageType", "hrStorageDescr",
        "hrStorageAllocationUnits", "hrStorageSize", "hrStorageUsed", "hrProcessorLoad", "laLoadInt",
    )
]  # fmt: skip
"""What a measurement walks."""

_LOOPBACK = 24
_DOWN = 2
_CARRIES = (1, 4, 5)  # up; unknown, as virtual interfaces say it; dormant, which waits to be dialled
_CARRIES_NOT = (2, 6, 7)  # down; its part is not there; what is below it is down
_STORAGE_TYPES = (*NAMES["host"], 2, 1)
_RAM, _FIXED_DISK = (*_STORAGE_TYPES, 2), (*_STORAGE_TYPES, 4)
_NO_FILES = ("/dev", "/run", "/sys", "/proc")
_LARGEST_SPEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class SnmpSnapshot:
    """Everything that one measurement read.

    Attributes:
        monotonic: when, in seconds of the monotonic clock.
        values: by identifier; what the agent lacks is not in it.
    """

    monotonic: float
    values: Mapping[Oid, SnmpValue]

    def number(self, name: str, instance: Oid = (0,)) -> int | None:
        """Return a number of a named object, None where there is none."""
        found = self.values.get((*NAMES[name], *instance))
        return found.number if found else None

    def text(self, name: str, instance: Oid) -> str:
        """Return a text of a named object, "" where there is none."""
        found = self.values.get((*NAMES[name], *instance))
        return found.text if found else ""

    def instances(self, *names: str) -> Sequence[Oid]:
        """Return the instances that any of some columns has, in order."""
        roots = [NAMES[name] for name in names]
        return sorted({oid[len(root) :] for root in roots for oid in self.values if is_below(oid, root)})


def snapshot(monotonic: float, bindings: Sequence[Binding]) -> SnmpSnapshot:
    """Return what was read as a snapshot."""
    return SnmpSnapshot(monotonic, {b.oid: b.value for b in bindings if b.value.value is not None})


def measured(before: SnmpSnapshot | None, now: SnmpSnapshot) -> Iterator[Measured]:
    """Yield the metrics of a target; what needs two readings is absent when there is no earlier one.

    Args:
        before: the snapshot before this one, None at first.
        now: the newest.
    """
    earlier = before
    if before is not None:
        up = (before.number("sysUpTime"), now.number("sysUpTime"))
        elapsed_s = now.monotonic - before.monotonic
        if elapsed_s <= 0 or None in up or restarted(up[0] or 0, up[1] or 0, elapsed_s=elapsed_s):
            earlier = None
    yield from _processors(earlier, now)
    yield from _load(now)
    yield from _memory(now)
    yield from _storage(now)
    yield from _links(earlier, now)
    yield from _interfaces(earlier, now)
    processes = now.number("hrSystemProcesses")
    if processes is not None:
        yield "process.count", "", float(processes)
    up_time = now.number("hrSystemUptime")
    if up_time is None:  # the agent's own, where it tells nothing of its host
        up_time = now.number("sysUpTime")
    if up_time is not None:
        yield "host.uptime_s", "", up_time / 100


_CPU_PARTS = ("User", "Nice", "System", "Idle", "Wait", "Interrupt", "SoftIRQ", "Steal")


def _processors(before: SnmpSnapshot | None, now: SnmpSnapshot) -> Iterator[Measured]:
    """Yield processor time: from the counters of Net-SNMP where there are some, else the one-minute means."""
    loads = [now.number("hrProcessorLoad", instance) for instance in now.instances("hrProcessorLoad")]
    known = [float(load) for load in loads if load is not None and 0 <= load <= 100]
    if now.number("ssCpuRawIdle") is not None:
        yield from _cpu_shares(before, now)
    elif known:
        yield "cpu.used_percent", "", sum(known) / len(known)
    for number, load in enumerate(known):
        yield "cpu.core_percent", str(number), load


def _cpu_shares(before: SnmpSnapshot | None, now: SnmpSnapshot) -> Iterator[Measured]:
    if before is None:
        return
    elapsed_s = now.monotonic - before.monotonic
    grown: dict[str, float] = {}
    for part in _CPU_PARTS:
        rate = _rate(before, now, f"ssCpuRaw{part}", (0,), bits=32, elapsed_s=elapsed_s)
        if rate is not None:
            grown[part] = rate
    total = sum(grown.values())
    if total <= 0 or "Idle" not in grown:
        return
    scale = 100.0 / total
    user = grown.get("User", 0.0) + grown.get("Nice", 0.0)
    system = sum(grown.get(part, 0.0) for part in ("System", "Interrupt", "SoftIRQ"))
    yield "cpu.used_percent", "", (user + system + grown.get("Steal", 0.0)) * scale
    yield "cpu.user_percent", "", user * scale
    yield "cpu.system_percent", "", system * scale
    if "Wait" in grown:
        yield "cpu.iowait_percent", "", grown["Wait"] * scale
    if "Steal" in grown:
        yield "cpu.steal_percent", "", grown["Steal"] * scale


def _load(now: SnmpSnapshot) -> Iterator[Measured]:
    for row, metric in ((1, "load.1m"), (2, "load.5m"), (3, "load.15m")):
        hundredths = now.number("laLoadInt", (row,))
        if hundredths is not None:
            yield metric, "", hundredths / 100
    cores = len(now.instances("hrProcessorLoad"))
    one = now.number("laLoadInt", (1,))
    if one is not None and cores:
        yield "load.per_core", "", one / 100 / cores


def _memory(now: SnmpSnapshot) -> Iterator[Measured]:
    """Yield memory: in KiB from Net-SNMP where it tells, else from the storage table's RAM."""
    total, free = now.number("memTotalReal"), now.number("memAvailReal")
    available = now.number("memSysAvail")
    if total and free is not None:
        if available is None:  # agents before 5.9: what is cached can be had, nearly all of it
            available = free + (now.number("memBuffer") or 0) + (now.number("memCached") or 0)
        yield from _memory_of(total * 1024, min(available, total) * 1024)
    else:
        rooms = [room for row in now.instances("hrStorageType") if (room := _room(now, row)) and room[0] == _RAM]
        if len(rooms) == 1:  # Net-SNMP has several rows of this type, and tells memory the other way as well
            _, size, used = rooms[0]
            yield from _memory_of(size, size - used)
    swap, swap_free = now.number("memTotalSwap"), now.number("memAvailSwap")
    if swap and swap_free is not None:
        yield "swap.used_percent", "", 100.0 * (swap - swap_free) / swap
        yield "swap.used_bytes", "", (swap - swap_free) * 1024.0


def _memory_of(total: int, available: int) -> Iterator[Measured]:
    yield "memory.used_percent", "", 100.0 * (total - available) / total
    yield "memory.used_bytes", "", float(total - available)
    yield "memory.available_bytes", "", float(available)


def _room(now: SnmpSnapshot, row: Oid) -> tuple[Oid, int, int] | None:
    """Return type, size and use in bytes of a row of the storage table; None where it has no size.

    Both numbers are 32 bits with a sign on the wire; large file systems make them negative (Net-SNMP does).
    """
    kind = now.values[(*NAMES["hrStorageType"], *row)].value
    units, size, used = (now.number(f"hrStorage{name}", row) for name in ("AllocationUnits", "Size", "Used"))
    if not isinstance(kind, tuple) or units is None or units <= 0 or not size or used is None:
        return None
    size, used = size % 2**32, used % 2**32
    return (kind, size * units, used * units) if used <= size else None


def _storage(now: SnmpSnapshot) -> Iterator[Measured]:
    for row in now.instances("hrStorageType"):
        room, name = _room(now, row), now.text("hrStorageDescr", row)
        if room is None or room[0] != _FIXED_DISK or not name:
            continue
        if any(name == place or name.startswith(f"{place}/") for place in _NO_FILES):
            continue
        _, size, used = room
        yield "fs.used_percent", name, 100.0 * used / size
        yield "fs.used_bytes", name, float(used)
        yield "fs.free_bytes", name, float(size - used)


def _interfaces(before: SnmpSnapshot | None, now: SnmpSnapshot) -> Iterator[Measured]:
    if before is None:
        return
    elapsed_s = now.monotonic - before.monotonic
    for row, name in _named_interfaces(now):
        if _began_again(before, now, row):
            continue
        speed = _octets_per_s(now, row)
        for metric, wide, narrow in (
            ("net.received_bytes_per_s", "ifHCInOctets", "ifInOctets"),
            ("net.sent_bytes_per_s", "ifHCOutOctets", "ifOutOctets"),
        ):
            bits = 64 if now.number(wide, row) is not None else 32
            column = wide if bits == 64 else narrow
            rate = _rate(before, now, column, row, bits=bits, elapsed_s=elapsed_s, fastest=speed)
            if rate is not None and now.number(column, row):
                yield metric, name, rate
        errors = [_rate(before, now, f"if{way}Errors", row, bits=32, elapsed_s=elapsed_s) for way in ("In", "Out")]
        known = [rate for rate in errors if rate is not None]
        if known:
            yield "net.errors_per_s", name, sum(known)


def _named_interfaces(now: SnmpSnapshot) -> Iterator[tuple[Oid, str]]:
    """Yield row and name of each interface that leads anywhere; names that several have get their row behind them."""
    rows = now.instances("ifDescr", "ifName")
    names = {row: now.text("ifName", row) or now.text("ifDescr", row) or row_text(row) for row in rows}
    counts = Counter(names.values())
    for row, name in names.items():
        if now.number("ifType", row) != _LOOPBACK:
            yield row, f"{name}#{row_text(row)}" if counts[name] > 1 else name


def _links(before: SnmpSnapshot | None, now: SnmpSnapshot) -> Iterator[Measured]:
    """Yield 0 for a link that is up, or is not meant to be; 1 for one that was up before. Others never were."""
    for row, name in _named_interfaces(now):
        wanted, found = now.number("ifAdminStatus", row), now.number("ifOperStatus", row)
        if found in _CARRIES or wanted == _DOWN:
            yield LINK_DOWN, name, 0.0
        elif found in _CARRIES_NOT and before is not None and before.number("ifOperStatus", row) in _CARRIES:
            yield LINK_DOWN, name, 1.0


def row_text(row: Oid) -> str:
    """Return the index of a row as it is written: "2"."""
    return ".".join(map(str, row))


def _began_again(before: SnmpSnapshot, now: SnmpSnapshot, row: Oid) -> bool:
    """Return whether an interface says that its counters began again between two readings."""
    times = [snap.number("ifCounterDiscontinuityTime", row) for snap in (before, now)]
    return None not in times and times[0] != times[1]


def _octets_per_s(now: SnmpSnapshot, row: Oid) -> float | None:
    """Return how many octets a link can carry in a second; None when it does not say, or says too little.

    A virtual link's speed is a figure of speech, so nothing below 1 Gb/s is taken for a limit.
    """
    high, low = now.number("ifHighSpeed", row), now.number("ifSpeed", row)
    bits = high * 1e6 if high else float(low) if low and low < _LARGEST_SPEED else 0.0
    return max(bits, 1e9) / 8 if bits else None


def _rate(
    before: SnmpSnapshot, now: SnmpSnapshot, name: str, row: Oid, *, bits: int, elapsed_s: float,
    fastest: float | None = None,
) -> float | None:  # fmt: skip
    first, last = before.number(name, row), now.number(name, row)
    if first is None or last is None:
        return None
    return growth(
        CounterReading(count=first, bits=bits), CounterReading(count=last, bits=bits), elapsed_s=elapsed_s,
        fastest=fastest if bits == 32 else None,
    )  # fmt: skip
