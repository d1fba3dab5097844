"""HTTP APIs and what is kept of their descriptions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "api",
        sa.Column("name", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("source", "server", "title", "version", "openapi")),
        sa.Column("operations", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("added_at", "read_at")),
    )
    op.create_table(
        "api_description",
        sa.Column("name", sa.String, sa.ForeignKey("api.name"), primary_key=True),
        sa.Column("body", sa.String, nullable=False),
    )
