"""The table of the cards of this site, as SQLModel sees it; see `tables`."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel


class CardTable(SQLModel, table=True):
    """Cards that people of this site have written, as TOML; those that ship are files."""

    __tablename__: ClassVar[str] = "card"
    id: str = Field(primary_key=True)
    body: str
    actor: str
    at: float
