"""A small fleet to ask about."""

from __future__ import annotations

from opsterm.assistant.world import World
from opsterm.inventory.service import HealthCheck, HealthCheckKind, ServiceRecord
from opsterm.inventory.target import LOCALHOST, Protocol, Status, Target, TargetRow
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import SeriesKey

NOW = 1_790_000_000.0
"""Monday 2026-09-21 14:13:20 UTC, 16:13:20 for the operator."""

VAR = SeriesKey("localhost", "fs.used_percent", "/var")
ALERT = Alert(
    id=7, fingerprint="x", key=VAR, rule="fs.used_percent above 90 %", severity=Severity.CRITICAL,
    state=AlertState.FIRING,
    summary="file system /var 97 %, above 90 %", advice="Look for what grew: du -xh /var", value=97.0, unit="%",
    level=90.0,
    since=NOW - 240, last_seen=NOW - 4, count=4,
)  # fmt: skip


def _row(target: Target, status: Status = Status.ONLINE) -> TargetRow:
    return TargetRow(target=target, status=status, last_seen=NOW - 3)


def rows() -> tuple[TargetRow, ...]:
    """Return localhost, six web servers, three databases, three offices, a Windows server and two switches."""
    made = [_row(Target(name=LOCALHOST, os="debian 12", protocol=Protocol.LOCAL, source="built-in"))]
    made += [
        _row(Target(name=f"web-{n:02}", os="debian 12", groups=("web",), tags=("nginx", "prod"), environment="prod",
                    site="fra"), Status.OFFLINE if n == 3 else Status.ONLINE)
        for n in range(1, 7)
    ]  # fmt: skip
    made += [
        _row(Target(name=f"db-main-{n}", os="ubuntu 22.04", groups=("db",), tags=("postgres",), environment="prod",
                    site="ams"), Status.CRITICAL if n == 1 else Status.ONLINE)
        for n in range(1, 4)
    ]  # fmt: skip
    made += [
        _row(Target(name=f"pc-{n}", os="Windows 10", groups=("office",), tags=("win10",), protocol=Protocol.WINRM,
                    environment="lab", site="fra"))
        for n in range(1, 4)
    ]  # fmt: skip
    made.append(_row(Target(name="srv-1", os="windows server 2019", groups=("ad",), protocol=Protocol.WINRM)))
    made += [_row(Target(name=f"sw-{n}", protocol=Protocol.SNMP, groups=("switch",), site="ams")) for n in (1, 2)]
    return tuple(made)


def _service(name: str, target: str, kind: str) -> ServiceRecord:
    return ServiceRecord(
        name=name, target=target, kind=kind, capabilities=(kind,), ports=(),
        check=HealthCheck(kind=HealthCheckKind.NONE), found_at=NOW, seen_at=NOW, process=name, unit=name,
    )  # fmt: skip


def world() -> World:
    """Return the world of ana, two hours ahead of UTC."""
    items = [
        ("fs.used_percent", "/"),
        ("fs.used_percent", "/var"),
        ("net.received_bytes_per_s", "eth0"),
        ("load.1m", ""),
    ]
    return World(
        now=NOW,
        utc_offset_s=7200.0,
        operator="ana",
        rows=rows(),
        managers={"db-main-1": "systemd", "db-main-2": "OpenRC", "db-main-3": "SysV"},
        services=(
            _service("nginx", "web-01", "http"),
            _service("nginx", "web-02", "http"),
            _service("postgresql", "db-main-1", "sql:postgres"),
        ),
        series=tuple(SeriesKey(LOCALHOST, metric, item) for metric, item in items),
    )
