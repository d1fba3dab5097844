"""Approvals, one a person, and the terms on which they are given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("change", sa.Column("terms", sa.String, nullable=False, server_default=""))
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("change_id", sa.Integer, sa.ForeignKey("change.id"), nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("kind", "who")),
        sa.Column("at", sa.Float, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("digest", "note", "proof", "signature", "seal")),
        sa.UniqueConstraint("change_id", "kind", "who", name="approval_person"),
    )
    op.create_index("approval_kind", "approval", ["kind", "at"])
