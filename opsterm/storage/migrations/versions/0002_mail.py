"""The queue of mail, and who was told of which alert."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("message_id", "subject", "body")),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("made_at", "since")),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try_at", sa.Float, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("trouble", "state")),
        sa.UniqueConstraint("message_id", name="mail_message_id"),
    )
    op.create_index("mail_state", "mail", ["state", "next_try_at"])
    op.create_table(
        "mail_recipient",
        sa.Column("mail_id", sa.Integer, sa.ForeignKey("mail.id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("address", "state")),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("reply", sa.String, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mail_told",
        sa.Column("alert_id", sa.Integer, primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("severity", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )
