"""What became of fixes from cards, and the commands that are learned from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "trial",
        sa.Column("change_id", sa.Integer, sa.ForeignKey("change.id"), primary_key=True),
        *_texts("card"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("step", "alert_id")),
        *_texts("said", "said_by"),
        sa.Column("said_at", sa.Float, nullable=False),
    )
    op.create_index("trial_card", "trial", ["card"])
    op.create_table(
        "trial_place",
        sa.Column("change_id", sa.Integer, sa.ForeignKey("trial.change_id"), primary_key=True),
        sa.Column("target", sa.String, primary_key=True),
        *_texts("system", "environment", "role"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "command_use",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("actor", "command", "shell", "host_class", "directory"),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("ended_well", sa.Boolean),
        sa.Column("change_id", sa.Integer, nullable=False),
    )
    op.create_index("command_use_change", "command_use", ["change_id"])
    op.create_index("command_use_actor", "command_use", ["actor", "at"])
