"""What is done by schedule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("kind", "payload", "what", "phrase", "schedule", "terms", "made_by")
        ),
        sa.Column("made_at", sa.Float, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("next_at", sa.Float, nullable=True),
        sa.Column("turn", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("job_id", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("planned_at", "ended_at")),
        sa.Column("state", sa.String, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("tries", "stands_for")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("said", "failed")),
    )
    op.create_index("job_run_job", "job_run", ["job_id", "id"])
