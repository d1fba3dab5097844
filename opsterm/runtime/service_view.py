"""A record of the registry with what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.inventory.dependencies import Dependency, Reached, cycle_through, dependants, needs
from opsterm.inventory.service import ServiceRecord
from opsterm.runtime.ports_services import RegistryState


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A record with what hangs on it.

    Attributes:
        service: the record.
        needs: what it needs, nearest first.
        dependants: what needs it, nearest first: what its failure would reach.
        direct: its own dependencies and those of others on it.
        cycle: the way back to itself when it needs itself through others, else ().
    """

    service: ServiceRecord
    needs: tuple[Reached, ...]
    dependants: tuple[Reached, ...]
    direct: tuple[Dependency, ...]
    cycle: tuple[str, ...]


def view_of(state: RegistryState, service: ServiceRecord) -> ServiceView:
    """Return what hangs on a record of a registry."""
    return ServiceView(
        service=service,
        needs=needs(state.dependencies, service.id),
        dependants=dependants(state.dependencies, service.id),
        direct=tuple(one for one in state.dependencies if service.id in (one.service, one.on)),
        cycle=cycle_through(state.dependencies, service.id),
    )
