"""What the runtime needs to receive traps: an ear on the network, and a place to keep them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from opsterm.core.events import Fact

if TYPE_CHECKING:
    from opsterm.monitoring.traps import ArrivedTrap, SenderCount, Trap
    from opsterm.runtime.ports_store import Fence


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEngine:
    """Who we are to senders of informs of version 3 (RFC 3411, 5).

    Attributes:
        id: 5 to 32 octets, the same for ever.
        boots: how often the receiver was started with this id.
    """

    id: bytes
    boots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A trap, and how its sender is told that it was taken.

    Attributes:
        trap: what arrived.
        acknowledge: answers an inform; call it once the trap is kept. Does nothing for a trap.
    """

    trap: ArrivedTrap
    acknowledge: Callable[[], None]


class TrapEar(Protocol):
    """Receives traps and informs on one UDP port."""

    async def listen(self, address: str, port: int, engine: LocalEngine) -> None:
        """Begin to receive.

        Raises:
            Refused: this account may not use the port.
            Unreachable: the port is taken, or the address is not ours.
        """
        ...

    def know(self, targets: Mapping[str, str]) -> None:
        """Say whose traps are wanted: name or number on the network -> name of the target. Names are looked up."""
        ...

    async def arrivals(self, wait_s: float) -> Sequence[Arrival]:
        """Return what has come from targets, some hundreds at most; nothing after `wait_s` seconds."""
        ...

    def counts(self) -> Sequence[SenderCount]:
        """Return what came from whom, the newest first."""
        ...

    async def close(self) -> None:
        """Receive no more. Safe to call twice."""
        ...


TrapFacts: TypeAlias = "Callable[[Sequence[Trap]], Sequence[Fact]]"
"""Called, in another thread, with traps as they were kept; what it returns is committed with them."""


class TrapStore(Protocol):
    """Traps on disk, the newest of them."""

    async def keep(
        self, new: Sequence[Trap], again: Mapping[int, tuple[int, float]], facts: TrapFacts, *, fence: Fence
    ) -> tuple[Sequence[Trap], Sequence[Fact]]:
        """Keep new traps, count others that came again; return the new ones with their numbers.

        Of one target and of all together only the newest are kept.

        Raises:
            LeaseLost: another process runs the workers now.
            StorageError: nothing was kept.
        """
        ...

    async def list(self, *, targets: Collection[str] | None, since: float, limit: int) -> Sequence[Trap]:
        """Return traps that came last at or after a time, the newest first.

        Args:
            targets: of these only; None for all.
            since: epoch seconds.
            limit: at most so many.
        """
        ...
