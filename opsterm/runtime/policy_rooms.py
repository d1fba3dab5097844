"""Rooms that answer what may be done, and what was decided; each is loaded when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from opsterm.runtime.rooms import Rooms

if TYPE_CHECKING:
    from opsterm.runtime.assessments import Assessments
    from opsterm.runtime.evidence import EvidenceExport


class PolicyRooms(Rooms):
    """The use-cases of commands that nobody has proposed yet, and of those that were."""

    @cached_property
    def assessments(self) -> Assessments:
        """What a command would do, how bad it could be."""
        from opsterm.runtime.assessments import Assessments

        return Assessments(
            lambda: self.inventory, lambda: self.session_paths, self.compliance, learned=self.learned,
            actor=self.operator.name,
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
