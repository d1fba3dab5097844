"""The table of the scripts of this site, as SQLModel sees it; see `tables`."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel


class ScriptTable(SQLModel, table=True):
    """Versions of scripts that people of this site have kept; none is ever written over."""

    __tablename__: ClassVar[str] = "script"
    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    language: str
    body: str
    about: str
    actor: str
    at: float
