"""The cards of this site on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opsterm.core.events import Fact
from opsterm.runtime.ports_knowledge import KeptCard
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

ALL = "SELECT id, body, actor, at FROM card ORDER BY id"
KEEP = "INSERT OR REPLACE INTO card (id, body, actor, at) VALUES (?, ?, ?, ?)"
REMOVE = "DELETE FROM card WHERE id = ?"


class SqliteCards:
    """The cards of this site; see `runtime.ports_knowledge.CardStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def all(self) -> Sequence[KeptCard]:
        """Return them by their ids."""
        return await self._readers.read(
            lambda db: [KeptCard(id=name, text=body, by=by, at=at) for name, body, by, at in db.execute(ALL)]
        )

    async def keep(self, cards: Sequence[KeptCard], facts: Callable[[], Sequence[Fact]]) -> Sequence[Fact]:
        """Keep cards, all or none."""

        def work(tx: Transaction) -> Sequence[Fact]:
            tx.db.executemany(KEEP, [(one.id, one.text, one.by, one.at) for one in cards])
            return tx.append(facts())

        return await self._writer.write(work, weight=1 + len(cards))

    async def remove(self, card_id: str, facts: Callable[[], Sequence[Fact]]) -> Sequence[Fact]:
        """Remove one."""

        def work(tx: Transaction) -> Sequence[Fact]:
            return tx.append(facts()) if tx.db.execute(REMOVE, (card_id,)).rowcount else ()

        return await self._writer.write(work)
