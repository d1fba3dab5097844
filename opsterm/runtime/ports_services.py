"""What profiles and the registry of services need from the edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsterm.core.events import Fact
    from opsterm.inventory.dependencies import Dependency
    from opsterm.inventory.service import ServiceRecord
    from opsterm.monitoring.kept_profile import KeptProfile
    from opsterm.runtime.ports_store import Fence


PROFILES_KEPT = 30
"""Profiles of one target that are kept: the newest of those that differ."""


class ProfileStore(Protocol):
    """What targets were."""

    async def newest(self) -> Mapping[str, KeptProfile]:
        """Return the newest profile of every target that has one. About 1 ms a target."""
        ...

    async def looked_at(self) -> Mapping[str, tuple[float, str]]:
        """Return (time of the last look, boot id) by target. Cheap."""
        ...

    async def managers(self) -> Mapping[str, str]:
        """Return the service manager by target, "" where none is known. Cheap."""
        ...

    async def addresses(self) -> Mapping[str, Sequence[str]]:
        """Return the addresses that targets showed, by target. Cheap."""
        ...

    async def history(self, target: str, limit: int = PROFILES_KEPT) -> Sequence[KeptProfile]:
        """Return the profiles of a target, newest first."""
        ...

    async def keep(self, kept: KeptProfile, facts: Sequence[Fact], *, fence: Fence | None = None) -> Sequence[Fact]:
        """Keep a profile: in the place of the one with the same `since`, else as one more; the oldest are dropped."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEdit:
    """What is to be changed in the registry, all or nothing.

    Attributes:
        save: records to insert or replace.
        remove: ids of records to take out, with their dependencies.
        depend: dependencies to insert or replace.
        free: (service, needed) of dependencies to take out.
    """

    save: Sequence[ServiceRecord] = ()
    remove: Sequence[str] = ()
    depend: Sequence[Dependency] = ()
    free: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryState:
    """All of the registry: records by id, and dependencies."""

    services: Mapping[str, ServiceRecord]
    dependencies: Sequence[Dependency]


class ServiceStore(Protocol):
    """The registry of services on disk."""

    async def state(self) -> RegistryState:
        """Return all of it."""
        ...

    async def update(
        self, change: Callable[[RegistryState], tuple[RegistryEdit, Sequence[Fact]]], *, fence: Fence | None = None
    ) -> tuple[RegistryEdit, Sequence[Fact]]:
        """Change the registry as it is at this moment.

        Args:
            change: called inside the transaction, in another thread; returns what to change and the facts about it.
                What it raises is raised, and nothing is kept.
            fence: proof of the lease.
        """
        ...
