"""Jobs on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from opsterm.changes.job import Job, JobRun, JobTerms, JobTurn, MissedPolicy, Moved, RunState
from opsterm.changes.schedule import JobSchedule, ScheduleKind
from opsterm.core.events import Fact
from opsterm.runtime.ports_store import Fence
from opsterm.storage.line import Readers
from opsterm.storage.writer import Transaction, Writer

RUNS_KEPT = 200
"""Turns of a job that are over; older ones are forgotten."""

_COLUMNS = "id, kind, payload, what, phrase, schedule, terms, made_by, made_at, paused, next_at, turn"
ALL = f"SELECT {_COLUMNS} FROM job ORDER BY id"  # noqa: S608 (constants only)
GET = f"SELECT {_COLUMNS} FROM job WHERE id = ?"  # noqa: S608 (constants only)
ADD = f"INSERT INTO job ({_COLUMNS}) VALUES ({', '.join('?' * 12)})"  # noqa: S608 (constants only)
MOVE = "UPDATE job SET paused = ?, next_at = ?, turn = ? WHERE id = ?"
REMOVE = "DELETE FROM job WHERE id = ?"
_RUN = "job_id, planned_at, ended_at, state, tries, stands_for, said, failed, changes"
RUNS = f"SELECT {_RUN} FROM job_run WHERE job_id = ? ORDER BY id DESC LIMIT ?"  # noqa: S608 (constants only)
ADD_RUN = f"INSERT INTO job_run ({_RUN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 (constants only)
TIDY_RUNS = """DELETE FROM job_run WHERE job_id = ? AND id <=
(SELECT id FROM job_run WHERE job_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"""
REMOVE_RUNS = "DELETE FROM job_run WHERE job_id = ?"


class SqliteJobs:
    """Jobs; see `runtime.ports_jobs.JobStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def jobs(self) -> Sequence[Job]:
        """Return all jobs, by number."""
        rows = await self._readers.read(lambda db: db.execute(ALL).fetchall())
        return [_job(row) for row in rows]

    async def add(self, job: Job, facts: Callable[[Job], Sequence[Fact]]) -> tuple[Job, Sequence[Fact]]:
        """Keep a new job; return it with its number, and the facts that were told with it."""

        def work(tx: Transaction) -> tuple[Job, Sequence[Fact]]:
            number = tx.db.execute(ADD, _row(job)).lastrowid or 0
            kept = replace(job, number=number)
            return kept, tx.append(facts(kept))

        return await self._writer.write(work)

    async def update(
        self, number: int, change: Callable[[Job], Moved], facts: Callable[[Job, Sequence[JobRun]], Sequence[Fact]], *,
        fence: Fence | None = None,
    ) -> tuple[Job, Sequence[Fact]] | None:  # fmt: skip
        """Change a job as it is at this moment; None when there is none with this number."""

        def work(tx: Transaction) -> tuple[Job, Sequence[Fact]] | None:
            tx.check(fence)
            found = _get(tx.db, number)
            if found is None:
                return None
            job, over = change(found)
            tx.db.execute(MOVE, (job.paused, job.next_at, _turn_text(job.turn), number))
            tx.db.executemany(ADD_RUN, [_run_row(run) for run in over])
            if over:
                tx.db.execute(TIDY_RUNS, (number, number, RUNS_KEPT))
            return job, tx.append(facts(job, over))

        return await self._writer.write(work)

    async def remove(self, number: int, facts: Callable[[Job], Sequence[Fact]]) -> tuple[Job, Sequence[Fact]] | None:
        """Forget a job and its turns; None when there is none with this number."""

        def work(tx: Transaction) -> tuple[Job, Sequence[Fact]] | None:
            found = _get(tx.db, number)
            if found is None:
                return None
            tx.db.execute(REMOVE_RUNS, (number,))
            tx.db.execute(REMOVE, (number,))
            return found, tx.append(facts(found))

        return await self._writer.write(work)

    async def runs(self, number: int, limit: int) -> Sequence[JobRun]:
        """Return turns of a job that are over, newest first."""
        rows = await self._readers.read(lambda db: db.execute(RUNS, (number, limit)).fetchall())
        return [
            JobRun(
                job=job, planned_at=planned_at, ended_at=ended_at, state=RunState(state), tries=tries,
                stands_for=stands_for, said=said, failed=tuple(json.loads(failed)), changes=tuple(json.loads(changes)),
            )
            for job, planned_at, ended_at, state, tries, stands_for, said, failed, changes in rows
        ]  # fmt: skip


def _get(db: sqlite3.Connection, number: int) -> Job | None:
    row = db.execute(GET, (number,)).fetchone()
    return None if row is None else _job(row)


def _row(job: Job) -> tuple[object, ...]:
    schedule = {**asdict(job.schedule), "start": job.schedule.start.isoformat() if job.schedule.start else ""}
    return (
        None, job.kind, job.payload, job.what, job.phrase, json.dumps(schedule), json.dumps(asdict(job.terms)), job.by,
        job.made_at, job.paused, job.next_at, _turn_text(job.turn),
    )  # fmt: skip


def _run_row(run: JobRun) -> tuple[object, ...]:
    failed, changes = json.dumps(run.failed), json.dumps(run.changes)
    return run.job, run.planned_at, run.ended_at, str(run.state), run.tries, run.stands_for, run.said, failed, changes


def _turn_text(turn: JobTurn | None) -> str:
    return json.dumps(asdict(turn)) if turn is not None else ""


def _job(row: tuple[Any, ...]) -> Job:  # a row of _COLUMNS as SQLite gives it
    number, kind, payload, what, phrase, schedule, terms, by, made_at, paused, next_at, turn = row
    when, how, hand = json.loads(schedule), json.loads(terms), json.loads(turn) if turn else None
    return Job(
        number=number, kind=kind, payload=payload, what=what, phrase=phrase, by=by, made_at=made_at,
        paused=bool(paused), next_at=next_at,
        turn=JobTurn(**{**hand, "failed": tuple(hand["failed"]), "changes": tuple(hand.get("changes", ()))})
        if hand else None,
        terms=JobTerms(**{**how, "missed": MissedPolicy(how["missed"])}),
        schedule=JobSchedule(
            **{**when, "kind": ScheduleKind(when["kind"]),
               "start": datetime.fromisoformat(when["start"]) if when["start"] else None}
        ),
    )  # fmt: skip
