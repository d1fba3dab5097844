"""The rooms of the house: the use-cases, and how each is built from the edges."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from opsterm.core.clock import Clock
from opsterm.core.errors import Bug
from opsterm.core.hub import Hub
from opsterm.core.paths import Paths
from opsterm.core.settings import Loaded, Settings
from opsterm.inventory.target import Protocol
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.approval_identity import Identities
from opsterm.runtime.approvals import Approvals
from opsterm.runtime.bound_credentials import BoundCredentials
from opsterm.runtime.cameras import Cameras
from opsterm.runtime.change_checks import ChangeChecks
from opsterm.runtime.change_limits import ChangeLimits
from opsterm.runtime.changes import Changes
from opsterm.runtime.checks import Checks
from opsterm.runtime.claims import Claims
from opsterm.runtime.compliance import Compliance, ComplianceGate
from opsterm.runtime.credential_keeping import CredentialKeeping
from opsterm.runtime.drift_alerts import DriftAlerts
from opsterm.runtime.executor import Executor
from opsterm.runtime.guards import Guards
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.job_alerts import JobAlerts
from opsterm.runtime.kept_points import KeptPoints
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.marking import Marking
from opsterm.runtime.masking import Masking
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.offload import Offload
from opsterm.runtime.outside_checks import OutsideChecks
from opsterm.runtime.reach import Reach
from opsterm.runtime.rollbacks import Rollbacks
from opsterm.runtime.rollouts import Rollouts
from opsterm.runtime.secret_targets import places_for
from opsterm.runtime.service_checks import ServiceChecks
from opsterm.runtime.step_transports import StepTransports
from opsterm.runtime.supervisor import Supervisor
from opsterm.runtime.surroundings import KnownSurroundings

if TYPE_CHECKING:
    from opsterm.changes.change import Change
    from opsterm.runtime.edges import Edges
    from opsterm.runtime.learned_risk import LearnedRisk
    from opsterm.runtime.ports import Connector, Operator
    from opsterm.runtime.ports_mail import WholeStore
    from opsterm.runtime.ports_reach import ReachProbe
    from opsterm.runtime.previews import Previews
    from opsterm.runtime.secret_places import SecretPlace
    from opsterm.runtime.services import Services
    from opsterm.runtime.session_paths import SessionPaths
    from opsterm.runtime.snmp import Snmp
    from opsterm.runtime.standing import StandingApprovals
    from opsterm.runtime.workers import Workers


class Rooms:
    """The use-cases, built once the store is open; what is heavy is loaded when it is first asked for.

    Attributes:
        settings: the tree in force; `loaded` says where each value came from.
        hub: where a face listens.
        supervisor: the long-lived tasks of this process.
        drift_alerts, job_alerts: what is worth an alert of drift, and of what is done by schedule.
        inventory, monitoring, alerts, changes, claims, rollbacks, rollouts, guards, approvals, limits, snmp, reach,
            checks, cameras: use-cases by room; others are in `PolicyRooms`, `TargetRooms` and `LaterRooms`.
        identities: who approves.
    """

    inventory: Inventory
    monitoring: Monitoring
    alerts: Alerts
    checks: Checks
    cameras: Cameras
    drift_alerts: DriftAlerts
    job_alerts: JobAlerts
    changes: Changes
    claims: Claims
    approvals: Approvals
    rollbacks: Rollbacks
    rollouts: Rollouts
    guards: Guards
    limits: ChangeLimits
    identities: Identities

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
        self._credentials: BoundCredentials | None = None
        self._connector: Connector | None = None
        self._ssh_problems: Sequence[str] = ()
        self._connecting = asyncio.Lock()
        self.compliance = Compliance(
            loaded.settings.policy, paths, clock, files=edges.files, offload=self.offload,
            zone=edges.accounts.zone,
        )  # fmt: skip
        self.kept_points = KeptPoints(
            loaded.settings.recovery, edges, self.offload, clock, lambda: self.credentials, lambda: self.ledger
        )
        self.secrets = CredentialKeeping(lambda: self.credentials, lambda: self.ledger)
        self.masking = Masking(lambda: self.credentials, self.offload.pool("mask"))

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

    def _build_targets(self) -> None:
        edges, store, ledger = self._edges, self.store, self.ledger
        self.alerts = Alerts(store, ledger, self.clock, operator=edges.operator)
        self.inventory = Inventory(
            store, ledger, self.clock, files=edges.files, operator=edges.operator, offload=self.offload,
            connector=self.connector, open_alerts=self.alerts.by_target,
            checks={Protocol.SNMP: lambda target: self.snmp.check(target)},  # noqa: PLW0108 (loads SNMP when asked)
            heard_at=lambda name: self.monitoring.heard.get(name),  # noqa: PLW0108 (monitoring is built after it)
            claims=lambda name: self.claims.known(name),  # noqa: PLW0108 (the same)
        )  # fmt: skip
        self.reach = Reach(self.inventory, self.clock, self._reach_probe)

    def _build_watching(self) -> None:
        settings, edges, store, ledger = self.settings, self._edges, self.store, self.ledger
        of_services = ServiceChecks(settings.checks, self.clock, self.inventory, lambda: self.services)
        self.checks = Checks(
            settings.checks, self.clock, self.inventory, store.preferences, self._reach_probe, of_services
        )
        self.cameras = Cameras(
            settings.cameras, self.clock, self.inventory, files=edges.files, offload=self.offload,
            open_reader=lambda: edges.open_cameras(self.credentials),
        )  # fmt: skip
        read_only = settings.changes.read_only  # then nobody is logged in to
        self.drift_alerts = DriftAlerts(0.0 if read_only else settings.recovery.drift_interval_h * 3600)
        self.job_alerts = JobAlerts()
        self.monitoring = Monitoring(
            store, ledger, self.clock, settings=settings.monitoring, offload=self.offload,
            open_probe=edges.open_probe, alerts=self.alerts, selects=self.inventory.chooses,
            open_knowledge=edges.open_knowledge,
            sources=[self.checks, self.cameras, self.drift_alerts, self.job_alerts],
        )  # fmt: skip

    def _build_changes(self) -> None:
        settings, edges, store, ledger = self.settings, self._edges, self.store, self.ledger
        self.gate = ComplianceGate(self.compliance, self.inventory)
        checks = ChangeChecks(
            self.inventory, lambda targets: self.session_paths.known(targets),  # noqa: PLW0108 (loads them when asked)
            lambda change: self.previews.difference(change),  # noqa: PLW0108 (the same)
            self.surroundings,
        )  # fmt: skip
        self.approvals = self._open_approvals(checks)
        self.rollbacks = Rollbacks(
            store, ledger,
            lambda proposal: self.changes.propose(proposal),  # noqa: PLW0108 (built below)
            lambda: self.kept_points.copies,
        )  # fmt: skip
        self.rollouts = Rollouts(
            store, self.inventory, self.alerts.by_target,
            lambda proposal: self.changes.propose(proposal),  # noqa: PLW0108 (built below)
        )  # fmt: skip
        self.claims = Claims(
            store, lambda: store.claims, self.clock, inventory=self.inventory, ledger=ledger,
            operator=edges.operator, alive=self._alive, on_claim=settings.changes.claims,
        )  # fmt: skip
        executor = Executor(
            store, ledger, self.connector, self.clock, require=self.approvals.require, passage=self.claims.passage,
            marking=self._marking, copies=lambda: self.kept_points.copies,
            from_here=OutsideChecks(
                self._reach_probe, lambda: self.snmp.reader(), self.cameras.reader, self.clock,  # noqa: PLW0108 (the same)
            ).look,
            carry=StepTransports(
                self.cameras.reader, lambda: edges.open_camera_writer(self.credentials),
                lambda name, new, gone: self.inventory.label(name, add_tags=new, remove_tags=gone),
            ).carry,
            runner=edges.processes.me(),
            parallel=settings.ssh.parallel, output_limit=settings.changes.output_limit_kb * 1000,
            silent=self.rollouts.silent, quiet_limit_s=settings.changes.quiet_timeout_s,
            read_only=settings.changes.read_only,
        )  # fmt: skip
        self.guards = Guards(
            store, ledger, self.rollbacks, executor=executor, alive=self._alive,
            read_only=settings.changes.read_only,
        )  # fmt: skip
        self.changes = Changes(
            store, ledger, self.clock, settings=settings.changes, operator=edges.operator,
            inventory=self.inventory, approvals=self.approvals, gate=self.gate, executor=executor,
            supervisor=self.supervisor, alive=self._alive, offload=self.offload,
            warnings={Protocol.WINRM: settings.winrm.warnings}, settled=self._settled,
            checks=checks,
            rollouts=self.rollouts, settle_rollbacks=self.rollbacks.settle_all, wait_free=self.claims.wait,
        )  # fmt: skip

    async def _settled(self, ended: Change) -> Change:
        await self.rollbacks.settle(ended)
        return await self.guards.settle(ended.id)

    @property
    def _marking(self) -> Marking:
        """Marks on targets; the name of the machine and the place of the data tell one opsterm from another."""
        who = self.operator
        place = f"{who.host}:{self.paths.database.absolute()}"
        return Marking(
            self.store.journal, installation=hashlib.sha256(place.encode()).hexdigest()[:12],
            who=f"{who.name} at {who.host}",
        )  # fmt: skip

    def _open_approvals(self, checks: ChangeChecks) -> Approvals:
        settings, edges = self.settings.approvals, self._edges
        self.limits = ChangeLimits(self.store, self.ledger, settings.limit, edges.accounts.zone)
        self.identities = Identities(
            edges.operator, edges.accounts, edges.open_signatures, self.offload, settings.groups
        )  # fmt: skip
        return Approvals(
            self.store, self.ledger, settings=settings, identities=self.identities, limits=self.limits,
            gate=self.gate, risk=checks.risk,
            stands=lambda change: self.standing.require(change),  # noqa: PLW0108 (loads it when asked)
        )  # fmt: skip

    @cached_property
    def surroundings(self) -> KnownSurroundings:
        """What is known of where, when and with which way back a command would run."""
        return KnownSurroundings(
            self.clock, self.compliance, self.settings.approvals.limit, self._edges.accounts.zone,
            lambda: self.learned,
        )  # fmt: skip

    @cached_property
    def standing(self) -> StandingApprovals:
        """What turns of jobs run by without being asked about."""
        from opsterm.runtime.standing import StandingApprovals

        return StandingApprovals(
            self.store, self.ledger, changes=lambda: self.changes, approvals=lambda: self.approvals,
            connector=self.connector, read_only=self.settings.changes.read_only,
        )  # fmt: skip

    @cached_property
    def previews(self) -> Previews:
        """What changes would do, looked up beforehand."""
        from opsterm.runtime.previews import Previews

        return Previews(
            self.store.journal, self.ledger, self.clock, self.offload, self.connector,
            parallel=self.settings.ssh.parallel, read_only=self.settings.changes.read_only,
        )  # fmt: skip

    @cached_property
    def learned(self) -> LearnedRisk:
        """What past outcomes tell of a command."""
        from opsterm.runtime.learned_risk import LearnedRisk

        edges = self._edges
        return LearnedRisk(
            self.clock, compliance=self.compliance, files=edges.files, offload=self.offload,
            cases=self.paths.shipped / "knowledge_seed" / "risk_cases.jsonl", open_file=edges.open_learned,
            changes=lambda: self.store.changes, inventory=lambda: self.inventory, ledger=lambda: self.ledger,
        )  # fmt: skip

    @cached_property
    def session_paths(self) -> SessionPaths:
        """By which way sessions reach targets."""
        from opsterm.runtime.session_paths import SessionPaths

        return SessionPaths(
            self.store.preferences, self.inventory, self.clock, self.connector,
            read_only=self.settings.changes.read_only,
        )  # fmt: skip

    @cached_property
    def services(self) -> Services:
        """The registry of services."""
        from opsterm.runtime.registry import open_services

        services = open_services(
            self.store, self.ledger, self.inventory, self.reach, self._edges, offload=self.offload,
            connector=self.connector, read_only=self.settings.changes.read_only,
        )  # fmt: skip
        services.profiles.on_look(self.session_paths.heard)
        return services

    @cached_property
    def snmp(self) -> Snmp:
        """SNMP: get, walk, table, log-ins."""
        from opsterm.runtime.snmp import Snmp

        edges = self._edges
        return Snmp(self.settings.snmp, lambda: self.inventory, lambda: edges.open_snmp(self.credentials))

    async def _alive(self, process: str) -> bool:
        return await self.offload.run("probe", lambda: self._edges.processes.alive(process))

    async def _reach_probe(self) -> ReachProbe:
        return await self._edges.open_reach(self.credentials)

    async def connector(self) -> Connector:
        """Return the connector, made when first needed: what it needs costs a third of a second to load."""
        async with self._connecting:  # many targets of one change ask at once, and one connector is closed in the end
            if self._connector is None:
                self._connector = await self._edges.open_connector(self.credentials)
            return self._connector

    def _secret_places(self, service: str, account: str) -> Sequence[SecretPlace]:
        targets = [row.target for row in self.inventory.rows()]
        asks = [place.ask for place in self.checks.places() if place.ask is not None]
        return places_for(service, account, targets, asks)

    @property
    def credentials(self) -> BoundCredentials:
        """The keyring or the vault."""
        if self._credentials is None:
            raise Bug("the runtime was used before it was opened")
        return self._credentials

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
