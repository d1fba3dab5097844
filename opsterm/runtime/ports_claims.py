"""What keeps the claims that people take by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from opsterm.changes.claim import Claim
from opsterm.core.events import Fact


class ClaimStore(Protocol):
    """Claims by hand; one that is over counts as none, and makes room when the next is taken."""

    async def by_hand(self, now: float) -> Sequence[Claim]:
        """Return those that are not over at `now` (epoch seconds), by target and whose they are."""
        ...

    async def take(
        self, claims: Sequence[Claim], facts: Callable[[Sequence[Claim]], Sequence[Fact]], *, now: float, beside: bool
    ) -> tuple[Sequence[Claim], Sequence[Fact]]:
        """Keep claims, all or none; one that the same person has there already is renewed.

        Args:
            claims: by hand, all of one person.
            facts: called inside the transaction with the claims of others on these targets; told when it is done.
            now: epoch seconds.
            beside: whether they are kept although others have claimed the same targets.

        Returns:
            The claims of others on these targets, and the facts; no facts when nothing was kept because of them.
        """
        ...

    async def release(
        self, targets: Sequence[str], facts: Callable[[Sequence[Claim]], Sequence[Fact]], *, now: float, of: str
    ) -> tuple[Sequence[Claim], Sequence[Fact]]:
        """Give up claims by hand on these targets.

        Args:
            targets: their names.
            facts: called inside the transaction with what is given up, when that is anything.
            now: epoch seconds.
            of: whose they are, "" for everybody's.

        Returns:
            What was given up, and the facts.
        """
        ...
