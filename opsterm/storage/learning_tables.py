"""The tables of what is learned from what was done, as SQLModel sees them; see `tables`."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

_NO_ROWID: dict[str, Any] = {"sqlite_with_rowid": False}  # SQLAlchemy's own type for table options


class TrialTable(SQLModel, table=True):
    """Changes that were proposed from a step of a card; `alert_id` is 0 for none, `said` "" while nobody has said."""

    __tablename__: ClassVar[str] = "trial"
    __table_args__ = (Index("trial_card", "card"),)
    change_id: int = Field(primary_key=True, foreign_key="change.id")
    card: str
    step: int
    alert_id: int
    said: str
    said_by: str
    said_at: float


class TrialPlaceTable(SQLModel, table=True):
    """Where a trial was made: each of its targets as it was then."""

    __tablename__: ClassVar[str] = "trial_place"
    __table_args__ = _NO_ROWID
    change_id: int = Field(primary_key=True, foreign_key="trial.change_id")
    target: str = Field(primary_key=True)
    system: str
    environment: str
    role: str


class CommandUseTable(SQLModel, table=True):
    """Commands that were run, secrets masked; a `command` that is "" was forgotten. `change_id` is 0 for none."""

    __tablename__: ClassVar[str] = "command_use"
    __table_args__ = (
        Index("command_use_change", "change_id"),
        Index("command_use_actor", "actor", "at"),
    )
    id: int = Field(primary_key=True)
    actor: str
    command: str
    shell: str
    host_class: str
    directory: str
    at: float
    ended_well: bool | None
    change_id: int
