"""The audit chain. The journal so far is taken into it with the first fact that is added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("body", sa.String, nullable=False),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("hash", "mac")),
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_chain_no_{verb.lower()} BEFORE {verb} ON audit_chain "
            "BEGIN SELECT RAISE(ABORT, 'the audit chain is only ever added to'); END"
        )
