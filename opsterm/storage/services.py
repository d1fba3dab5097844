"""The registry of services on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from opsterm.core.events import Fact
from opsterm.inventory.dependencies import Dependency, DependencyOrigin
from opsterm.inventory.service import (
    HealthCheck,
    HealthCheckKind,
    HealthStatus,
    ServicePort,
    ServiceRecord,
    ServiceState,
)
from opsterm.runtime.ports_services import RegistryEdit, RegistryState
from opsterm.runtime.ports_store import Fence
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

_COLUMNS = """target, name, kind, capabilities, ports, process, unit, version, check_kind, check_port, decided,
found_at, seen_at, gone_at, health, health_text, health_at"""
ALL = f"SELECT {_COLUMNS} FROM service ORDER BY target, name"  # noqa: S608 (constants only)
SAVE = f"INSERT OR REPLACE INTO service ({_COLUMNS}) VALUES ({', '.join('?' * 17)})"  # noqa: S608 (constants only)
REMOVE = "DELETE FROM service WHERE name = ? AND target = ?"
DEPENDENCIES = "SELECT service, needed, origin, found_at, seen_at FROM service_dependency ORDER BY service, needed"
DEPEND = """INSERT OR REPLACE INTO service_dependency (service, needed, origin, found_at, seen_at)
VALUES (?, ?, ?, ?, ?)"""
FREE = "DELETE FROM service_dependency WHERE service = ? AND needed = ?"
FREE_ALL = "DELETE FROM service_dependency WHERE ?1 IN (service, needed)"


class SqliteServices:
    """Services; see `runtime.ports_services.ServiceStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def state(self) -> RegistryState:
        """Return all of the registry."""
        return await self._readers.read(_state)

    async def update(
        self, change: Callable[[RegistryState], tuple[RegistryEdit, Sequence[Fact]]], *, fence: Fence | None = None
    ) -> tuple[RegistryEdit, Sequence[Fact]]:
        """Change the registry as it is at this moment: all of the edit or nothing."""

        def work(tx: Transaction) -> tuple[RegistryEdit, Sequence[Fact]]:
            tx.check(fence)
            edit, facts = change(_state(tx.db))
            tx.db.executemany(SAVE, [_row(service) for service in edit.save])
            tx.db.executemany(REMOVE, [one.partition("@")[::2] for one in edit.remove])
            tx.db.executemany(FREE_ALL, [(one,) for one in edit.remove])
            tx.db.executemany(
                DEPEND, [(one.service, one.on, one.origin.value, one.found_at, one.seen_at) for one in edit.depend]
            )
            tx.db.executemany(FREE, edit.free)
            return edit, tx.append(facts)

        return await self._writer.write(work, weight=100)


def _state(db: sqlite3.Connection) -> RegistryState:
    return RegistryState(
        services={service.id: service for service in map(_service, db.execute(ALL))},
        dependencies=[
            Dependency(service=service, on=needed, origin=DependencyOrigin(origin), found_at=found_at, seen_at=seen_at)
            for service, needed, origin, found_at, seen_at in db.execute(DEPENDENCIES)
        ],
    )


def _row(s: ServiceRecord) -> tuple[str | int | float | None, ...]:
    ports = [[port.protocol, port.port, port.local] for port in s.ports]
    return (
        s.target, s.name, s.kind, json.dumps(s.capabilities), json.dumps(ports), s.process, s.unit, s.version,
        s.check.kind.value, s.check.port, s.decided.value, s.found_at, s.seen_at, s.gone_at, s.health.value,
        s.health_text, s.health_at,
    )  # fmt: skip


def _service(row: tuple[Any, ...]) -> ServiceRecord:  # a row of _COLUMNS as SQLite gives it
    (target, name, kind, capabilities, ports, process, unit, version, check_kind, check_port, decided, found_at,
     seen_at, gone_at, health, health_text, health_at) = row  # fmt: skip
    return ServiceRecord(
        name=name,
        target=target,
        kind=kind,
        capabilities=tuple(json.loads(capabilities)),
        ports=tuple(ServicePort(protocol=p, port=number, local=local) for p, number, local in json.loads(ports)),
        process=process,
        unit=unit,
        version=version,
        check=HealthCheck(kind=HealthCheckKind(check_kind), port=check_port),
        decided=ServiceState(decided),
        found_at=found_at,
        seen_at=seen_at,
        gone_at=gone_at,
        health=HealthStatus(health),
        health_text=health_text,
        health_at=health_at,
    )
