"""What checks of reachability need from the edge. A failed check is a reading, not an exception."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from opsterm.runtime.ports_connection_test import UNHEARD, Steps

if TYPE_CHECKING:
    from opsterm.monitoring.reach import HttpAsk, HttpReading, PingReading, TcpReading


class ReachProbe(Protocol):
    """Asks web servers, TCP ports and hosts whether they answer; changes nothing on them."""

    async def look_up(self, host: str, steps: Steps) -> Sequence[str]:
        """Return the addresses of a name, telling the step. Raises Unreachable."""
        ...

    async def http(self, ask: HttpAsk, steps: Steps = UNHEARD) -> HttpReading:
        """Ask a web server, telling each step. Raises BadInput, NotFound for a secret that is not kept, VaultLocked."""
        ...

    async def tcp(self, host: str, port: int, *, timeout_s: float, banner: bool, steps: Steps = UNHEARD) -> TcpReading:
        """Open a TCP connection and close it again.

        Args:
            host: name or address.
            port: 1 to 65535.
            timeout_s: seconds for everything together.
            banner: whether to wait for what the server says first.
            steps: hears of the look-up and the connection.
        """
        ...

    async def ping(self, host: str, *, count: int, timeout_s: float) -> PingReading:
        """Send echo requests, one after the other.

        Args:
            host: name or address.
            count: how many, 1 to 100.
            timeout_s: seconds to wait for each answer.
        """
        ...
