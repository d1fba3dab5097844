"""The table of approvals, as SQLModel sees it; `tables` has the others."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class ApprovalTable(SQLModel, table=True):
    """What one person, or the policy, said of a change. Written once; `seal` shows a row that was not written by us."""

    __tablename__: ClassVar[str] = "approval"
    __table_args__ = (
        UniqueConstraint("change_id", "kind", "who", name="approval_person"),
        Index("approval_kind", "kind", "at"),
    )
    id: int = Field(primary_key=True)
    change_id: int = Field(foreign_key="change.id")
    kind: str
    who: str
    at: float
    digest: str
    note: str
    proof: str
    signature: str
    seal: str
