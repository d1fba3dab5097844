"""The tables of HTTP APIs, as SQLModel sees them; see `tables`."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel


class ApiTable(SQLModel, table=True):
    """HTTP APIs that are known from their descriptions."""

    __tablename__: ClassVar[str] = "api"
    name: str = Field(primary_key=True)
    source: str
    server: str
    title: str
    version: str
    openapi: str
    operations: int
    sha256: str
    added_at: float
    read_at: float


class ApiDescriptionTable(SQLModel, table=True):
    """What is kept of each description, as JSON: see `inventory.apis.description`. Apart, for it may be megabytes."""

    __tablename__: ClassVar[str] = "api_description"
    name: str = Field(primary_key=True, foreign_key="api.name")
    body: str
