"""What the rules said of a change when it was proposed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("change", sa.Column("review", sa.String, nullable=False, server_default=""))
