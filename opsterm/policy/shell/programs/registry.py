"""Name of a program -> what it does."""

from __future__ import annotations

from functools import cache

from opsterm.policy.shell.programs import (
    accounts,
    archives,
    asking,
    cloud,
    containers,
    databases,
    equipment,
    files,
    finding,
    fleets,
    interpreters,
    kernel,
    measuring,
    network,
    packages,
    readers,
    secure_shell,
    services,
    sockets,
    sources,
    spoken,
    starters,
    storage,
    transfer,
    units,
)
from opsterm.policy.shell.programs.calling import Deed
from opsterm.policy.shell.programs.rows import TABLES as ROW_TABLES

TABLES = (
    spoken, *ROW_TABLES, equipment, asking, readers, files, finding, services, units, packages, accounts, network, storage, kernel, containers,
    cloud, databases, transfer, sockets, sources, archives, fleets, secure_shell, interpreters, starters, measuring,
)  # fmt: skip


@cache
def _all() -> dict[str, Deed]:
    return {name: deed for table in TABLES for name, deed in table.PROGRAMS.items()}


def program(name: str) -> Deed | None:
    """Return what a program does, None for one that is not known."""
    deed = _all().get(name)
    if deed is not None:
        return deed
    family = name.partition(".")[0]
    if family in ("mkfs", "fsck") and family != name:
        return _all()[family]
    return interpreters.interpreter(name)


def known_programs() -> frozenset[str]:
    """Return the names of all programs that are known."""
    return frozenset(_all())
