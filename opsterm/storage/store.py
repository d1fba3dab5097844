"""Opens everything that is kept, once per process."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from opsterm.core.clock import Clock
from opsterm.core.errors import StorageError, StorageFull
from opsterm.core.paths import Paths, make_private
from opsterm.core.units import bytes_text
from opsterm.runtime.offload import Offload
from opsterm.storage.alerts import SqliteAlerts
from opsterm.storage.approvals import SqliteApprovals
from opsterm.storage.changes import SqliteChanges
from opsterm.storage.faults import fault
from opsterm.storage.journal import SqliteJournal
from opsterm.storage.lease import SqliteLease, SqlitePreferences
from opsterm.storage.line import Readers
from opsterm.storage.output import FileOutput
from opsterm.storage.samples import SqliteSamples
from opsterm.storage.schema import SHIPPED, Schema, backups, prepare, version_on_disk
from opsterm.storage.targets import SqliteTargets
from opsterm.storage.writer import Writer

if TYPE_CHECKING:
    from opsterm.runtime import (
        ports_apis,
        ports_audit,
        ports_claims,
        ports_conversations,
        ports_habits,
        ports_jobs,
        ports_knowledge,
        ports_mail,
        ports_scripts,
        ports_services,
        ports_store,
        ports_traps,
        ports_vectors,
    )

_COUNTED = {
    "facts": "SELECT ifnull(max(seq), 0) FROM journal",
    "audit entries": "SELECT ifnull(max(n), 0) FROM audit_chain",
    "targets": "SELECT count(*) FROM target",
    "changes": "SELECT count(*) FROM change",
    "alerts": "SELECT count(*) FROM alert",
    "services": "SELECT count(*) FROM service",
    "mails": "SELECT count(*) FROM mail",
    "cards of this site": "SELECT count(*) FROM card",
    "fixes tried": "SELECT count(*) FROM trial",
    "commands learned from": "SELECT count(*) FROM command_use",
    "items of collections": "SELECT count(*) FROM item",
    "versions of scripts": "SELECT count(*) FROM script",
    "questions asked": "SELECT count(*) FROM conversation_turn",
    "APIs": "SELECT count(*) FROM api",
    "jobs": "SELECT count(*) FROM job",
    "traps": "SELECT count(*) FROM trap",
    "series": "SELECT count(*) FROM series",
    "measurements": "SELECT ifnull(sum(length(data)), 0) / 8 FROM tick",
    "minutes": "SELECT count(*) FROM sample_minute",
    "hours": "SELECT count(*) FROM sample_hour",
}


async def open_store(
    paths: Paths, clock: Clock, *, on_busy: Callable[[str], None] | None = None, schema: Schema = SHIPPED
) -> SqliteStore:
    """Open the database, made or brought up to this version where needed.

    On a disk that takes no writes an existing, up-to-date database is opened for reading; see `read_only_because`.
    An up-to-date database opens in a few milliseconds.

    Args:
        paths: where things are; the data folder is made.
        clock: names backups, and says when to try a refused disk again.
        on_busy: told a sentence, on the loop, when opening takes longer than usual (a migration).
        schema: what this version expects; tests bring their own.

    Raises:
        SchemaTooNew: a newer opsterm wrote it.
        StorageFull: the disk takes no writes, and there is nothing to read.
        StorageError: it is damaged, no database, not ours, not readable, or its folder is not private.
    """
    database = paths.database.absolute()
    loop = asyncio.get_running_loop()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(clock.now()))

    def say(text: str) -> None:
        if on_busy is not None:
            loop.call_soon_threadsafe(on_busy, text)

    def make_ready() -> None:
        try:
            make_private(database.parent)
        except OSError as error:
            raise fault(error, database.parent, "opened") from error
        prepare(database, stamp=stamp, say=say, schema=schema)

    readers = Readers(database)
    writer = Writer(database, clock, make_ready=make_ready, readers=readers)
    try:
        await writer.open()
    except StorageFull as refusal:
        if not await _is_readable(readers, schema):
            await writer.close()
            raise refusal from None
    return SqliteStore(paths, writer, readers, schema.version, clock)


async def _is_readable(readers: Readers, schema: Schema) -> bool:
    """See whether a database can be read as it stands, or else frozen; leave the readers that way."""
    for frozen in (False, True):
        await readers.renew(frozen=frozen)
        try:
            if await readers.read(version_on_disk) == schema.version:
                return True
        except StorageError:
            continue
    return False


class _Learnt:
    """What a site knows beside what is: cards, items, scripts, fixes that were tried, commands that were run."""

    def __init__(self, writer: Writer, readers: Readers, clock: Clock) -> None:
        self._writer = writer
        self._readers = readers
        self._clock = clock

    @cached_property
    def cards(self) -> ports_knowledge.CardStore:
        """Cards of this site."""
        from opsterm.storage.cards import SqliteCards

        return SqliteCards(self._writer, self._readers)

    @cached_property
    def items(self) -> ports_vectors.ItemStore:
        """The items of the collections."""
        from opsterm.storage.items import SqliteItems

        return SqliteItems(self._writer, self._readers, self._clock)

    @cached_property
    def scripts(self) -> ports_scripts.ScriptStore:
        """Scripts of this site."""
        from opsterm.storage.scripts import SqliteScripts

        return SqliteScripts(self._writer, self._readers)

    @cached_property
    def trials(self) -> ports_knowledge.TrialStore:
        """Fixes that were tried."""
        from opsterm.storage.trials import SqliteTrials

        return SqliteTrials(self._writer, self._readers)

    @cached_property
    def command_uses(self) -> ports_habits.CommandUseStore:
        """Commands that are learned from."""
        from opsterm.storage.command_uses import SqliteCommandUses

        return SqliteCommandUses(self._writer, self._readers)


class SqliteStore(_Learnt):
    """Everything that is kept; see `runtime.ports_store.Store`. Made by `open_store`."""

    def __init__(self, paths: Paths, writer: Writer, readers: Readers, version: str, clock: Clock) -> None:
        super().__init__(writer, readers, clock)
        offload = Offload()
        self.journal: ports_store.JournalStore = SqliteJournal(writer, readers)
        self.targets: ports_store.TargetStore = SqliteTargets(writer, readers)
        self.samples: ports_store.SampleStore = SqliteSamples(writer, readers)
        self.alerts: ports_store.AlertStore = SqliteAlerts(writer, readers)
        output = paths.output.absolute()
        self.changes: ports_store.ChangeStore = SqliteChanges(writer, readers, output=output)
        self.approvals: ports_store.ApprovalStore = SqliteApprovals(
            writer, readers, paths.approval_key.absolute(), offload.pool("output")
        )
        self.output: ports_store.OutputStore = FileOutput(output, offload.pool("output"))
        self.preferences: ports_store.PreferenceStore = SqlitePreferences(writer, readers)
        self.lease: ports_store.LeaseStore = SqliteLease(writer, readers)
        self._database = paths.database.absolute()
        self._offload = offload
        self._version = version

    @cached_property
    def mail(self) -> ports_mail.MailStore:
        """The queue of mail; loaded, like those that follow, when it is first asked for."""
        from opsterm.storage.mail import SqliteMail

        return SqliteMail(self._writer, self._readers)

    @cached_property
    def apis(self) -> ports_apis.ApiStore:
        """Learnt HTTP APIs."""
        from opsterm.storage.apis import SqliteApis

        return SqliteApis(self._writer, self._readers)

    @cached_property
    def chain(self) -> ports_audit.ChainStore:
        """The audit chain."""
        from opsterm.storage.chain_reading import SqliteChain

        return SqliteChain(self._database, self._readers, self._offload)

    @cached_property
    def claims(self) -> ports_claims.ClaimStore:
        """Claims by hand."""
        from opsterm.storage.claims import SqliteClaims

        return SqliteClaims(self._writer, self._readers)

    @cached_property
    def jobs(self) -> ports_jobs.JobStore:
        """What is done by schedule."""
        from opsterm.storage.jobs import SqliteJobs

        return SqliteJobs(self._writer, self._readers)

    @cached_property
    def conversations(self) -> ports_conversations.ConversationStore:
        """Conversations of the chat."""
        from opsterm.storage.conversations import SqliteConversations

        return SqliteConversations(self._writer, self._readers)

    @cached_property
    def traps(self) -> ports_traps.TrapStore:
        """Traps that came."""
        from opsterm.storage.traps import SqliteTraps

        return SqliteTraps(self._writer, self._readers)

    @cached_property
    def profiles(self) -> ports_services.ProfileStore:
        """What targets were found to be."""
        from opsterm.storage.profiles import SqliteProfiles

        return SqliteProfiles(self._writer, self._readers)

    @cached_property
    def services(self) -> ports_services.ServiceStore:
        """The registry of services."""
        from opsterm.storage.services import SqliteServices

        return SqliteServices(self._writer, self._readers)

    @property
    def read_only_because(self) -> str:
        """A sentence when nothing can be written now (disk full, read-only file system), else ""."""
        return self._writer.refused_because

    async def facts(self) -> Mapping[str, str]:
        """Return what doctor shows: path, size, schema, journal mode, rows. Counts every row: up to a second."""

        def work(db: sqlite3.Connection) -> dict[str, str]:
            mode = db.execute("PRAGMA journal_mode").fetchone()[0]
            rows = {name: f"{db.execute(count).fetchone()[0]:,}" for name, count in _COUNTED.items()}
            return {
                "path": str(self._database),
                "size": bytes_text(_size(self._database)),
                "schema": self._version,
                "journal mode": "write-ahead log, forced to the disk at each commit" if mode == "wal" else str(mode),
                **rows,
                "backups": ", ".join(path.name for path in backups(self._database)) or "none",
                "SQLite": sqlite3.sqlite_version,
                "writes": self.read_only_because or "possible",
            }

        return await self._readers.read(work)

    async def close(self) -> None:
        """Finish what was accepted and close every connection. Safe to call twice."""
        await self._writer.close()
        self._offload.close()


def _size(database: Path) -> int:
    """Return the bytes of a database with the log beside it."""
    files = (database, database.with_name(f"{database.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
