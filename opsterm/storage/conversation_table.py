"""The tables of conversations, as SQLModel sees them; see `tables`."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class ConversationTable(SQLModel, table=True):
    """Conversations of the chat, each of one account."""

    __tablename__: ClassVar[str] = "conversation"
    __table_args__ = (
        Index("conversation_last", "actor", "last_at"),
        {"sqlite_autoincrement": True},  # a number that was seen is never another conversation's
    )
    id: int = Field(primary_key=True)
    actor: str
    title: str
    began_at: float
    last_at: float


class ConversationTurnTable(SQLModel, table=True):
    """Their turns, masked; `body` is JSON, `words` what is searched in."""

    __tablename__: ClassVar[str] = "conversation_turn"
    __table_args__ = (Index("conversation_turn_of", "conversation_id", "id"),)
    id: int = Field(primary_key=True)
    conversation_id: int
    at: float
    words: str
    body: str
