"""What Alembic runs: the connection comes from `migrations.run`, there is no alembic.ini."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import opsterm.storage.tables  # noqa: F401 (fills the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,  # SQLite can; all migrations happen or none
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
