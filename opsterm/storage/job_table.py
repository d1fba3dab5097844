"""The tables of jobs, as SQLModel sees them; see `tables`."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class JobTable(SQLModel, table=True):
    """What is done by schedule; `schedule`, `terms` and `turn` are JSON, `turn` is "" when none is in hand."""

    __tablename__: ClassVar[str] = "job"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is in the origin of what the job has made
    id: int = Field(primary_key=True)
    kind: str
    payload: str
    what: str
    phrase: str
    schedule: str
    terms: str
    made_by: str
    made_at: float
    paused: bool
    next_at: float | None
    turn: str


class JobRunTable(SQLModel, table=True):
    """Turns of jobs that are over, the newest few of each; `failed` and `changes` are JSON."""

    __tablename__: ClassVar[str] = "job_run"
    __table_args__ = (Index("job_run_job", "job_id", "id"),)
    id: int = Field(primary_key=True)
    job_id: int
    planned_at: float
    ended_at: float
    state: str
    tries: int
    stands_for: int
    said: str
    failed: str
    changes: str
