"""Scripts that people of this site have kept, each version of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "script",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("language", "body", "about", "actor")),
        sa.Column("at", sa.Float, nullable=False),
    )
