"""Profiles of targets, and the registry of services."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "profile",
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("since", sa.Float, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("boot", "body")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "service",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("target", "name")),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("kind", "capabilities", "ports", "process", "unit", "version", "check_kind")
        ),
        sa.Column("check_port", sa.Integer),
        sa.Column("decided", sa.String, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("found_at", "seen_at")),
        sa.Column("gone_at", sa.Float),
        *(sa.Column(name, sa.String, nullable=False) for name in ("health", "health_text")),
        sa.Column("health_at", sa.Float),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "service_dependency",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("service", "needed")),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("found_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.Float),
        sqlite_with_rowid=False,
    )
