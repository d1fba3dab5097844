"""Whether services work: over the network from this machine, or by what their own service manager says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from opsterm.core.errors import NotFound, OpstermError
from opsterm.inventory.service import HealthCheckKind, HealthStatus, ServiceRecord
from opsterm.monitoring.host_profile import HostProfile
from opsterm.monitoring.service_checks import TIMEOUT_S, HealthFinding, ask_of, finding_of, place_of
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.profiles import Profiles
from opsterm.runtime.reach import Reach

AT_ONCE = 20


class ServiceHealth:
    """Checks services, at most AT_ONCE at a time; targets whose units are asked for are looked at once each."""

    def __init__(self, inventory: Inventory, reach: Reach, profiles: Profiles) -> None:
        self._inventory = inventory
        self._reach = reach
        self._profiles = profiles

    async def check(self, services: Sequence[ServiceRecord]) -> Mapping[str, HealthFinding]:
        """Return what was found, by id. What cannot be asked is unknown; nothing is raised for it."""
        gate = asyncio.Semaphore(AT_ONCE)
        looks: dict[str, list[ServiceRecord]] = {}
        for service in services:
            if service.check.kind is HealthCheckKind.UNIT:
                looks.setdefault(service.target, []).append(service)
        found: dict[str, HealthFinding] = {}

        async def over_the_network(service: ServiceRecord) -> None:
            async with gate:
                found[service.id] = await self._asked(service)

        async def by_a_look(target: str) -> None:
            async with gate:
                found.update(await self._looked(target, looks[target]))

        try:
            async with asyncio.TaskGroup() as group:
                for service in services:
                    if service.check.kind is not HealthCheckKind.UNIT:
                        group.create_task(over_the_network(service))
                for target in looks:
                    group.create_task(by_a_look(target))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        return {service.id: found[service.id] for service in services}

    async def _asked(self, service: ServiceRecord) -> HealthFinding:
        if service.check.kind is HealthCheckKind.NONE or service.check.port is None:
            return HealthFinding(
                health=HealthStatus.UNKNOWN, text="Only its own target can reach it, and no unit is known."
            )
        try:
            target = await self._inventory.get(service.target)
        except NotFound:
            return HealthFinding(health=HealthStatus.UNKNOWN, text=f"{service.target} is no longer in the inventory.")
        place, ask = place_of(target.reach, service.check.port), ask_of(service, target.reach)
        try:
            if ask is None:
                opened = await self._reach.tcp([place], port=None, timeout_s=TIMEOUT_S, banner=False)
                return finding_of(opened[0].verdict, f"{place} takes connections.")
            answered = await self._reach.http([ask.url], ask)
            return finding_of(answered[0].verdict, f"{ask.url} answers with {answered[0].reading.status}.")
        except OpstermError as error:
            return HealthFinding(health=HealthStatus.UNKNOWN, text=error.what)

    async def _looked(self, target: str, services: Sequence[ServiceRecord]) -> Mapping[str, HealthFinding]:
        try:
            news = await self._profiles.refresh(target)
        except OpstermError as error:
            return {one.id: HealthFinding(health=HealthStatus.UNKNOWN, text=error.what) for one in services}
        return {one.id: _by_unit(one, news.kept.profile) for one in services}


def _by_unit(service: ServiceRecord, profile: HostProfile) -> HealthFinding:
    unit = next((unit for unit in profile.units or () if unit.name == service.unit), None)
    if unit is None or not unit.state:
        return HealthFinding(
            health=HealthStatus.UNKNOWN, text=f"The service manager of {service.target} does not tell how it is."
        )
    health = HealthStatus.OK if unit.state == "running" else HealthStatus.FAILED
    return HealthFinding(health=health, text=f"Its unit {unit.name} is {unit.state}.")
