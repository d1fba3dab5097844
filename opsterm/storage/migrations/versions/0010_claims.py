"""Targets that people have claimed by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "claim",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("target", "holder")),
        sa.Column("reason", sa.String, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("since", "until")),
        sqlite_with_rowid=False,
    )
