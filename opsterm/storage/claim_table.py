"""The table of claims by hand, as SQLModel sees it; see `tables`."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import Field, SQLModel

_NO_ROWID: dict[str, Any] = {"sqlite_with_rowid": False}  # SQLAlchemy's own type for table options


class ClaimTable(SQLModel, table=True):
    """Targets that people have claimed by hand; what changes claim is read from the changes."""

    __tablename__: ClassVar[str] = "claim"
    __table_args__ = _NO_ROWID
    target: str = Field(primary_key=True)
    holder: str = Field(primary_key=True)
    reason: str
    since: float
    until: float
