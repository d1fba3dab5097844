"""Changes on SQLite: the only place where a change moves from state to state."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, astuple, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.core.events import Fact
from opsterm.policy.approval_record import Approval
from opsterm.policy.compliance.kept import review_from_text, review_to_text
from opsterm.policy.order import Order, OrderTarget, Terms
from opsterm.policy.risk import Risk, RiskLevel
from opsterm.runtime.ports_store import Spending
from opsterm.storage.approvals import is_spent, save_approval
from opsterm.storage.line import Readers
from opsterm.storage.output import set_aside
from opsterm.storage.writer import Transaction, Writer

_COLUMNS = """id, command, shell, targets, timeout_s, expires_at, become, login, pty, terms,
selector, risk_level, risk_reasons, reason, origin, requested_by, requested_at, digest, state,
approved_digest, decided_by, decided_at, decision_note, started_at, ended_at, review"""
INSERT = f"INSERT INTO change ({_COLUMNS}, runner) VALUES ({', '.join('?' * 26)}, '')"  # noqa: S608 (constants only)
GET = f"SELECT {_COLUMNS} FROM change WHERE id = ?"  # noqa: S608 (constants only)
LIST = f"SELECT {_COLUMNS} FROM change ORDER BY id DESC LIMIT ?"  # noqa: S608 (constants only)
MOVE = """UPDATE change SET state = ?, approved_digest = ?, decided_by = ?, decided_at = ?, decision_note = ?,
started_at = ?, ended_at = ?, runner = ? WHERE id = ? AND state = ?"""
RUNNER = "SELECT runner FROM change WHERE id = ?"
CLAIMING = f"""SELECT {_COLUMNS} FROM change WHERE state IN ('approved', 'running')
OR (state = 'interrupted' AND ended_at > ?) ORDER BY id"""  # noqa: S608 (constants only)
ROLLBACKS = f"""SELECT {_COLUMNS} FROM change WHERE ended_at > ?
AND (shell IN ('restore', 'plan') OR terms != '' AND terms ->> 'undoes' > 0) ORDER BY id"""  # noqa: S608 (constants only)
BESIDE = """SELECT c.id FROM change c WHERE c.state = 'running' AND c.id != ? AND EXISTS (
SELECT 1 FROM outcome o JOIN outcome mine ON mine.target = o.target WHERE o.change_id = c.id AND mine.change_id = ?)"""
_OUTCOME = "target, state, exit_status, signal, started_at, ended_at, output_bytes, kept_bytes, output_sha256, message"
OUTCOMES = f"SELECT {_OUTCOME} FROM outcome WHERE change_id = ? ORDER BY place"  # noqa: S608 (constants only)
INSERT_OUTCOME = f"INSERT INTO outcome ({_OUTCOME}, change_id, place) VALUES ({', '.join('?' * 12)})"  # noqa: S608 (constants only)
COUNT_OUTCOMES = "SELECT count(*) FROM outcome WHERE change_id = ?"
UPDATE_OUTCOME = """UPDATE outcome SET state = ?, exit_status = ?, signal = ?, started_at = ?, ended_at = ?,
output_bytes = ?, kept_bytes = ?, output_sha256 = ?, message = ? WHERE change_id = ? AND target = ?"""


_values = attrgetter(*_OUTCOME.split(", "))
"""What a row of an outcome holds, in the order of its columns: a tenth of what `astuple` takes, which copies."""


class _SaidBefore(Exception):
    """Somebody has approved twice."""


class SqliteChanges:
    """Changes; see `runtime.ports_store.ChangeStore`."""

    def __init__(self, writer: Writer, readers: Readers, *, output: Path) -> None:
        """Keep changes; what a new one prints will be kept below `output`."""
        self._writer = writer
        self._readers = readers
        self._output = output

    async def insert(self, change: Change, facts: Callable[[Change], Sequence[Fact]]) -> tuple[Change, Sequence[Fact]]:
        """Keep a new change; return it with its id. `facts` is called with it, in another thread."""

        def work(tx: Transaction) -> tuple[Change, Sequence[Fact]]:
            number = tx.db.execute(INSERT, _row(change)).lastrowid
            kept = replace(change, id=number or 0)
            set_aside(self._output, kept.id)
            rows = ((*_values(outcome), kept.id, place) for place, outcome in enumerate(kept.outcomes))
            tx.db.executemany(INSERT_OUTCOME, rows)
            return kept, tx.append(facts(kept))

        return await self._writer.write(work, weight=1 + len(change.outcomes))

    async def get(self, change_id: int) -> Change | None:
        """Return one change with its outcomes."""
        found = await self._readers.read(lambda db: _changes(db, db.execute(GET, (change_id,))))
        return found[0] if found else None

    async def list(self, states: Sequence[ChangeState] = (), limit: int = 200) -> Sequence[Change]:
        """Return the newest changes (in any of `states`), newest first."""

        def work(db: sqlite3.Connection) -> Sequence[Change]:
            if not states:
                return _changes(db, db.execute(LIST, (limit,)))
            return _changes(db, db.execute(list_statement(len(states)), (*states, limit)))

        return await self._readers.read(work)

    async def move(
        self, change: Change, *, expected: ChangeState, facts: Sequence[Fact], runner: str = "",
        outcomes: Sequence[Outcome] = (), approvals: Sequence[Approval] = (), spending: Spending | None = None,
        beside: Collection[int] | None = None,
    ) -> Sequence[Fact] | None:  # fmt: skip
        """Write `change` if its state on disk is still `expected`; None when it is not: somebody was quicker.

        Of its outcomes only those given apart are written; `runner` is kept only while it is RUNNING. Nothing is
        written either when a budget is spent, somebody has said the same before, or another change runs on its targets
        that is not in `beside`.
        """
        kept_runner = runner if change.state is ChangeState.RUNNING else ""
        values = (
            change.state.value, change.approved_digest, change.decided_by, change.decided_at, change.decision_note,
            change.started_at, change.ended_at, kept_runner, change.id, expected.value,
        )  # fmt: skip

        def work(tx: Transaction) -> Sequence[Fact] | None:
            if spending is not None and is_spent(tx.db, spending):
                return None
            if beside is not None and not _runs_only_beside(tx.db, change.id, beside):
                return None
            if tx.db.execute(MOVE, values).rowcount != 1:
                return None
            for approval in approvals:
                if not save_approval(tx.db, approval):
                    raise _SaidBefore
            for outcome in outcomes:
                _save_outcome(tx.db, change.id, outcome)
            return tx.append(facts)

        try:
            return await self._writer.write(work, weight=1 + len(outcomes) + len(facts))
        except _SaidBefore:
            return None

    async def save_outcome(self, change_id: int, outcome: Outcome, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Insert or replace what came of one target."""

        def work(tx: Transaction) -> Sequence[Fact]:
            _save_outcome(tx.db, change_id, outcome)
            return tx.append(facts)

        return await self._writer.write(work)

    async def claiming(self, since: float) -> Sequence[Change]:
        """Return what is approved or runs, and what was interrupted after `since` (epoch seconds), by number."""
        return await self._readers.read(lambda db: _changes(db, db.execute(CLAIMING, (since,))))

    async def rollbacks(self, since: float) -> Sequence[Change]:
        """Return the changes that took others back and ended after `since` (epoch seconds), by number."""
        return await self._readers.read(lambda db: _changes(db, db.execute(ROLLBACKS, (since,))))

    async def runner(self, change_id: int) -> str:
        """Return who runs a RUNNING change, "" when nobody does."""
        row = await self._readers.read(lambda db: db.execute(RUNNER, (change_id,)).fetchone())
        return str(row[0]) if row else ""


def list_statement(states: int) -> str:
    """Return the statement that lists changes in one of so many states."""
    places = ", ".join("?" * states)
    return f"SELECT {_COLUMNS} FROM change WHERE state IN ({places}) ORDER BY id DESC LIMIT ?"  # noqa: S608 (constants only)


def _runs_only_beside(db: sqlite3.Connection, change_id: int, beside: Collection[int]) -> bool:
    """Return whether no other changes run on the targets of this one than those named."""
    return {number for (number,) in db.execute(BESIDE, (change_id, change_id))} <= set(beside)


def _save_outcome(db: sqlite3.Connection, change_id: int, outcome: Outcome) -> None:
    """Replace what is kept of a target; make it where nothing is, which alone has to count those before it."""
    target, *rest = _values(outcome)
    if db.execute(UPDATE_OUTCOME, (*rest, change_id, target)).rowcount == 0:
        place = db.execute(COUNT_OUTCOMES, (change_id,)).fetchone()[0]
        db.execute(INSERT_OUTCOME, (target, *rest, change_id, place))


def _row(change: Change) -> tuple[str | int | float | None, ...]:
    order = change.order
    return (
        change.id or None, order.command, order.shell, json.dumps([astuple(target) for target in order.targets]),
        order.timeout_s, order.expires_at, order.become, order.login, order.pty,
        json.dumps(asdict(order.terms)) if order.terms is not None else "",
        change.selector, change.risk.level.value, json.dumps(change.risk.reasons),
        change.reason, change.origin, change.requested_by, change.requested_at, change.digest, change.state.value,
        change.approved_digest, change.decided_by, change.decided_at, change.decision_note, change.started_at,
        change.ended_at, review_to_text(change.review),
    )  # fmt: skip


def _changes(db: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> Sequence[Change]:  # rows of _COLUMNS
    return [
        _change(row, tuple(_outcome(*outcome) for outcome in db.execute(OUTCOMES, (row[0],)))) for row in list(rows)
    ]


def _outcome(
    target: str, state: str, exit_status: int | None, signal: str, started_at: float, ended_at: float,
    output_bytes: int, kept_bytes: int, output_sha256: str, message: str,
) -> Outcome:  # fmt: skip
    return Outcome(
        target=target,
        state=OutcomeState(state),
        exit_status=exit_status,
        signal=signal,
        started_at=started_at,
        ended_at=ended_at,
        output_bytes=output_bytes,
        kept_bytes=kept_bytes,
        output_sha256=output_sha256,
        message=message,
    )


def _terms(text: str) -> Terms | None:
    if not text:
        return None
    kept = json.loads(text)
    return Terms(**{**kept, "environments": tuple(kept["environments"])})


def _change(row: tuple[Any, ...], outcomes: tuple[Outcome, ...]) -> Change:  # a row of _COLUMNS as SQLite gives it
    (
        number, command, shell, targets, timeout_s, expires_at, become, login, pty, terms,
        selector, risk_level, risk_reasons, reason, origin,
        requested_by, requested_at, digest, state, approved_digest, decided_by, decided_at, decision_note, started_at,
        ended_at, review,
    ) = row  # fmt: skip
    order = Order(
        command=command,
        shell=shell,
        targets=tuple(
            OrderTarget(name=name, protocol=protocol, address=address, port=port, user=user)
            for name, protocol, address, port, user in json.loads(targets)
        ),
        timeout_s=timeout_s,
        expires_at=expires_at,
        become=become,
        login=bool(login),
        pty=bool(pty),
        terms=_terms(terms),
    )
    return Change(
        id=number,
        order=order,
        selector=selector,
        risk=Risk(level=RiskLevel(risk_level), reasons=tuple(json.loads(risk_reasons))),
        review=review_from_text(review),
        reason=reason,
        origin=origin,
        requested_by=requested_by,
        requested_at=requested_at,
        state=ChangeState(state),
        digest=digest,
        approved_digest=approved_digest,
        decided_by=decided_by,
        decided_at=decided_at,
        decision_note=decision_note,
        started_at=started_at,
        ended_at=ended_at,
        outcomes=outcomes,
    )
