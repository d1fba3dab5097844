"""The tables of the collections, as SQLModel sees them; see `tables`."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class ItemTable(SQLModel, table=True):
    """Texts of the five collections, see `knowledge.collection.Item`; one that is written anew has a new `seq`."""

    __tablename__: ClassVar[str] = "item"
    __table_args__ = (
        UniqueConstraint("collection", "name", name="item_name"),
        Index("item_expires", "expires_at"),
        Index("item_scope", "collection", "about", "owner", "kind", "at"),  # all that a scope asks for
        {"sqlite_autoincrement": True},
    )
    seq: int = Field(primary_key=True)
    collection: str
    name: str
    kind: str
    owner: str
    trust: str
    about: str
    title: str
    body: str
    at: float
    expires_at: float | None
    digest: str


class EmbedderTable(SQLModel, table=True):
    """What made vectors, see `knowledge.collection.EmbedderStamp`; every item up to `upto` has one."""

    __tablename__: ClassVar[str] = "embedder"
    key: str = Field(primary_key=True)
    rung: str
    name: str
    version: str
    digest: str
    dimension: int
    at: float
    upto: int


class ItemVectorTable(SQLModel, table=True):
    """Vectors of items: of length one, 4 bytes a dimension, little-endian."""

    __tablename__: ClassVar[str] = "item_vector"
    embedder: str = Field(primary_key=True)
    item_seq: int = Field(primary_key=True)
    vector: bytes
