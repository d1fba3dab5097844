"""Use-cases of reviews: what one person approved alone in an emergency is looked at by somebody else afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.changes.events import ChangeReviewClosed
from opsterm.core.errors import BadInput
from opsterm.policy.approval_record import Approval, ApprovalKind, is_sound, sealed
from opsterm.policy.mask import mask
from opsterm.runtime.approval_identity import REVIEW, Identities, require_another
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An emergency that nobody else has looked at yet.

    Attributes:
        change: its number.
        digest: of what was approved.
        by: who approved alone.
        at: epoch seconds.
        reason: in that person's words.
    """

    change: int
    digest: str
    by: str
    at: float
    reason: str


class Reviews:
    """Lists and closes reviews. One stays open until another person closes it; no time ends it."""

    def __init__(self, store: Store, ledger: Ledger, identities: Identities) -> None:
        self._store = store
        self._ledger = ledger
        self._identities = identities

    async def open(self) -> Sequence[Review]:
        """Return the open reviews, oldest first. What looks like an emergency is one, be its seal sound or not."""
        key = await self._store.approvals.key()
        begun = await self._store.approvals.of_kind(ApprovalKind.BREAK_GLASS, 0.0)
        ended = {
            (one.change, one.digest): one.who for one in await self._store.approvals.of_kind(ApprovalKind.REVIEW, 0.0)
            if is_sound(one, key)
        }  # fmt: skip
        return [
            Review(change=one.change, digest=one.digest, by=one.who, at=one.at, reason=one.note)
            for one in begun if ended.get((one.change, one.digest), one.who) == one.who
        ]  # fmt: skip

    async def close(self, change_id: int, *, note: str = "", key: str = "", written: str = "") -> None:
        """Close a review.

        Args:
            change_id: of which change.
            note: what was found.
            key: a key file, or "agent", to sign with; "" for no signature.
            written: a file in which somebody else says it, "" for the account here.

        Raises:
            BadInput: it has no open review, or nothing is said.
            Refused: the one who approved alone cannot close it.
            NotApproved: the file or signature is for something else.
        """
        found = next((one for one in await self.open() if one.change == change_id), None)
        if found is None:
            raise BadInput(f"c{change_id} has no open review.", next_step="`opsterm reviews list` shows what is open.")
        now = round(self._ledger.clock.now(), 3)
        who = await self._identities.find(REVIEW, found.digest, at=now, key=key, written=written)
        require_another(who.who, found.by, f"close the review of c{change_id}")
        said = mask(note or who.note)[0].strip()
        if not said:
            raise BadInput("A review is not closed without a word.", next_step="Say with --note what was found.")
        approval = Approval(
            change=change_id, kind=ApprovalKind.REVIEW, who=who.who, at=now, digest=found.digest, note=said,
            proof=who.proof, signature=who.signature,
        )  # fmt: skip
        event = ChangeReviewClosed(change=change_id, who=who.who, proof=who.proof, note=said)
        fact = self._ledger.fact(event, by=who.who, correlation_id=f"c{change_id}")
        seal_key = await self._store.approvals.key()
        self._ledger.committed(await self._store.approvals.add(sealed(approval, seal_key), [fact]))
