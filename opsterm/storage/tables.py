"""The tables, as SQLModel sees them: the schema's truth.

Importing this costs 200 ms and 28 MB, so only what makes or migrates a schema does: `schema.sql`, from which a new
database is made, is written from here (see `migrations.ddl`). Tests hold all of these and every statement of this room
together; most tables stand in files of their own. Times are epoch seconds unless the name says `_ms`; lists are JSON.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from opsterm.storage.api_tables import ApiDescriptionTable, ApiTable
from opsterm.storage.approval_table import ApprovalTable
from opsterm.storage.card_table import CardTable
from opsterm.storage.claim_table import ClaimTable
from opsterm.storage.conversation_table import ConversationTable, ConversationTurnTable
from opsterm.storage.item_table import EmbedderTable, ItemTable, ItemVectorTable
from opsterm.storage.job_table import JobRunTable, JobTable
from opsterm.storage.learning_tables import CommandUseTable, TrialPlaceTable, TrialTable
from opsterm.storage.script_table import ScriptTable

__all__ = (  # they are some of them
    "ApiDescriptionTable", "ApiTable", "ApprovalTable", "CardTable", "ClaimTable", "CommandUseTable",
    "ConversationTable", "ConversationTurnTable", "EmbedderTable", "ItemTable", "ItemVectorTable", "JobRunTable",
    "JobTable", "ScriptTable", "TrialPlaceTable", "TrialTable",
)  # fmt: skip

_NO_ROWID: dict[str, Any] = {"sqlite_with_rowid": False}  # SQLAlchemy's own type for table options


class JournalTable(SQLModel, table=True):
    """Facts; `seq` has no holes and is never given twice. `body` is JSON."""

    __tablename__: ClassVar[str] = "journal"
    __table_args__ = (
        Index("journal_kind", "kind", "seq"),
        Index("journal_correlation", "correlation_id", "seq", sqlite_where=text("correlation_id != ''")),
    )
    seq: int = Field(primary_key=True)
    id: str
    at: float
    actor: str
    correlation_id: str
    causation_id: str
    kind: str
    kind_version: int
    body: str


class AuditChainTable(SQLModel, table=True):
    """The audit chain: see `policy.chain`. `body` is canonical JSON, `hash` and `mac` have 32 bytes."""

    __tablename__: ClassVar[str] = "audit_chain"
    n: int = Field(primary_key=True)
    body: str
    hash: bytes
    mac: bytes


class TargetTable(SQLModel, table=True):
    """The inventory."""

    __tablename__: ClassVar[str] = "target"
    name: str = Field(primary_key=True)
    address: str
    os: str
    group_names: str
    tags: str
    protocol: str
    port: int | None
    account: str
    environment: str
    site: str
    source: str


class TargetRemovedTable(SQLModel, table=True):
    """Names the operator removed, so that an automatic import leaves them out."""

    __tablename__: ClassVar[str] = "target_removed"
    name: str = Field(primary_key=True)


class TargetSeenTable(SQLModel, table=True):
    """Reachability; outlives the target's row, for it may come back."""

    __tablename__: ClassVar[str] = "target_seen"
    name: str = Field(primary_key=True)
    answered: bool
    tried_at: float
    seen_at: float | None
    reason: str


class SeriesTable(SQLModel, table=True):
    """Numbers for series; minutes and hours exist for what lies before the two marks, unless dropped by age."""

    __tablename__: ClassVar[str] = "series"
    __table_args__ = (UniqueConstraint("target", "metric", "item", name="series_name"),)
    id: int = Field(primary_key=True)
    target: str
    metric: str
    item: str
    minutes_until_ms: int
    hours_until_ms: int


class LayoutTable(SQLModel, table=True):
    """Which values a tick holds: numbers of series as a JSON list, ascending. Never changed, never dropped."""

    __tablename__: ClassVar[str] = "layout"
    __table_args__ = (UniqueConstraint("series", name="layout_series"),)
    id: int = Field(primary_key=True)
    series: str


class TickTable(SQLModel, table=True):
    """Raw measurements, one row per target and moment; see `ticks` for `data`."""

    __tablename__: ClassVar[str] = "tick"
    __table_args__ = _NO_ROWID
    target: str = Field(primary_key=True)
    at_ms: int = Field(primary_key=True)
    layout_id: int = Field(foreign_key="layout.id")
    data: bytes


class SampleMinuteTable(SQLModel, table=True):
    """One row per series and minute that was measured; `at_ms` is the minute's start."""

    __tablename__: ClassVar[str] = "sample_minute"
    __table_args__ = _NO_ROWID
    series_id: int = Field(primary_key=True, foreign_key="series.id")
    at_ms: int = Field(primary_key=True)
    low: float
    mean: float
    high: float
    readings: int


class SampleHourTable(SQLModel, table=True):
    """One row per series and hour that was measured; `at_ms` is the hour's start."""

    __tablename__: ClassVar[str] = "sample_hour"
    __table_args__ = _NO_ROWID
    series_id: int = Field(primary_key=True, foreign_key="series.id")
    at_ms: int = Field(primary_key=True)
    low: float
    mean: float
    high: float
    readings: int


class AlertTable(SQLModel, table=True):
    """Alerts, resolved ones included."""

    __tablename__: ClassVar[str] = "alert"
    __table_args__ = (
        Index("alert_open", "since", sqlite_where=text("state != 'resolved'")),
        Index("alert_since", "since"),
    )
    id: int = Field(primary_key=True)
    fingerprint: str
    target: str
    metric: str
    item: str
    rule: str
    severity: str
    state: str
    summary: str
    advice: str
    value: float
    unit: str
    level: float
    since: float
    last_seen: float
    count: int
    actor: str
    note: str
    silenced_until: float
    resolved_at: float


class ChangeTable(SQLModel, table=True):
    """Changes. What was ordered (command to expires_at, and digest) is written once and never again."""

    __tablename__: ClassVar[str] = "change"
    __table_args__ = (Index("change_state", "state"),)
    id: int = Field(primary_key=True)
    command: str
    shell: str
    targets: str
    timeout_s: float
    expires_at: float
    selector: str
    risk_level: str
    risk_reasons: str
    reason: str
    origin: str
    requested_by: str
    requested_at: float
    digest: str
    state: str
    approved_digest: str
    decided_by: str
    decided_at: float
    decision_note: str
    started_at: float
    ended_at: float
    runner: str
    become: str = Field(sa_column_kwargs={"server_default": ""})
    login: bool = Field(sa_column_kwargs={"server_default": text("0")})
    pty: bool = Field(sa_column_kwargs={"server_default": text("0")})
    terms: str = Field(sa_column_kwargs={"server_default": ""})
    review: str = Field(sa_column_kwargs={"server_default": ""})


class OutcomeTable(SQLModel, table=True):
    """What came of a change on each target; `place` is the order in which they are worked on."""

    __tablename__: ClassVar[str] = "outcome"
    __table_args__ = _NO_ROWID
    change_id: int = Field(primary_key=True, foreign_key="change.id")
    target: str = Field(primary_key=True)
    place: int
    state: str
    exit_status: int | None
    signal: str
    started_at: float
    ended_at: float
    output_bytes: int
    kept_bytes: int
    output_sha256: str
    message: str


class MailTable(SQLModel, table=True):
    """Mail that waits, was sent or was lost; `state` is that of the whole, see `core.mail.Mail.state`."""

    __tablename__: ClassVar[str] = "mail"
    __table_args__ = (
        Index("mail_state", "state", "next_try_at"),
        UniqueConstraint("message_id", name="mail_message_id"),
    )
    id: int = Field(primary_key=True)
    message_id: str
    subject: str
    body: str
    made_at: float
    since: float
    tries: int
    next_try_at: float
    trouble: str
    state: str


class MailRecipientTable(SQLModel, table=True):
    """What came of a mail for each address; `place` is the order in which they were written."""

    __tablename__: ClassVar[str] = "mail_recipient"
    __table_args__ = _NO_ROWID
    mail_id: int = Field(primary_key=True, foreign_key="mail.id")
    place: int = Field(primary_key=True)
    address: str
    state: str
    code: int
    reply: str
    at: float


class MailToldTable(SQLModel, table=True):
    """Who was told by mail of an open alert, and with which severity."""

    __tablename__: ClassVar[str] = "mail_told"
    __table_args__ = _NO_ROWID
    alert_id: int = Field(primary_key=True)
    address: str = Field(primary_key=True)
    severity: str


class TrapTable(SQLModel, table=True):
    """Traps and informs that were received, the newest of them; `bindings` is JSON: pairs of texts, masked."""

    __tablename__: ClassVar[str] = "trap"
    __table_args__ = (Index("trap_last_at", "last_at"), Index("trap_target", "target", "last_at"))
    id: int = Field(primary_key=True)
    target: str
    sender: str
    version: str
    user_name: str
    checked: int
    is_inform: int
    trap: str
    name: str
    up_time_s: float | None
    at: float
    last_at: float
    count: int
    bindings: str


class ProfileTable(SQLModel, table=True):
    """What targets were: a row for each time it was different; `at` is the last look that showed it so, `body` JSON."""

    __tablename__: ClassVar[str] = "profile"
    __table_args__ = _NO_ROWID
    target: str = Field(primary_key=True)
    since: float = Field(primary_key=True)
    at: float
    boot: str
    body: str


class ServiceTable(SQLModel, table=True):
    """The registry of services; `decided` is what the operator said, capabilities and ports are JSON lists."""

    __tablename__: ClassVar[str] = "service"
    __table_args__ = _NO_ROWID
    target: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    kind: str
    capabilities: str
    ports: str
    process: str
    unit: str
    version: str
    check_kind: str
    check_port: int | None
    decided: str
    found_at: float
    seen_at: float
    gone_at: float | None
    health: str
    health_text: str
    health_at: float | None


class ServiceDependencyTable(SQLModel, table=True):
    """What needs what: ids of services, as in "nginx@web-01"; who needs may have no record."""

    __tablename__: ClassVar[str] = "service_dependency"
    __table_args__ = _NO_ROWID
    service: str = Field(primary_key=True)
    needed: str = Field(primary_key=True)
    origin: str
    found_at: float
    seen_at: float | None


class PreferenceTable(SQLModel, table=True):
    """Small things that stick."""

    __tablename__: ClassVar[str] = "preference"
    name: str = Field(primary_key=True)
    body: str


class LeaseTable(SQLModel, table=True):
    """The one row that says who runs the workers; holder "" for nobody, epoch never goes back."""

    __tablename__: ClassVar[str] = "lease"
    __table_args__ = (CheckConstraint("id = 1", name="lease_is_one_row"),)
    id: int = Field(primary_key=True)
    holder: str
    epoch: int
    face: str
    renewed_at: float
    boot: str
    since: float


TRIGGERS = {
    f"audit_chain_no_{verb.lower()}": f"CREATE TRIGGER audit_chain_no_{verb.lower()} BEFORE {verb} ON audit_chain "
    "BEGIN SELECT RAISE(ABORT, 'the audit chain is only ever added to'); END"
    for verb in ("UPDATE", "DELETE")
}
"""A guard rail against our own mistakes; who wants to change the chain can drop them, and is found by `verify`."""
