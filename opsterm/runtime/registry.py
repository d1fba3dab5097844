"""Puts profiles and the registry of services together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from opsterm.runtime.profiles import Profiles
from opsterm.runtime.services import Services

if TYPE_CHECKING:
    from opsterm.runtime.edges import Edges
    from opsterm.runtime.inventory import Inventory
    from opsterm.runtime.ledger import Ledger
    from opsterm.runtime.offload import Offload
    from opsterm.runtime.ports import Connector
    from opsterm.runtime.ports_mail import WholeStore
    from opsterm.runtime.reach import Reach


def open_services(
    store: WholeStore, ledger: Ledger, inventory: Inventory, reach: Reach, edges: Edges, *, offload: Offload,
    connector: Callable[[], Awaitable[Connector]], read_only: bool,
) -> Services:  # fmt: skip
    """Return the registry, with the profiles that feed it.

    Args:
        store: what is kept.
        ledger: makes and tells facts; its clock is everybody's.
        inventory: targets.
        reach: checks over the network.
        edges: what takes certificates apart.
        offload: threads.
        connector: returns what opens sessions.
        read_only: whether nothing is sent to targets.
    """
    profiles = Profiles(
        store.profiles, ledger, ledger.clock, inventory, offload=offload, connector=connector,
        certificates=edges.open_certificates, read_only=read_only,
    )  # fmt: skip
    return Services(store.services, ledger, ledger.clock, inventory, profiles, reach)
