"""A furnished inventory to ask about: three sites, four environments, roles, tags, systems, and measured values."""

from __future__ import annotations

from collections.abc import Iterator

from opsterm.assistant.world import World
from opsterm.inventory.target import LOCALHOST, Protocol, Status, Target, TargetRow
from opsterm.monitoring.sample import Sample, SeriesKey

NOW = 1_795_600_800.0
"""Wednesday 2026-11-25 10:00 UTC, 11:00 for the operator."""

OFFSET_S = 3600.0

_SERIES = (
    ("cpu.used_percent", ""), ("memory.used_percent", ""), ("load.1m", ""), ("swap.used_percent", ""),
    ("fs.used_percent", "/"), ("fs.free_bytes", "/"), ("net.received_bytes_per_s", "eth0"),
)  # fmt: skip


def rows() -> tuple[TargetRow, ...]:
    """Return 41 targets."""
    return tuple(_rows())


def _rows() -> Iterator[TargetRow]:
    yield _row(LOCALHOST, "debian 12", protocol=Protocol.LOCAL)
    for n in range(1, 13):
        status = {3: Status.OFFLINE, 7: Status.WARNING, 11: Status.OFFLINE}.get(n, Status.ONLINE)
        yield _row(f"web-{n:02}", "debian 12" if n <= 8 else "ubuntu 22.04", status, groups=("web",),
                   tags=("nginx", "pci") if n <= 4 else ("nginx",), environment="prod" if n <= 8 else "staging",
                   site="fra" if n % 2 else "ams")  # fmt: skip
    for n in range(1, 5):
        yield _row(f"db-{n}", "ubuntu 22.04", Status.CRITICAL if n == 2 else Status.ONLINE, groups=("db",),
                   tags=("postgres", "pci"), environment="prod" if n <= 2 else "dev", site="ams")  # fmt: skip
    for n in range(1, 7):
        yield _row(f"app-{n}", "rhel 9", Status.OFFLINE if n == 6 else Status.ONLINE, groups=("app",),
                   tags=("java",), environment="prod" if n <= 3 else "staging", site="lon")  # fmt: skip
    for n in range(1, 6):
        yield _row(f"pc-{n}", "Windows 10", groups=("office",), tags=("win10",), environment="office", site="lon",
                   protocol=Protocol.WINRM)  # fmt: skip
    for n in range(1, 4):
        yield _row(f"win-{n}", "Windows Server 2019", Status.OFFLINE if n == 3 else Status.ONLINE, groups=("ad",),
                   environment="prod", site="fra", protocol=Protocol.WINRM)  # fmt: skip
    for n in range(1, 5):
        yield _row(f"sw-{n}", "", groups=("switch",), site="fra" if n <= 2 else "lon", protocol=Protocol.SNMP)
    for n in range(1, 4):
        yield _row(f"fw-{n}", "freebsd 14", groups=("firewall",), tags=("edge",), site=("fra", "ams", "lon")[n - 1],
                   environment="prod")  # fmt: skip
    yield _row("mail-1", "debian 12", groups=("mail",), tags=("legacy",), environment="prod", site="fra")
    yield _row("nas-1", "freebsd 14", groups=("storage",), environment="prod", site="ams")
    yield _row("orion", "centos 7", Status.UNKNOWN, tags=("legacy",), environment="dev")


def _row(
    name: str, os: str, status: Status = Status.ONLINE, *, groups: tuple[str, ...] = (), tags: tuple[str, ...] = (),
    environment: str = "", site: str = "", protocol: Protocol = Protocol.SSH,
) -> TargetRow:  # fmt: skip
    seen = {Status.OFFLINE: NOW - 3 * 86400, Status.UNKNOWN: None}.get(status, NOW - 5)
    target = Target(name=name, os=os, groups=groups, tags=tags, environment=environment, site=site, protocol=protocol)
    return TargetRow(target=target, status=status, last_seen=seen)


def samples() -> tuple[Sample, ...]:
    """Return newest values: the n-th measured target has n * 3 % of everything, 100 - n * 2 GB free, load n / 2."""
    measured = [row.target.name for row in rows() if row.target.protocol in (Protocol.SSH, Protocol.LOCAL)]
    made = []
    for n, name in enumerate(measured, 1):
        for metric, item in _SERIES:
            value = {"load.1m": n / 2, "fs.free_bytes": (100 - n * 2) * 1e9}.get(metric, n * 3.0)
            made.append(Sample(key=SeriesKey(name, metric, item), at=NOW - 10, value=value))
    return tuple(made)


def world() -> World:
    """Return the world of ana, an hour ahead of UTC."""
    return World(
        now=NOW, utc_offset_s=OFFSET_S, operator="ana", rows=rows(), series=tuple(one.key for one in samples())
    )
