"""Claims by hand on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from opsterm.changes.claim import Claim, ClaimKind
from opsterm.core.events import Fact
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

LIVING = "SELECT target, holder, reason, since, until FROM claim WHERE until > ? ORDER BY target, holder"
FORGET = "DELETE FROM claim WHERE until <= ?"
TAKE = "INSERT OR REPLACE INTO claim (target, holder, reason, since, until) VALUES (?, ?, ?, ?, ?)"
RELEASE = "DELETE FROM claim WHERE target = ? AND holder = ?"


class SqliteClaims:
    """Claims by hand; see `runtime.ports_claims.ClaimStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def by_hand(self, now: float) -> Sequence[Claim]:
        """Return those that are not over."""
        return await self._readers.read(lambda db: _living(db, now))

    async def take(
        self, claims: Sequence[Claim], facts: Callable[[Sequence[Claim]], Sequence[Fact]], *, now: float, beside: bool
    ) -> tuple[Sequence[Claim], Sequence[Fact]]:
        """Keep claims, all or none."""
        wanted, mine = {claim.target for claim in claims}, {claim.by for claim in claims}

        def work(tx: Transaction) -> tuple[Sequence[Claim], Sequence[Fact]]:
            tx.db.execute(FORGET, (now,))
            others = [one for one in _living(tx.db, now) if one.target in wanted and one.by not in mine]
            if others and not beside:
                return others, ()
            tx.db.executemany(TAKE, [(one.target, one.by, one.reason, one.since, one.until) for one in claims])
            return others, tx.append(facts(others))

        return await self._writer.write(work, weight=1 + len(claims))

    async def release(
        self, targets: Sequence[str], facts: Callable[[Sequence[Claim]], Sequence[Fact]], *, now: float, of: str
    ) -> tuple[Sequence[Claim], Sequence[Fact]]:
        """Give up claims on these targets."""
        names = set(targets)

        def work(tx: Transaction) -> tuple[Sequence[Claim], Sequence[Fact]]:
            given_up = [one for one in _living(tx.db, now) if one.target in names and of in ("", one.by)]
            tx.db.executemany(RELEASE, [(one.target, one.by) for one in given_up])
            return given_up, tx.append(facts(given_up)) if given_up else ()

        return await self._writer.write(work, weight=1 + len(names))


def _living(db: sqlite3.Connection, now: float) -> list[Claim]:
    return [
        Claim(target=target, kind=ClaimKind.BY_HAND, by=holder, reason=reason, since=since, until=until)
        for target, holder, reason, since, until in db.execute(LIVING, (now,))
    ]
