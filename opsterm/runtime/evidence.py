"""Use-case of evidence: what the rules said over a period, for an auditor."""

from __future__ import annotations

from pathlib import Path

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput
from opsterm.policy.compliance.evidence import KINDS, Evidence, count_controls, count_not_evaluated, gather
from opsterm.policy.compliance.evidence_text import FORMATS
from opsterm.runtime.compliance import Compliance
from opsterm.runtime.edges import Files
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_store import JournalStore

MOST_FACTS = 1_000_000
"""Facts that are looked through at most; a period with more has to be asked for in parts."""


class EvidenceExport:
    """Reads the journal; nothing is in the evidence that is not in it."""

    def __init__(
        self, journal: JournalStore, compliance: Compliance, clock: Clock, *, operator: Operator, files: Files,
        offload: Offload,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._compliance = compliance
        self._clock = clock
        self._operator = operator
        self._files = files
        self._offload = offload

    async def gather(self, *, since: float, until: float) -> Evidence:
        """Return what is told of a period.

        Args:
            since: epoch seconds, the first that counts.
            until: epoch seconds, the first that does not.

        Raises:
            BadInput: there is nothing between the two, or more than can be looked through.
            BadSetting: the rules cannot be read.
        """
        if since >= until:
            raise BadInput("The period ends before it begins.", next_step="Write --since earlier than --until.")
        rules = await self._compliance.rulebook()
        facts = await self._journal.search(kinds=KINDS, since=since, limit=MOST_FACTS)
        if len(facts) >= MOST_FACTS:
            raise BadInput("There is more in this period than can be told at once.", next_step="Ask for it in parts.")
        checked = await self._offload.run("evidence", lambda: gather(facts, since=since, until=until))
        return Evidence(
            since=since, until=until, made_at=self._clock.now(), made_by=self._operator.name, strict=rules.strict,
            packs=rules.versions, checked=checked,
            controls=count_controls(checked, rules.titles()), not_evaluated=count_not_evaluated(checked),
        )  # fmt: skip

    async def write(self, found: Evidence, form: str, file: str) -> None:
        """Write evidence to a new file that this account alone may read.

        Args:
            found: what is told.
            form: a word of FORMATS.
            file: where to; one that is there is not touched.

        Raises:
            BadInput: it is there already, or cannot be written.
        """
        data = FORMATS[form](found).encode()
        await self._offload.run("files", lambda: self._files.write_new(Path(file).expanduser(), data))
