"""How the shell of a change is started: as whom by sudo, as a log-in shell, on a terminal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("change", sa.Column("become", sa.String, nullable=False, server_default=""))
    op.add_column("change", sa.Column("login", sa.Boolean, nullable=False, server_default=sa.text("0")))
    op.add_column("change", sa.Column("pty", sa.Boolean, nullable=False, server_default=sa.text("0")))
