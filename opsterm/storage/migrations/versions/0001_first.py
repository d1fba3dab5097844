"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _journal()
    _inventory()
    _measurements()
    _alerts()
    _changes()
    op.create_table("preference", sa.Column("name", sa.String, primary_key=True), *_texts("body"))
    op.create_table(
        "lease",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("holder"),
        *_whole("epoch"),
        *_texts("face"),
        *_numbers("renewed_at"),
        *_texts("boot"),
        *_numbers("since"),
        sa.CheckConstraint("id = 1", name="lease_is_one_row"),
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer, primary_key=True),
        *_texts("id"),
        *_numbers("at"),
        *_texts("actor", "correlation_id", "causation_id", "kind"),
        *_whole("kind_version"),
        *_texts("body"),
    )
    op.create_index("journal_kind", "journal", ["kind", "seq"])
    op.create_index(
        "journal_correlation", "journal", ["correlation_id", "seq"], sqlite_where=sa.text("correlation_id != ''")
    )


def _inventory() -> None:
    op.create_table(
        "target",
        sa.Column("name", sa.String, primary_key=True),
        *_texts("address", "os", "group_names", "tags", "protocol"),
        sa.Column("port", sa.Integer),
        *_texts("account", "environment", "site", "source"),
    )
    op.create_table("target_removed", sa.Column("name", sa.String, primary_key=True))
    op.create_table(
        "target_seen",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("answered", sa.Boolean, nullable=False),
        *_numbers("tried_at"),
        sa.Column("seen_at", sa.Float),
        *_texts("reason"),
    )


def _measurements() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("target", "metric", "item"),
        *_whole("minutes_until_ms", "hours_until_ms"),
        sa.UniqueConstraint("target", "metric", "item", name="series_name"),
    )
    op.create_table(
        "layout",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("series"),
        sa.UniqueConstraint("series", name="layout_series"),
    )
    op.create_table(
        "tick",
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("at_ms", sa.Integer, primary_key=True),
        sa.Column("layout_id", sa.Integer, sa.ForeignKey("layout.id"), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    for name in ("sample_minute", "sample_hour"):
        op.create_table(
            name,
            sa.Column("series_id", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
            sa.Column("at_ms", sa.Integer, primary_key=True),
            *_numbers("low", "mean", "high"),
            *_whole("readings"),
            sqlite_with_rowid=False,
        )


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("fingerprint", "target", "metric", "item", "rule", "severity", "state", "summary", "advice"),
        *_numbers("value"),
        *_texts("unit"),
        *_numbers("level", "since", "last_seen"),
        *_whole("count"),
        *_texts("actor", "note"),
        *_numbers("silenced_until", "resolved_at"),
    )
    op.create_index("alert_open", "alert", ["since"], sqlite_where=sa.text("state != 'resolved'"))
    op.create_index("alert_since", "alert", ["since"])


def _changes() -> None:
    op.create_table(
        "change",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("command", "shell", "targets"),
        *_numbers("timeout_s", "expires_at"),
        *_texts("selector", "risk_level", "risk_reasons", "reason", "origin", "requested_by"),
        *_numbers("requested_at"),
        *_texts("digest", "state", "approved_digest", "decided_by"),
        *_numbers("decided_at"),
        *_texts("decision_note"),
        *_numbers("started_at", "ended_at"),
        *_texts("runner"),
    )
    op.create_index("change_state", "change", ["state"])
    op.create_table(
        "outcome",
        sa.Column("change_id", sa.Integer, sa.ForeignKey("change.id"), primary_key=True),
        sa.Column("target", sa.String, primary_key=True),
        *_whole("place"),
        *_texts("state"),
        sa.Column("exit_status", sa.Integer),
        *_texts("signal"),
        *_numbers("started_at", "ended_at"),
        *_whole("output_bytes", "kept_bytes"),
        *_texts("output_sha256", "message"),
        sqlite_with_rowid=False,
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float, nullable=False) for name in names]
