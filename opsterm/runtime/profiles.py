"""Use-case: what a target is, looked at now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, StorageFull, Unreachable
from opsterm.inventory.target import Protocol
from opsterm.monitoring.host_profile import HostProfile, host_profile
from opsterm.monitoring.kept_profile import KeptProfile
from opsterm.monitoring.looks import Look
from opsterm.monitoring.windows_host import windows_profile
from opsterm.policy.approval import require_writable
from opsterm.policy.mask import mask
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports import Connector
from opsterm.runtime.remote_look import look_at

LIMIT_S = 60.0
"""Seconds for log-in and script: an operator waits, and may press ctrl+c."""


class Profiles:
    """Profiles of Linux and Windows targets; the newest of each is kept while this process lives."""

    def __init__(
        self, inventory: Inventory, connector: Callable[[], Awaitable[Connector]], clock: Clock, *,
        read_only: bool = False,
    ) -> None:  # fmt: skip
        self._kept: dict[str, KeptProfile] = {}
        self._clock = clock
        self._inventory = inventory
        self._connector = connector
        self._read_only = read_only

    async def kept(self, name: str) -> KeptProfile | None:
        """Return what was seen when a target was last looked at, None when it was not."""
        return self._kept.get(name)

    async def look(self, name: str) -> HostProfile:
        """Log in, look and return what the target is; its reachability is kept.

        Raises:
            Refused: read-only mode, in which nothing is sent to a target.
            NotFound: there is no such target.
            BadInput: it is not reached by a shell.
            OpstermError: as `Connector.session`; or it is no Linux host.
        """
        target = await self._inventory.get(name)
        require_writable(read_only=self._read_only, what="looked at over a line")
        if target.protocol not in (Protocol.SSH, Protocol.WINRM, Protocol.LOCAL):
            raise BadInput(
                f"{name} is reached by {target.protocol}: only targets with a shell have this profile.",
                next_step=f"Give {name} the protocol ssh or winrm if it has such a server.",
            )
        order = self._inventory.order_target(target)
        windows = target.protocol is Protocol.WINRM
        look = Look.WINDOWS_PROFILE if windows else Look.PROFILE
        try:
            text = await look_at(await self._connector(), order, look, limit_s=LIMIT_S)
        except Unreachable as error:
            await self._note(name, mask(error.what)[0])
            raise
        await self._note(name, "")
        found = windows_profile(text) if windows else host_profile(text)
        if found is None and windows:
            raise Unreachable(
                f"{name} let us in, but shows no Windows.",
                why="Its management service (WMI) gave no Win32_OperatingSystem.",
                next_step="See its WMI service (winmgmt), and what the account may read.",
            )
        if found is None:
            raise Unreachable(
                f"{name} let us in, but shows no Linux with sh.",
                why="Its shell did not run a POSIX script.",
                next_step=f"Open a terminal on {name} to see what answers.",
            )
        self._kept[name] = KeptProfile(target=name, at=self._clock.now(), profile=found)
        return found

    async def _note(self, name: str, reason: str) -> None:
        with suppress(StorageFull):  # what was seen counts more than that it is remembered
            await self._inventory.note_seen({name: reason})
