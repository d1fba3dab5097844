"""Rooms of what goes to targets: files, shells, measurements, traps; each is loaded when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from opsterm.runtime.policy_rooms import PolicyRooms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsterm.changes.change import Change
    from opsterm.runtime.connection_test import ConnectionTest
    from opsterm.runtime.files import FileTransfers
    from opsterm.runtime.gates import Gates
    from opsterm.runtime.profiles import Profiles
    from opsterm.runtime.questions import Questions
    from opsterm.runtime.recovery import Recovery
    from opsterm.runtime.recovery_selection import RecoverySelection
    from opsterm.runtime.remote_monitoring import RemoteMonitoring
    from opsterm.runtime.removals import Removals
    from opsterm.runtime.scripts import Scripts
    from opsterm.runtime.simulation import Simulation
    from opsterm.runtime.terminals import Terminals
    from opsterm.runtime.traps import Traps
    from opsterm.runtime.volume_snapshots import VolumeSnapshots


class TargetRooms(PolicyRooms):
    """The use-cases that go to targets, besides changes of them."""

    @property
    def profiles(self) -> Profiles:
        """What targets are."""
        return self.services.profiles

    @cached_property
    def files(self) -> FileTransfers:
        """Getting and putting files."""
        from opsterm.runtime.files import FileTransfers

        edges, settings = self._edges, self.settings
        return FileTransfers(
            self.ledger, self.clock, settings=settings.changes, inventory=self.inventory, changes=self.changes,
            connector=self.connector, contents=edges.open_contents, new_files=edges.open_new_files,
            parallel=settings.ssh.parallel,
        )  # fmt: skip

    @cached_property
    def recovery(self) -> Recovery:
        """Recovery points on this host."""
        from opsterm.runtime.baselines import Baselines
        from opsterm.runtime.capturing import Capturing
        from opsterm.runtime.recovery import Recovery

        pool = self.offload.pool("captures")
        return Recovery(
            self.kept_points.store, self.ledger, self.clock, settings=self.settings.recovery, inventory=self.inventory,
            capturing=Capturing(self.connector, pool), baselines=Baselines(self.store.preferences, self.ledger),
            pool=pool, parallel=self.settings.ssh.parallel, read_only=self.settings.changes.read_only,
        )  # fmt: skip

    @cached_property
    def removals(self) -> Removals:
        """What changes have moved aside."""
        from opsterm.runtime.removals import Removals

        return Removals(self.changes, self.inventory, self.offload, self._questions)

    @cached_property
    def volume_snapshots(self) -> VolumeSnapshots:
        """Snapshots that targets' own file systems take."""
        from opsterm.runtime.volume_snapshots import VolumeSnapshots

        return VolumeSnapshots(self.changes, self.inventory, self.offload, self._questions, self.clock)

    @cached_property
    def _questions(self) -> Questions:
        from opsterm.runtime.questions import Questions

        settings = self.settings
        return Questions(
            self.inventory, self.clock, self.connector, parallel=settings.ssh.parallel,
            read_only=settings.changes.read_only,
        )  # fmt: skip

    @cached_property
    def recovery_selection(self) -> RecoverySelection:
        """Putting back parts of recovery points."""
        from opsterm.runtime.recovery_selection import RecoverySelection

        return RecoverySelection(self.recovery, self.kept_points.store, self.ledger, self.offload.pool("captures"))

    @cached_property
    def remote_monitoring(self) -> RemoteMonitoring:
        """Measuring targets."""
        from opsterm.runtime.measurers import measurers_by_protocol
        from opsterm.runtime.remote_monitoring import RemoteMonitoring

        settings = self.settings
        return RemoteMonitoring(
            self.clock, settings=settings.monitoring, inventory=self.inventory, monitoring=self.monitoring,
            measurers=measurers_by_protocol(self.connector, self.snmp.reader, self.clock, settings.snmp),
        )  # fmt: skip

    @cached_property
    def traps(self) -> Traps:
        """SNMP traps."""
        from opsterm.runtime.traps import Traps

        edges = self._edges
        return Traps(
            self.store, self.ledger, self.clock, settings=self.settings.snmp, inventory=self.inventory,
            monitoring=self.monitoring, alerts=self.alerts, open_ear=lambda: edges.open_traps(self.credentials),
            open_reader=self.snmp.reader,
        )  # fmt: skip

    @cached_property
    def scripts(self) -> Scripts:
        """Scripts."""
        from opsterm.runtime.scripts import Scripts

        edges = self._edges
        return Scripts(
            lambda: self.store.scripts, self.ledger, self.clock, operator=edges.operator,
            assessments=lambda: self.assessments, tools=edges.open_script_tools, files=edges.files,
            offload=self.offload, folder=self.paths.shipped / "knowledge_seed" / "scripts",
        )  # fmt: skip

    @cached_property
    def gates(self) -> Gates:
        """Gates between the batches of rollouts."""
        from opsterm.runtime.gates import Gates

        return Gates(self.store, self.ledger, read_only=self.settings.changes.read_only)

    async def simulated(self, change: Change, *, failing: Sequence[str] = ()) -> Simulation:
        """Return what a change would do. Raises as `simulation.simulate`."""
        from opsterm.runtime.simulation import simulate

        return await simulate(change, self.clock, parallel=self.settings.ssh.parallel, failing=failing)

    @cached_property
    def terminals(self) -> Terminals:
        """Shells on targets."""
        from opsterm.runtime.terminals import Terminals

        return Terminals(self.ledger, self.inventory, self.connector, read_only=self.settings.changes.read_only)

    @cached_property
    def connection_test(self) -> ConnectionTest:
        """The test that names what fails."""
        from opsterm.runtime.connection_test import ConnectionTest

        return ConnectionTest(self.inventory, self.clock, self.connector, self._reach_probe,
                              self.snmp.reader, read_only=self.settings.changes.read_only)  # fmt: skip
