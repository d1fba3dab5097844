"""Trials of fixes on SQLite. What became of one is worked out from its change and its alert each time it is asked for.

So there is no second truth that could be written by anybody: a trial is only where to look.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from opsterm.core.events import Fact
from opsterm.knowledge.trials import FixRecord, TrialContext, TrialTally
from opsterm.runtime.ports_knowledge import Trial, TrialEnd, TrialPlace
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

KEEP = "INSERT INTO trial (change_id, card, step, alert_id, said, said_by, said_at) VALUES (?, ?, ?, ?, '', '', 0)"
KEEP_PLACE = "INSERT INTO trial_place (change_id, target, system, environment, role) VALUES (?, ?, ?, ?, ?)"
SAY = "UPDATE trial SET said = ?, said_by = ?, said_at = ? WHERE change_id = ?"
GET = "SELECT change_id, card, step, alert_id, said, said_by, said_at FROM trial WHERE change_id = ?"
FORGET_PLACES = "DELETE FROM trial_place WHERE change_id IN (SELECT change_id FROM trial WHERE card = ?)"
FORGET = "DELETE FROM trial WHERE card = ?"

_ENDED = """
WITH ended AS (
SELECT t.card, t.change_id, p.system, p.environment, p.role, CASE
  WHEN o.state IN ('failed', 'timed out', 'not verified', 'rolled back', 'rollback failed') THEN 0
  WHEN c.state IN ('rolled back', 'rollback failed') THEN 0
  WHEN o.state != 'done' THEN NULL
  WHEN t.said = 'failed' THEN 0
  WHEN c.terms != '' AND ifnull(c.terms ->> 'verify', '') != '' THEN 1
  WHEN a.resolved_at BETWEEN o.ended_at AND o.ended_at + :within THEN 1
  WHEN a.id IS NOT NULL AND :now > o.ended_at + :within THEN 0
  WHEN a.id IS NOT NULL THEN NULL
  WHEN t.said = 'worked' THEN 1
END AS worked
FROM trial t
JOIN trial_place p ON p.change_id = t.change_id
JOIN change c ON c.id = t.change_id
JOIN outcome o ON o.change_id = t.change_id AND o.target = p.target
LEFT JOIN alert a ON a.id = t.alert_id
)"""
"""One row a trial and target; `worked` is NULL while nothing that counts is known."""

SITE = f"""{_ENDED}, one AS (
SELECT card, min(worked) AS worked FROM ended WHERE worked IS NOT NULL GROUP BY card, change_id)
SELECT card, sum(worked), count(*) - sum(worked) FROM one GROUP BY card"""  # noqa: S608 (constants only)

PLACES = f"""{_ENDED}, one AS (
SELECT card, system, environment, role, min(worked) AS worked FROM ended WHERE worked IS NOT NULL
GROUP BY card, system, environment, role, change_id)
SELECT card, system, environment, role, sum(worked), count(*) - sum(worked)
FROM one GROUP BY card, system, environment, role"""  # noqa: S608 (constants only)

TRIALS = f"""{_ENDED}
SELECT t.change_id, t.card, t.step, t.alert_id, t.said, t.said_by, t.said_at, min(e.worked) FROM trial t
LEFT JOIN ended e ON e.change_id = t.change_id
WHERE :card = '' OR t.card = :card GROUP BY t.change_id ORDER BY t.change_id DESC LIMIT :limit"""  # noqa: S608 (constants only)

WITHIN_S = 3600.0
"""Seconds after a fix within which the alert that it was for ends by what is measured, or it has not worked."""

_ENDS = {None: TrialEnd.OPEN, 0: TrialEnd.FAILED, 1: TrialEnd.WORKED}


class SqliteTrials:
    """Trials of fixes; see `runtime.ports_knowledge.TrialStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def keep(self, trial: Trial, places: Sequence[TrialPlace], facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep a trial."""

        def work(tx: Transaction) -> Sequence[Fact]:
            tx.db.execute(KEEP, (trial.change, trial.card, trial.step, trial.alert))
            rows = [
                (trial.change, place.target, place.context.system, place.context.environment, place.context.role)
                for place in places
            ]
            tx.db.executemany(KEEP_PLACE, rows)
            return tx.append(facts)

        return await self._writer.write(work, weight=2 + len(places))

    async def say(self, change: int, said: TrialEnd, *, by: str, at: float, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep what somebody says of a trial."""

        def work(tx: Transaction) -> Sequence[Fact]:
            tx.db.execute(SAY, (said.value, by, at, change))
            return tx.append(facts)

        return await self._writer.write(work)

    async def get(self, change: int) -> Trial | None:
        """Return a trial; whether it worked is not looked up."""

        def work(db: sqlite3.Connection) -> Trial | None:
            row = db.execute(GET, (change,)).fetchone()
            return _trial((*row, None)) if row else None

        return await self._readers.read(work)

    async def list(self, card: str, *, now: float, limit: int) -> Sequence[Trial]:
        """Return trials with their ends, the newest first."""
        given = {"card": card, "now": now, "within": WITHIN_S, "limit": limit}
        return await self._readers.read(lambda db: [_trial(row) for row in db.execute(TRIALS, given)])

    async def records(self, *, now: float) -> Mapping[str, FixRecord]:
        """Return what became of the fixes of each card that was tried."""
        given = {"now": now, "within": WITHIN_S}

        def work(db: sqlite3.Connection) -> Mapping[str, FixRecord]:
            places: dict[str, dict[TrialContext, TrialTally]] = {}
            for card, system, environment, role, worked, failed in db.execute(PLACES, given):
                context = TrialContext(system=system, environment=environment, role=role)
                places.setdefault(card, {})[context] = TrialTally(worked, failed)
            return {
                card: FixRecord(site=TrialTally(worked, failed), places=places[card])
                for card, worked, failed in db.execute(SITE, given)
            }

        return await self._readers.read(work)

    async def forget(self, card: str, facts: Callable[[int], Sequence[Fact]]) -> Sequence[Fact]:
        """Forget the trials of a card; `facts` is called with their number, if there were any."""

        def work(tx: Transaction) -> Sequence[Fact]:
            tx.db.execute(FORGET_PLACES, (card,))
            count = tx.db.execute(FORGET, (card,)).rowcount
            return tx.append(facts(count)) if count else ()

        return await self._writer.write(work)


def _trial(row: tuple[int, str, int, int, str, str, float, int | None]) -> Trial:
    change, card, step, alert, said, by, at, worked = row
    return Trial(
        change=change, card=card, step=step, alert=alert, said=TrialEnd(said), said_by=by, said_at=at, end=_ENDS[worked]
    )
