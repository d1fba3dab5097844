"""The changes that the turns of jobs were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("ALTER TABLE job_run RENAME TO job_run_before")
    op.execute("DROP INDEX job_run_job")
    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("job_id", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("planned_at", "ended_at")),
        sa.Column("state", sa.String, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("tries", "stands_for")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("said", "failed", "changes")),
    )
    op.create_index("job_run_job", "job_run", ["job_id", "id"])
    op.execute(
        "INSERT INTO job_run SELECT id, job_id, planned_at, ended_at, state, tries, stands_for, said, failed, '[]' "
        "FROM job_run_before"
    )
    op.drop_table("job_run_before")
