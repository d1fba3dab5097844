"""By which way our sessions reach targets: asked over the session itself, and kept for whoever judges a command."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import astuple
from typing import TYPE_CHECKING

from opsterm.core.clock import Clock
from opsterm.core.errors import NotFound, OpstermError, StorageError
from opsterm.inventory.target import Protocol
from opsterm.monitoring.session_path import SessionPath, read_session_path
from opsterm.policy.approval import require_writable
from opsterm.policy.order import OrderTarget
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports import Connector
from opsterm.runtime.ports_store import Fence, PreferenceStore

if TYPE_CHECKING:
    from opsterm.monitoring.kept_profile import KeptProfile

LIMIT_S = 15.0
"""Seconds for log-in and script."""

MOST_KNOWN = 20
"""Targets whose paths are read for one command."""

KEPT_CHARACTERS = 20_000
"""Of what was printed; a host with a hundred interfaces says that much."""


class SessionPaths:
    """Keeps a path by target, for as long as the target is reached at the same address, port and account.

    Args:
        preferences: where they are kept.
        inventory: says how targets are reached.
        connector: returns what opens sessions.
        read_only: whether nothing is sent to targets.
    """

    def __init__(
        self, preferences: PreferenceStore, inventory: Inventory, clock: Clock,
        connector: Callable[[], Awaitable[Connector]], *, read_only: bool,
    ) -> None:  # fmt: skip
        self._preferences = preferences
        self._inventory = inventory
        self._clock = clock
        self._connector = connector
        self._read_only = read_only

    async def known(self, targets: Sequence[OrderTarget]) -> tuple[SessionPath, ...]:
        """Return the different ways to targets; of one that was never asked only its log-in name.

        Of more than MOST_KNOWN targets only that is told: whatever may cut anybody off then cuts us off.
        """
        if len(targets) > MOST_KNOWN:
            return tuple(dict.fromkeys(_unasked(target) for target in targets))
        return tuple(dict.fromkeys([await self._kept(target) for target in targets]))

    async def look(self, target: OrderTarget) -> SessionPath:
        """Ask a target by which way we came, keep it and return it.

        Raises:
            Refused: read-only mode.
            OpstermError: as `remote_look.look_at`.
        """
        from opsterm.monitoring.looks import Look  # noqa: PLC0415 (to know what was found before needs none of it)
        from opsterm.runtime.remote_look import look_at  # noqa: PLC0415 (as above)

        require_writable(read_only=self._read_only, what="looked at over a line")
        looked = await look_at(await self._connector(), target, Look.PATH, limit_s=LIMIT_S, clock=self._clock)
        path = read_session_path(looked.text)
        said = json.dumps([astuple(target), looked.text[:KEPT_CHARACTERS]], separators=(",", ":"))
        with suppress(StorageError):  # it is known now; that it is remembered is only good to have
            await self._preferences.put(_key(target), said)
        return path

    async def heard(self, kept: KeptProfile, fence: Fence | None) -> None:
        """Ask a target that has just been profiled, so that its path is no older than its profile.

        Args:
            kept: the profile.
            fence: of the worker that looked, None for an operator.
        """
        with suppress(NotFound, OpstermError):
            target = await self._inventory.get(kept.target)
            if target.protocol is Protocol.SSH and fence is None:
                await self.look(self._inventory.order_target(target))

    async def _kept(self, target: OrderTarget) -> SessionPath:
        nothing = _unasked(target)
        try:
            told_by, text = json.loads(await self._preferences.get(_key(target)) or "[null, null]")
        except (ValueError, TypeError):
            return nothing
        return read_session_path(text) if told_by == list(astuple(target)) and isinstance(text, str) else nothing


def _unasked(target: OrderTarget) -> SessionPath:
    return SessionPath(protocol=target.protocol, user=target.user)


def _key(target: OrderTarget) -> str:
    return f"session path.{target.name}"
