"""Leaves the mark of a change on a target, and says whether somebody else's is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from opsterm.changes.change import Change
from opsterm.changes.claim_events import ClaimPassedOver
from opsterm.changes.claim_mark import CLAIMED, found_marks, giving_up_text, taking_text
from opsterm.core.errors import OpstermError, Refused
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports_store import JournalStore

MARGIN_S = 120
"""Seconds that a mark counts beyond the time that the command may take: what is kept around it takes some, too."""

TellLines = Callable[[str], Awaitable[tuple[int, list[list[str]]]]]
"""Runs a text of `sh`, or of PowerShell, there; returns its exit status and what it told, each line as its fields."""


class Marking:
    """Does the steps about marks with what it is handed to run them: it opens nothing itself.

    Args:
        journal: says whether somebody gave a reason to run beside the claims of others.
        installation: says whose data these are; letters and digits.
        who: person and machine, for others to read.
    """

    def __init__(self, journal: JournalStore, *, installation: str, who: str) -> None:
        self._journal = journal
        self._installation = installation
        self._who = who

    async def take(self, tell: TellLines, change: Change, target: OrderTarget, *, on_windows: bool) -> None:
        """Leave the mark. A target where none can be left is changed all the same: it is only a courtesy.

        Args:
            tell: runs the text.
            change: leaves it.
            target: where.
            on_windows: whether PowerShell runs there, and not `sh`.

        Raises:
            Refused: somebody else's is there, and nothing says why this change runs all the same.
            Unreachable: the line was lost.
        """
        terms = change.order.terms
        for_s = round(max(change.order.timeout_s, float(terms.confirm_s if terms is not None else 0))) + MARGIN_S
        said = await self._journal.search(kinds=[ClaimPassedOver.kind], correlation_id=change.name, limit=1)
        status, told = await tell(
            taking_text(
                self._installation, change.name, who=self._who, for_s=for_s, beside=bool(said), on_windows=on_windows
            )
        )
        marks = found_marks(told)
        if status == CLAIMED and marks:
            raise Refused(
                f"It was not run: {target.name} is claimed by somebody who uses another opsterm.",
                why=mask(". ".join(str(one) for one in marks[:3]))[0],
                next_step="Wait; or propose it again, and run it with --despite-claim REASON.",
            )

    async def give_up(self, tell: TellLines, change: Change, *, on_windows: bool) -> None:
        """Take the mark away; where that cannot be, it ends by itself."""
        with suppress(OpstermError):
            await tell(giving_up_text(self._installation, change.name, on_windows=on_windows))
