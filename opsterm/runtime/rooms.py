"""The rooms of the house: the use-cases, and how each is built from the edges."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from opsterm.core.clock import Clock
from opsterm.core.errors import Bug
from opsterm.core.hub import Hub
from opsterm.core.paths import Paths
from opsterm.core.settings import Loaded, Settings
from opsterm.inventory.target import Protocol
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.assessments import Assessments
from opsterm.runtime.audit import Audit
from opsterm.runtime.cameras import Cameras
from opsterm.runtime.changes import Changes
from opsterm.runtime.checks import Checks
from opsterm.runtime.connection_test import ConnectionTest
from opsterm.runtime.credentials import CredentialKeeping
from opsterm.runtime.edges import Edges
from opsterm.runtime.executor import Executor
from opsterm.runtime.exposition import Exposition
from opsterm.runtime.files import FileTransfers
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.mail import Post
from opsterm.runtime.measurers import measurers_by_protocol
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.notices import MailNotices
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Connector, Credentials, Operator
from opsterm.runtime.ports_mail import WholeStore
from opsterm.runtime.ports_reach import ReachProbe
from opsterm.runtime.profiles import Profiles
from opsterm.runtime.reach import Reach
from opsterm.runtime.registry import open_services
from opsterm.runtime.remote_monitoring import RemoteMonitoring
from opsterm.runtime.services import Services
from opsterm.runtime.snmp import Snmp
from opsterm.runtime.supervisor import Supervisor
from opsterm.runtime.terminals import Terminals
from opsterm.runtime.traps import Traps
from opsterm.runtime.workers import Workers

if TYPE_CHECKING:
    from opsterm.runtime.apis import Apis
    from opsterm.runtime.assistant import Assistant


class Rooms:
    """The use-cases, built once the store is open; what is heavy is loaded when it is first asked for.

    Attributes:
        settings: the tree in force; `loaded` says where each value came from.
        hub: where a face listens.
        supervisor: the long-lived tasks of this process.
        inventory, profiles, services, monitoring, remote_monitoring, alerts, changes, terminals, audit,
            exposition, snmp, traps, reach, connection_test, checks, cameras, post, files: use-cases by room.
    """

    inventory: Inventory
    profiles: Profiles
    services: Services
    monitoring: Monitoring
    remote_monitoring: RemoteMonitoring
    alerts: Alerts
    checks: Checks
    cameras: Cameras
    changes: Changes
    terminals: Terminals
    audit: Audit
    exposition: Exposition
    traps: Traps
    post: Post
    notices: MailNotices
    files: FileTransfers

    def __init__(self, *, loaded: Loaded, paths: Paths, clock: Clock, edges: Edges, face: str) -> None:
        self.loaded = loaded
        self.paths = paths
        self.clock = clock
        self.face = face
        self.hub = Hub()
        self.supervisor = Supervisor(clock)
        self.offload = Offload()
        self._edges = edges
        self._store: WholeStore | None = None
        self._ledger: Ledger | None = None
        self._workers: Workers | None = None
        self._started = False
        self._apis: Apis | None = None
        self._assistant: Assistant | None = None
        self._credentials: Credentials | None = None
        self._connector: Connector | None = None
        self._ssh_problems: Sequence[str] = ()
        self._connecting = asyncio.Lock()
        self.secrets = CredentialKeeping(lambda: self.credentials)
        self.assessments = Assessments(lambda: self.inventory)
        self.snmp = Snmp(self.settings.snmp, lambda: self.inventory, lambda: edges.open_snmp(self.credentials))

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.loaded.settings

    @property
    def operator(self) -> Operator:
        """Who sits there."""
        return self._edges.operator

    @property
    def read_only_because(self) -> str:
        """A sentence when nothing can be written now, else ""."""
        return self._store.read_only_because if self._store else ""

    @property
    def runs_workers(self) -> bool:
        """Whether this process is the one that measures and sweeps."""
        return self._workers is not None and self._workers.run_here

    def _build(self) -> None:
        """Build the use-cases; the store, the ledger and the credentials are open."""
        self._build_targets()
        self._build_watching()
        self._build_changes()
        self._build_on_top()

    def _build_targets(self) -> None:
        edges, store, ledger = self._edges, self.store, self.ledger
        self.alerts = Alerts(store, ledger, self.clock, operator=edges.operator)
        self.inventory = Inventory(
            store, ledger, self.clock, files=edges.files, operator=edges.operator, offload=self.offload,
            connector=self.connector, open_alerts=self.alerts.by_target, checks={Protocol.SNMP: self.snmp.check},
        )  # fmt: skip
        self.reach = Reach(self.inventory, self.clock, self._reach_probe)

    def _build_watching(self) -> None:
        settings, edges, store, ledger = self.settings, self._edges, self.store, self.ledger
        self.checks = Checks(settings.checks, self.clock, self.inventory, store.preferences, self._reach_probe)
        self.cameras = Cameras(
            settings.cameras, self.clock, self.inventory, files=edges.files, offload=self.offload,
            open_reader=lambda: edges.open_cameras(self.credentials),
        )  # fmt: skip
        self.monitoring = Monitoring(
            store, ledger, self.clock, settings=settings.monitoring, offload=self.offload,
            open_probe=edges.open_probe, alerts=self.alerts, selects=self.inventory.chooses,
            open_knowledge=edges.open_knowledge, sources=[self.checks, self.cameras],
        )  # fmt: skip

    def _build_changes(self) -> None:
        settings, edges, store, ledger = self.settings, self._edges, self.store, self.ledger
        executor = Executor(
            store, ledger, self.connector, self.clock, runner=edges.processes.me(),
            parallel=settings.ssh.parallel, output_limit=settings.changes.output_limit_kb * 1000,
            quiet_limit_s=settings.changes.quiet_timeout_s, read_only=settings.changes.read_only,
        )  # fmt: skip
        self.changes = Changes(
            store, ledger, self.clock, settings=settings.changes, operator=edges.operator,
            inventory=self.inventory, executor=executor, supervisor=self.supervisor, alive=self._alive,
            offload=self.offload, warnings={Protocol.WINRM: settings.winrm.warnings},
        )  # fmt: skip
        self.services = open_services(
            store, ledger, self.inventory, self.reach, edges, offload=self.offload, connector=self.connector,
            read_only=settings.changes.read_only,
        )  # fmt: skip
        self.profiles = self.services.profiles

    def _build_on_top(self) -> None:
        settings, edges, store, ledger = self.settings, self._edges, self.store, self.ledger
        self.files = FileTransfers(
            ledger, self.clock, settings=settings.changes, inventory=self.inventory, changes=self.changes,
            connector=self.connector, contents=edges.open_contents, new_files=edges.open_new_files,
            parallel=settings.ssh.parallel,
        )  # fmt: skip
        self.remote_monitoring = RemoteMonitoring(
            self.clock, settings=settings.monitoring, inventory=self.inventory, monitoring=self.monitoring,
            measurers=measurers_by_protocol(self.connector, self.snmp.reader, self.clock, settings.snmp),
        )  # fmt: skip
        self.traps = Traps(
            store, ledger, self.clock, settings=settings.snmp, inventory=self.inventory, monitoring=self.monitoring,
            alerts=self.alerts, open_ear=lambda: edges.open_traps(self.credentials), open_reader=self.snmp.reader,
        )  # fmt: skip
        self.terminals = Terminals(ledger, self.inventory, self.connector, read_only=settings.changes.read_only)
        self.connection_test = ConnectionTest(self.inventory, self.clock, self.connector, self._reach_probe,
                                              self.snmp.reader, read_only=settings.changes.read_only)  # fmt: skip
        self.audit = Audit(store.journal)
        self.exposition = Exposition(self.clock, self.inventory, self.monitoring, self.alerts)
        self.post = Post(
            store.mail, ledger, self.clock, settings=settings.mail, operator=edges.operator,
            transport=edges.open_mail, credentials=lambda: self.credentials,
        )  # fmt: skip
        self.notices = MailNotices(
            store, ledger, self.clock, settings=settings.mail, operator=edges.operator, inventory=self.inventory,
            post=self.post,
        )  # fmt: skip

    async def _alive(self, process: str) -> bool:
        return await self.offload.run("probe", lambda: self._edges.processes.alive(process))

    async def assistant(self) -> Assistant:
        """Return the assistant, loaded when first asked for: its rules are a seventh of what a start would import."""
        module = await self.offload.run("imports", lambda: importlib.import_module("opsterm.runtime.assistant"))
        apis = await self.apis()
        if self._assistant is None:
            self._assistant = cast("type[Assistant]", module.Assistant)(
                self.clock, operator=self.operator, inventory=self.inventory, monitoring=self.monitoring,
                alerts=self.alerts, changes=self.changes, apis=apis, audit=self.audit,
                profiles=self.profiles, services=self.services, open_knowledge=self._edges.open_knowledge,
            )  # fmt: skip
        return self._assistant

    async def _reach_probe(self) -> ReachProbe:
        return await self._edges.open_reach(self.credentials)

    async def apis(self) -> Apis:
        """Return the use-cases of HTTP APIs, loaded when first asked for."""
        module = await self.offload.run("imports", lambda: importlib.import_module("opsterm.runtime.apis"))
        if self._apis is None:
            edges = self._edges
            self._apis = cast("type[Apis]", module.Apis)(
                self.store.apis, self.ledger, self.clock, inventory=self.inventory, changes=self.changes,
                credentials=lambda: self.credentials, reader=edges.open_apis, files=edges.files, offload=self.offload,
                read_only=self.settings.changes.read_only,
            )  # fmt: skip
        return self._apis

    async def connector(self) -> Connector:
        """Return the connector, made when first needed: what it needs costs a third of a second to load."""
        async with self._connecting:  # many targets of one change ask at once, and one connector is closed in the end
            if self._connector is None:
                self._connector = await self._edges.open_connector(self.credentials)
            return self._connector

    @property
    def credentials(self) -> Credentials:
        """The keyring or the vault."""
        if self._credentials is None:
            raise Bug("the runtime was used before it was opened")
        return self._credentials

    @property
    def workers(self) -> Workers:
        """What one process of this account does for all."""
        if self._workers is None:
            raise Bug("the runtime was used before it was opened")
        return self._workers

    @property
    def store(self) -> WholeStore:
        """What is kept on disk; for the use-cases, not for the faces."""
        if self._store is None:
            raise Bug("the runtime was used before it was opened")
        return self._store

    @property
    def ledger(self) -> Ledger:
        """Where facts are told; for the use-cases, not for the faces."""
        if self._ledger is None:
            raise Bug("the runtime was used before it was opened")
        return self._ledger
