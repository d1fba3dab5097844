"""Conversations of the chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("actor", "title")),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("began_at", "last_at")),
        sqlite_autoincrement=True,
    )
    op.create_index("conversation_last", "conversation", ["actor", "last_at"])
    op.create_table(
        "conversation_turn",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("words", "body")),
    )
    op.create_index("conversation_turn_of", "conversation_turn", ["conversation_id", "id"])
