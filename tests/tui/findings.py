"""A target of which everything is known that its page can show."""

from __future__ import annotations

from dataclasses import replace

from opsterm.inventory.dependencies import Dependency, DependencyOrigin
from opsterm.inventory.service import (
    HealthCheck,
    HealthCheckKind,
    HealthStatus,
    ServicePort,
    ServiceRecord,
    ServiceState,
)
from opsterm.monitoring.checks import CheckKind, CheckPlan
from opsterm.monitoring.host_facts import ServiceUnit
from opsterm.monitoring.host_profile import HostProfile
from opsterm.monitoring.kept_profile import KeptProfile
from opsterm.monitoring.traps import Trap
from opsterm.runtime.check_places import CheckPlace
from opsterm.runtime.checks import CheckState
from opsterm.runtime.ports_services import RegistryEdit
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.runtime import Runtime
from tests.tui.cockpit import NOW

TARGET = "db-main-2"
DAY_S = 86400.0


def a_service(name: str, kind: str, port: int, **more: object) -> ServiceRecord:
    """Return an accepted service of the target that works."""
    made = ServiceRecord(
        name=name, target=TARGET, kind=kind, capabilities=(kind,), ports=(ServicePort(protocol="tcp", port=port),),
        check=HealthCheck(kind=HealthCheckKind.TCP, port=port), found_at=NOW - DAY_S, seen_at=NOW - 60,
        decided=ServiceState.ACCEPTED, health=HealthStatus.OK, health_at=NOW - 60,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # fields of a service


def a_trap(at: float, name: str, text: str, **more: object) -> Trap:
    """Return a trap of the target."""
    made = Trap(
        target=TARGET, sender="192.0.2.40", version="2c", user="", checked=True, is_inform=False,
        trap="1.3.6.1.6.3.1.1.5.3", name=name, up_time_s=None, at=at, last_at=at, bindings=(("ifDescr", text),),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # fields of a trap


def check_states() -> list[CheckState]:
    """Return how three checks stand, one of them of another target."""

    def state(name: str, target: str, word: str, **more: object) -> CheckState:
        plan = CheckPlan(name=name, kind=CheckKind.TCP, place="", selector="*", interval_s=60, timeout_s=5, failures=2)
        made = CheckState(place=CheckPlace(plan=plan, target=target, host=target, port=5432), state=word,
                          made_at=NOW - 20)  # fmt: skip
        return replace(made, **more)  # type: ignore[arg-type]  # fields of a state

    return [
        state("backup-port", TARGET, "failing", reasons=("It refused the connection.",)),
        state("postgres-port", TARGET, "passing", latency_ms=1.84),
        state("elsewhere", "web-01", "passing"),
    ]


async def furnish_findings(runtime: Runtime) -> None:
    """Keep services, dependencies, two looks and traps of the target."""
    services = [
        a_service("postgresql", "sql:postgres", 5432),
        a_service("backup-agent", "tcp", 9102, health=HealthStatus.FAILED, health_text="It refused the connection."),
        a_service("exporter", "http", 9187, decided=ServiceState.FOUND, health=HealthStatus.UNKNOWN, health_at=None),
        a_service("ntp", "ntp", 123, gone_at=NOW - 7200),
        a_service("ignored-one", "tcp", 9, decided=ServiceState.IGNORED),
    ]
    needing = [f"php-fpm@web-{n:02d}" for n in range(1, 6)]
    depend = [
        Dependency(service=one, on=f"postgresql@{TARGET}", origin=DependencyOrigin.OBSERVED, found_at=NOW)
        for one in needing
    ]
    await runtime.store.services.update(lambda state: (RegistryEdit(save=services, depend=depend), []))
    before = HostProfile(
        os="Debian GNU/Linux 12", kernel="Linux 6.1.0-37", architecture="x86_64", cpus=4, services="systemd",
        units=(ServiceUnit(name="ntp", state="running", enabled=True),),
    )  # fmt: skip
    after = replace(before, kernel="Linux 6.1.0-40", units=(ServiceUnit(name="ntp", state="failed", enabled=True),))
    for profile, since, at in ((before, NOW - 3 * DAY_S, NOW - DAY_S), (after, NOW - 7200, NOW - 600)):
        await runtime.store.profiles.keep(KeptProfile(target=TARGET, since=since, at=at, profile=profile), [])
    traps = [a_trap(NOW - 300 * n, "linkDown" if n % 2 else "linkUp", f"eth{n}", count=n) for n in range(1, 9)]
    row = await runtime.store.lease.acquire(holder="me", face="serve", boot="b", monotonic=0.0, now=0.0, ttl_s=6.0)
    fence = Fence(holder=row.holder, epoch=row.epoch)
    await runtime.store.traps.keep(traps, {}, lambda _: [], fence=fence)
    await runtime.store.lease.release(fence)
