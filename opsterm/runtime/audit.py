"""Use-case of the audit list: who did what, when, why, with which result."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.policy.audit import AuditRow, rows
from opsterm.runtime.ports import JournalStore


class Audit:
    """Reads the journal; there is nothing in the audit that is not in it."""

    def __init__(self, journal: JournalStore) -> None:
        self._journal = journal

    async def rows(self, *, correlation_id: str = "", since: float = 0.0, limit: int = 200) -> Sequence[AuditRow]:
        """Return the newest audited facts as rows, oldest first.

        Args:
            correlation_id: only what belongs to this, as in "c18".
            since: epoch seconds.
            limit: how many at most.
        """
        facts = await self._journal.search(correlation_id=correlation_id, since=since, limit=limit * 4)
        return rows(facts)[-limit:]
