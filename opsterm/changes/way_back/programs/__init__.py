"""The table of ways back: for each program, what it touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.changes.way_back.programs.accounts import ACCOUNTS
from opsterm.changes.way_back.programs.boot import BOOT
from opsterm.changes.way_back.programs.containers import CONTAINERS
from opsterm.changes.way_back.programs.databases import DATABASES
from opsterm.changes.way_back.programs.files import FILES
from opsterm.changes.way_back.programs.network import NETWORK
from opsterm.changes.way_back.programs.packages import PACKAGES
from opsterm.changes.way_back.programs.processes import PROCESSES
from opsterm.changes.way_back.programs.services import SERVICES
from opsterm.changes.way_back.programs.storage import STORAGE
from opsterm.changes.way_back.programs.system import SYSTEM
from opsterm.policy.way_back import Thing

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

WAYS: Mapping[str, Ways] = {
    **FILES, **ACCOUNTS, **SERVICES, **SYSTEM, **NETWORK, **PACKAGES, **PROCESSES, **STORAGE,
    **CONTAINERS, **BOOT, **DATABASES,
}  # fmt: skip
"""Program -> what is kept before it runs, and what of it is not taken back."""
