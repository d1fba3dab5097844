"""Traps and informs that were received."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "trap",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("target", "sender", "version", "user_name")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("checked", "is_inform")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("trap", "name")),
        sa.Column("up_time_s", sa.Float, nullable=True),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("at", "last_at")),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("bindings", sa.String, nullable=False),
    )
    op.create_index("trap_last_at", "trap", ["last_at"])
    op.create_index("trap_target", "trap", ["target", "last_at"])
