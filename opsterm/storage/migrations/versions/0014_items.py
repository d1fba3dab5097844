"""The five collections of what is known: texts, and vectors by what made them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "item",
        sa.Column("seq", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("collection", "name", "kind", "owner", "trust", "about", "title", "body")
        ),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.UniqueConstraint("collection", "name", name="item_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("item_expires", "item", ["expires_at"])
    op.create_index("item_about", "item", ["collection", "about"])
    op.create_table(
        "embedder",
        sa.Column("key", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("rung", "name", "version", "digest")),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("upto", sa.Integer, nullable=False),
    )
    op.create_table(
        "item_vector",
        sa.Column("embedder", sa.String, primary_key=True),
        sa.Column("item_seq", sa.Integer, primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
