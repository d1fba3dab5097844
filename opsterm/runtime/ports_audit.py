"""What the runtime needs for the audit chain: the chain itself, and the places where its checkpoints are left.

Conventions: as in `ports`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from opsterm.core.secret import Secret
from opsterm.policy.chain import ChainVerdict, Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """How the chain ends.

    Attributes:
        chain: its id.
        count: entries.
        head: hash of the last one, 64 hex digits.
        seq: its place in the journal, 0 when it is in the chain only.
        at: epoch seconds of the last entry.
        first_key_waits: the first key lies in the data folder, until somebody takes it into safekeeping.
    """

    chain: str
    count: int
    head: str
    seq: int
    at: float
    first_key_waits: bool


class ChainStore(Protocol):
    """The audit chain on disk. Entries come into it with the facts, in their transaction."""

    async def head(self) -> ChainHead | None:
        """Return how it ends, None when nothing was entered yet. Cheap."""
        ...

    async def verify(self, *, keys: Sequence[bytes] = (), checkpoints: Sequence[Checkpoint] = ()) -> ChainVerdict:
        """Follow the chain, and see that it is as long as the key file says. 10 µs an entry."""
        ...

    async def lines(self, after: int, limit: int) -> Sequence[str]:
        """Return up to `limit` entries behind number `after` as lines of an export, in order."""
        ...

    async def search(self, needles: Sequence[str], *, before: int, limit: int) -> Sequence[tuple[int, str]]:
        """Return the newest `limit` entries before number `before` that hold each needle, newest first.

        Args:
            needles: pieces of canonical JSON.
            before: an entry's number.
            limit: how many at most.

        Returns:
            Numbers and entries.
        """
        ...

    async def first_key_id(self) -> str:
        """Return the id of the first key that waits to be taken. Raises NotFound when it was taken."""
        ...

    async def take_first_key(self) -> Secret:
        """Hand out the first key and forget it. Raises NotFound when it was taken."""
        ...


class CheckpointPlaces(Protocol):
    """Leaves a line at a place outside the database: a file, a syslog."""

    async def leave(self, place: str, line: str) -> None:
        """Add a line.

        Args:
            place: "file:/PATH", "syslog:", "syslog:udp://HOST:PORT" or "syslog:tcp://HOST:PORT".
            line: without its end, ASCII.

        Raises:
            OpstermError: it is not known to have arrived.
        """
        ...
