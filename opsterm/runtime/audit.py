"""Use-case of the audit list: who did what, when, why, with which result."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.policy.audit import AuditRow, rows
from opsterm.runtime.ports_store import JournalStore

LOOKED_THROUGH = 200_000
"""Facts that are looked through at most, newest first: about two seconds."""


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
        asked = limit * 4
        while True:  # most facts may be alerts that nobody touched, which are not audited
            facts = await self._journal.search(correlation_id=correlation_id, since=since, limit=asked)
            found = rows(facts)
            if len(found) >= limit or len(facts) < asked or asked >= LOOKED_THROUGH:
                return found[-limit:]
            asked *= 8
