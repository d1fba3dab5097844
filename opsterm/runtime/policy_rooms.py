"""Rooms that answer what may be done, and what was decided; each is loaded when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from opsterm.runtime.rooms import Rooms

if TYPE_CHECKING:
    from opsterm.runtime.assessments import Assessments
    from opsterm.runtime.audit import Audit
    from opsterm.runtime.countersigning import Countersigning
    from opsterm.runtime.evidence import EvidenceExport
    from opsterm.runtime.reviews import Reviews
    from opsterm.runtime.rewrites import Rewrites


class PolicyRooms(Rooms):
    """The use-cases of commands that nobody has proposed yet, and of those that were."""

    @cached_property
    def assessments(self) -> Assessments:
        """What a command would do, how bad it could be."""
        from opsterm.runtime.assessments import Assessments

        return Assessments(
            lambda: self.inventory, lambda: self.session_paths, self.compliance,
            surroundings=self.surroundings, actor=self.operator.name,
        )  # fmt: skip

    @cached_property
    def evidence(self) -> EvidenceExport:
        """What the rules said over a period."""
        from opsterm.runtime.evidence import EvidenceExport

        edges = self._edges
        return EvidenceExport(
            self.store.journal, self.compliance, self.clock, operator=edges.operator, files=edges.files,
            offload=self.offload,
        )  # fmt: skip

    @cached_property
    def audit(self) -> Audit:
        """The chain of what happened."""
        from opsterm.runtime.audit import Audit
        from opsterm.runtime.checkpoints import Checkpoints

        edges, settings, who = self._edges, self.settings, self.operator
        checkpoints = Checkpoints(
            self.store.chain, self.store.preferences, self.ledger, self.clock, settings=settings.audit,
            origin=f"{who.name}@{who.host}:{self.paths.database}", process=edges.processes.me(),
            inventory=self.inventory, read_only=settings.changes.read_only, open_places=edges.open_checkpoints,
            connector=self.connector,
        )  # fmt: skip
        return Audit(self.store.chain, self.ledger, self.clock, checkpoints)

    @cached_property
    def rewrites(self) -> Rewrites:
        """Safer forms of commands."""
        from opsterm.runtime.rewrites import Rewrites

        return Rewrites(self.changes, self.inventory, self.clock)

    @cached_property
    def reviews(self) -> Reviews:
        """Emergencies that somebody else has to look at."""
        from opsterm.runtime.reviews import Reviews

        return Reviews(self.store, self.ledger, self.identities)

    @cached_property
    def countersigning(self) -> Countersigning:
        """Approving for another account."""
        from opsterm.runtime.countersigning import Countersigning

        return Countersigning(self.operator, self._edges.accounts, self._edges.open_signatures, self.offload)
