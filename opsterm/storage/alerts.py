"""Alerts on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from opsterm.core.events import Fact
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.ports_store import Fence
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

_COLUMNS = """id, fingerprint, target, metric, item, rule, severity, state, summary, advice, value, unit, level, since,
last_seen, count, actor, note, silenced_until, resolved_at"""
OPEN = f"SELECT {_COLUMNS} FROM alert WHERE state != 'resolved' ORDER BY since DESC, id DESC"  # noqa: S608 (constants only)
RECENT = f"SELECT {_COLUMNS} FROM alert ORDER BY since DESC, id DESC LIMIT ?"  # noqa: S608 (constants only)
GET = f"SELECT {_COLUMNS} FROM alert WHERE id = ?"  # noqa: S608 (constants only)
SAVE = f"INSERT OR REPLACE INTO alert ({_COLUMNS}) VALUES ({', '.join('?' * 20)})"  # noqa: S608 (constants only)


class SqliteAlerts:
    """Alerts; see `runtime.ports_store.AlertStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def open(self) -> Sequence[Alert]:
        """Return alerts that are not resolved, pending ones included, newest `since` first."""
        return await self._readers.read(lambda db: [_alert(row) for row in db.execute(OPEN)])

    async def recent(self, limit: int) -> Sequence[Alert]:
        """Return the newest alerts, resolved ones included, newest `since` first."""
        return await self._readers.read(lambda db: [_alert(row) for row in db.execute(RECENT, (limit,))])

    async def get(self, alert_id: int) -> Alert | None:
        """Return one alert."""
        rows = await self._readers.read(lambda db: [_alert(row) for row in db.execute(GET, (alert_id,))])
        return rows[0] if rows else None

    async def save(
        self, alert: Alert, facts: Callable[[Alert], Sequence[Fact]], *, fence: Fence | None = None
    ) -> tuple[Alert, Sequence[Fact]]:
        """Insert (id 0) or replace an alert.

        Args:
            alert: what to keep.
            facts: called, in another thread, with the alert as it was kept, id set.
            fence: proof of the lease.
        """

        def work(tx: Transaction) -> tuple[Alert, Sequence[Fact]]:
            tx.check(fence)
            number = tx.db.execute(SAVE, _row(alert)).lastrowid
            kept = alert if alert.id else replace(alert, id=number or 0)
            return kept, tx.append(facts(kept))

        return await self._writer.write(work)

    async def update(
        self, alert_id: int, change: Callable[[Alert], Alert], facts: Callable[[Alert], Sequence[Fact]], *,
        fence: Fence | None = None,
    ) -> tuple[Alert, Sequence[Fact]] | None:  # fmt: skip
        """Change an alert as it is at this moment; None when there is none with this number.

        Args:
            alert_id: which one.
            change: called inside the transaction, in another thread.
            facts: called with what `change` returned.
            fence: proof of the lease.
        """

        def work(tx: Transaction) -> tuple[Alert, Sequence[Fact]] | None:
            tx.check(fence)
            row = tx.db.execute(GET, (alert_id,)).fetchone()
            if row is None:
                return None
            kept = replace(change(_alert(row)), id=alert_id)
            tx.db.execute(SAVE, _row(kept))
            return kept, tx.append(facts(kept))

        return await self._writer.write(work)


def _row(alert: Alert) -> tuple[str | int | float | None, ...]:
    return (
        alert.id or None, alert.fingerprint, alert.key.target, alert.key.metric, alert.key.item, alert.rule,
        alert.severity.value, alert.state.value, alert.summary, alert.advice, alert.value, alert.unit, alert.level,
        alert.since, alert.last_seen, alert.count, alert.by, alert.note, alert.silenced_until, alert.resolved_at,
    )  # fmt: skip


def _alert(row: tuple[Any, ...]) -> Alert:  # a row of _COLUMNS as SQLite gives it
    (
        number, fingerprint, target, metric, item, rule, severity, state, summary, advice, value, unit, level,
        since, last_seen, count, actor, note, silenced_until, resolved_at,
    ) = row  # fmt: skip
    return Alert(
        id=number,
        fingerprint=fingerprint,
        key=SeriesKey(target, metric, item),
        rule=rule,
        severity=Severity(severity),
        state=AlertState(state),
        summary=summary,
        advice=advice,
        value=value,
        unit=unit,
        level=level,
        since=since,
        last_seen=last_seen,
        count=count,
        by=actor,
        note=note,
        silenced_until=silenced_until,
        resolved_at=resolved_at,
    )
