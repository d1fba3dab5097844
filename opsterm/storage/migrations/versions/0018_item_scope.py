"""An index that has all of an item that a search asks for."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.drop_index("item_about", "item")
    op.create_index("item_scope", "item", ["collection", "about", "owner", "kind", "at"])
