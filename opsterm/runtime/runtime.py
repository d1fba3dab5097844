"""The Runtime: the one door that both faces use."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING

from opsterm import __version__
from opsterm.core.errors import StorageError, StorageFull
from opsterm.policy.demands import check_settings
from opsterm.runtime.bound_credentials import BoundCredentials
from opsterm.runtime.events import Started, Stopped
from opsterm.runtime.later_rooms import LaterRooms
from opsterm.runtime.ledger import Ledger

if TYPE_CHECKING:
    from opsterm.runtime.checks import CheckState
    from opsterm.runtime.doctor import Check
    from opsterm.runtime.workers import Workers


class Runtime(LaterRooms):
    """Everything a face can ask for: the rooms, their opening and closing, and what belongs to no room.

    Open it once, close it always.
    """

    # ------------------------------------------------------------ opening, closing

    async def open(self, *, workers: bool) -> None:
        """Open the store and the use-cases.

        Args:
            workers: whether this process competes for the lease and follows the journal: True for the screen and
                the service, False for a single command.

        Raises:
            StorageError: the data cannot be opened; everything that was begun is closed again.
            BadSetting: the settings of approvals say something that cannot be read.
        """
        try:
            await self._open(workers=workers)
        except BaseException:
            await self.close()
            raise

    async def _open(self, *, workers: bool) -> None:
        store = self._store = await self._edges.open_store()
        ledger = self._ledger = Ledger(store.journal, self.hub, self.clock, by=self.operator.name)
        await ledger.open()
        self._credentials = BoundCredentials(await self._edges.open_credentials(), self._secret_places)
        if workers:
            await self.offload.run("imports", self.load_all)
        accounts = self._edges.accounts
        await self.offload.run("probe", lambda: check_settings(self.settings.approvals, accounts.zone))
        self._build()
        await self.alerts.open()
        await self.inventory.open(this_os=await self.offload.run("probe", self._edges.this_os))
        await self.monitoring.open()
        await self._import_ssh_config()
        if workers:
            await self._record_start(ledger)
            self.follow()
            if self.face == "screen" and self.settings.model.url:
                self.supervisor.start("model", self.models.watch, beat_every_s=5.0)
            self.workers.compete()

    @property
    def workers(self) -> Workers:
        """What one process of this account does for all."""
        if self._workers is None:
            from opsterm.runtime.workers import Workers
            from opsterm.runtime.works import all_works

            self._workers = Workers(
                self.store, self.clock, self.supervisor, self._edges.processes, face=self.face,
                works=lambda: all_works(self), alive=self._alive,
            )  # fmt: skip
        return self._workers

    @property
    def _ssh_config(self) -> str:
        path = self.settings.ssh.config
        return str(self.operator.home / path[2:]) if path.startswith("~/") else path

    async def _import_ssh_config(self) -> None:
        with suppress(StorageFull):  # what is known already can be looked at
            report = await self.inventory.import_ssh_config(self._ssh_config)
            self._ssh_problems = report.problems if report else ()

    async def _record_start(self, ledger: Ledger) -> None:
        event = Started(face=self.face, process=self._edges.processes.me(), program_version=__version__)
        with suppress(StorageFull):
            await ledger.record(ledger.fact(event))
        self._started = True

    def follow(self) -> None:
        """Begin to hear what other processes do; a single command does so only while it runs a change."""
        ledger = self.ledger
        self.supervisor.start("journal", ledger.follow, beat_every_s=1.0)
        self.supervisor.start("inventory", self.inventory.follow)
        self.supervisor.start("alerts", self.alerts.follow)
        self.supervisor.start("newest values", self.monitoring.follow)
        self.supervisor.start("stop requests", self.changes.heed_stops)
        self.supervisor.start("claims", self.claims.follow)
        ledger.on_elsewhere(lambda: self.monitoring.look_elsewhere(self.supervisor.start))

    async def close(self) -> None:
        """Stop every task, give up the lease, close every connection. Safe to call twice.

        Each step is taken even when one before it fails.
        """
        connector, self._connector = self._connector, None
        store, self._store = self._store, None
        async with AsyncExitStack() as steps:  # the last one named is taken first
            steps.callback(self.offload.close)
            if store is not None:
                steps.push_async_callback(store.close)
            if "collections" in vars(self):
                steps.push_async_callback(self.collections.close)
            if "models" in vars(self):
                steps.push_async_callback(self.models.close)
            if "snmp" in vars(self):
                steps.push_async_callback(self.snmp.close)
            if connector is not None:
                steps.push_async_callback(connector.close)
            if store is not None:
                steps.push_async_callback(self._take_leave)
            steps.push_async_callback(self.supervisor.close)

    async def _take_leave(self) -> None:
        """Give up the lease, so that the next process need not wait, and say so; a disk that is full hears nothing."""
        with suppress(StorageError):
            if self._workers is not None:
                await self._workers.release()
            if self._started and self._ledger is not None:
                self._started = False
                event = Stopped(face=self.face, process=self._edges.processes.me())
                await self._ledger.record(self._ledger.fact(event))

    async def __aenter__(self) -> Runtime:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    # ----------------------------------------------------------------- preferences

    async def preference(self, key: str) -> str | None:
        """Return a small thing that sticks, such as the theme."""
        return await self.store.preferences.get(f"face.{key}")

    async def keep_preference(self, key: str, text: str) -> None:
        """Keep a small thing; on a full disk it is forgotten at the end, silently: it is only a comfort."""
        try:
            await self.store.preferences.put(f"face.{key}", text)
        except StorageError:
            if not self.read_only_because:
                raise

    async def change_setting(self, key: str, text: str | None) -> None:
        """Set a key of the settings file, or (None) go back to its default; it counts from the next start.

        Raises:
            BadSetting: an unknown key, an unusable value, or a file that cannot be changed.
        """
        await self.offload.run("files", lambda: self._edges.write_setting(key, text))

    async def check_states(self, names: Sequence[str] = ()) -> Sequence[CheckState]:
        """Return how checks stand, those that do not pass first; all, or those with some names. Raises NotFound."""
        working = await self.workers.living_holder() is not None
        return await self.checks.states(self.monitoring, working=working, names=names)

    async def doctor(self) -> Sequence[Check]:
        """Look at every part of the house."""
        from opsterm.runtime import doctor as parts
        from opsterm.runtime.doctor_collections import check_collections
        from opsterm.runtime.doctor_model import check_model

        now = self.clock.now()
        checks = [
            *self.doctor_without_store(), parts.check_ssh_config(self._ssh_config, self._ssh_problems),
            parts.check_store(await self.store.facts(), self.read_only_because),
            await parts.check_credentials(self.credentials), parts.check_winrm(self.settings.winrm),
            parts.check_checks(await self.check_states(), now),
            parts.check_mail(self.settings.mail, await self.post.queue(), now),
            check_model(await self.models.look()), check_collections(await self.collections.state()),
            parts.check_audit(await self.audit.status(), await self.audit.verify()),
            parts.check_traps(self.settings.snmp, await self.traps.receiver(), now),
            await parts.check_policies(self.compliance), parts.check_learned(await self.learned.status()),
            parts.check_lease(await self.workers.living_holder(), self._edges.processes.me(), now),
        ]  # fmt: skip
        checks += [parts.check_task(task, now) for task in await self.workers.tasks()]
        return [*checks, *parts.check_listeners(self.hub.ears)]

    def doctor_without_store(self) -> Sequence[Check]:
        """Look at what can be looked at when the data cannot be opened."""
        from opsterm.runtime import doctor as parts

        return parts.check_without_store(self.operator, self.loaded, self.paths, self._edges.environment)
