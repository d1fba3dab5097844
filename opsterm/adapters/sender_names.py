"""Whose address is whose: the addresses of targets, those behind their names on the network included."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import socket
from collections.abc import Mapping, Sequence

from opsterm.core.clock import Clock

KEPT_S = 300.0
"""How long the addresses behind a name are used before it is looked up again."""

AT_ONCE = 16
WAIT_S = 2.0


class SenderNames:
    """Finds the target that an address is of."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wanted: Mapping[str, str] = {}
        self._by_address: dict[str, str] = {}
        self._looked_up: dict[str, tuple[float, Sequence[str]]] = {}
        self._is_new = False

    def want(self, targets: Mapping[str, str]) -> None:
        """Set whose addresses are wanted: name or number on the network -> target. Numbers count at once."""
        if targets != self._wanted:
            self._wanted, self._is_new = dict(targets), True
            self._index()

    def target(self, address: str) -> str:
        """Return the target of an address as `plain_address` writes it, "" for nobody's."""
        return self._by_address.get(address, "")

    async def look_up(self) -> None:
        """Look up the names that are new or were not looked up for a while, side by side."""
        now = self._clock.monotonic()
        if not self._is_new and now < min((at for at, _ in self._looked_up.values()), default=math.inf) + KEPT_S:
            return
        self._is_new = False
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            async with gate:
                before = self._looked_up.get(name, (-math.inf, ()))
                if now - before[0] >= KEPT_S:
                    self._looked_up[name] = now, await _addresses(name) or before[1]

        self._looked_up = {name: at for name, at in self._looked_up.items() if name in self._wanted}
        async with asyncio.TaskGroup() as group:
            for name in self._wanted:
                if not plain_address(name):
                    group.create_task(one(name))
        self._index()

    def _index(self) -> None:
        self._by_address = {
            address: target
            for name, target in self._wanted.items()
            for address in ([plain_address(name)] if plain_address(name) else self._looked_up.get(name, (0.0, ()))[1])
        }


async def _addresses(name: str) -> Sequence[str]:
    """Return the addresses of a name, none when it has none or nobody answers in time."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(WAIT_S):
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):  # a time-out is an OSError
        return []
    return [plain_address(str(row[4][0])) for row in found]


def plain_address(text: str) -> str:
    """Return an address as it is compared: "198.51.100.7" for "::ffff:198.51.100.7" too; "" for what is none."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
