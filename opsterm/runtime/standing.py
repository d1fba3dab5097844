"""Use-cases of standing approvals: propose one, and let a turn of a job run by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from secrets import token_hex

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState, Outcome
from opsterm.changes.events import ChangeVoided
from opsterm.core.errors import BadInput, NotApproved
from opsterm.policy.approval import require_writable
from opsterm.policy.order import PLAN, RESTORE, Order, OrderTarget
from opsterm.policy.standing import hosts_of, require_within, standing_text, under_of, under_text
from opsterm.runtime.approvals import Approvals
from opsterm.runtime.assent import terms_of
from opsterm.runtime.changes import Changes
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Connector
from opsterm.runtime.ports_store import Store
from opsterm.runtime.proposal import Proposal

TURN_EXPIRES_S = 600.0
"""Seconds within which the change of a turn has to begin."""

_SAID = {
    ChangeState.PROPOSED: "nobody has approved it yet",
    ChangeState.DENIED: "it was denied or revoked",
    ChangeState.EXPIRED: "it has expired",
    ChangeState.VOIDED: "it is void",
}


class StandingApprovals:
    """Lets turns of jobs run that were approved once.

    Args:
        store: where changes are kept.
        ledger: tells of them.
        changes: proposes.
        approvals: says who has approved.
        connector: knows by what targets are known.
    """

    def __init__(
        self, store: Store, ledger: Ledger, *, changes: Callable[[], Changes], approvals: Callable[[], Approvals],
        connector: Callable[[], Awaitable[Connector]], read_only: bool,
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._changes = changes
        self._approvals = approvals
        self._connector = connector
        self._read_only = read_only

    async def draft(self, proposal: Proposal, *, lasts_s: float) -> Change:
        """Return the standing approval that a proposal would become; nothing is kept. Raises as `Changes.draft`."""
        require_writable(read_only=self._read_only, what="proposed")
        drafted = await self._changes().draft(proposal)
        order = drafted.order
        if order.shell in (PLAN, RESTORE) or terms_of(drafted).confirm_s:
            raise BadInput(
                "That cannot be run unattended: it takes steps, a confirmation, or puts something back.",
                next_step="Propose it as a change, and be there when it runs.",
            )
        hosts = await self._hosts(order.targets)
        terms = replace(terms_of(drafted), standing=standing_text(hosts))
        order = replace(order, expires_at=self._ledger.clock.now() + lasts_s, terms=terms)
        return replace(drafted, order=order, digest=order.digest())

    async def keep(self, drafted: Change) -> Change:
        """Record a drafted standing approval: it waits for a yes like any proposal."""
        kept, facts = await self._store.changes.insert(drafted, lambda made: [self._changes().proposed_fact(made)])
        self._ledger.committed(facts)
        return kept

    async def turn(self, number: int, digest: str, *, job: str, names: Sequence[str] = ()) -> Change:
        """Record the change of one turn, approved by the standing approval; `Changes.run` runs it.

        Args:
            number: of the standing approval.
            digest: of what was approved, as the job keeps it.
            job: name of the job.
            names: targets of it, () for all.

        Raises:
            NotApproved: it does not stand any more, or was never given.
            Refused: a limit or a window does not let it run now.
        """
        standing = await self._changes().unless_over(await self._changes().get(number))
        order, now = standing.order, self._ledger.clock.now()
        wanted = tuple(target for target in order.targets if not names or target.name in names)
        terms = terms_of(standing)
        places = dict(zip(order.targets, terms.environments, strict=True))
        made = replace(
            order, targets=wanted, expires_at=now + TURN_EXPIRES_S,
            terms=replace(
                terms, standing="", under=under_text(number, digest), once=token_hex(16),
                environments=tuple(places[target] for target in wanted),
            ),
        )  # fmt: skip
        change = replace(
            standing, id=0, order=made, digest=made.digest(), origin=job, requested_at=now, approved_digest="",
            state=ChangeState.PROPOSED, decided_by="", decided_at=0.0, decision_note="",
            outcomes=tuple(Outcome(target=target.name) for target in wanted),
        )  # fmt: skip
        await self.require(change)  # before anything is kept: what does not stand leaves no proposal behind
        kept, facts = await self._store.changes.insert(change, lambda made: [self._changes().proposed_fact(made)])
        self._ledger.committed(facts)
        permitted = await self._approvals().permit_turn(kept)
        if permitted is None:
            raise NotApproved(f"{kept.name} was decided elsewhere.", next_step="Nothing was run.")
        return permitted

    async def require(self, turn: Change) -> None:
        """Check that a turn is within a standing approval that stands at this moment.

        Raises:
            NotApproved: it is not, or the approval was never given, or is over.
            Refused: a limit or a window does not let it run now.
        """
        number, digest = under_of(terms_of(turn))
        standing = await self._store.changes.get(number)
        name = f"c{number}"
        if standing is None or standing.state is not ChangeState.APPROVED:
            said = _SAID.get(standing.state, "it is none") if standing is not None else "there is none"
            raise NotApproved(
                f"Nothing was run: the standing approval {name} does not let it: {said}.",
                next_step=f"Read it and approve it: opsterm approve {name}"
                if standing is not None and standing.state is ChangeState.PROPOSED
                else "Make the job anew if it is still wanted.",
            )
        if self._ledger.clock.now() > standing.order.expires_at:
            raise NotApproved(f"Nothing was run: the standing approval {name} has expired.")
        require_within(turn.order, standing.order, digest, name)
        kinds = [event.kind for event in lifecycle.DECIDING]
        told = await self._store.journal.search(kinds=kinds, correlation_id=name)
        lifecycle.require_trail(standing, [fact.event for fact in told])
        await self._require_same_hosts(standing, turn.order)
        await self._approvals().require(standing)

    async def _require_same_hosts(self, standing: Change, order: Order) -> None:
        bound, now = hosts_of(standing.order), await self._hosts(order.targets)
        other = [name for name, known in now.items() if known != bound.get(name)]
        if not other:
            return
        why = f"{', '.join(other[:5])}: its host key, or where it leads, is not what was approved."
        voided = lifecycle.void(standing, why=why, now=self._ledger.clock.now())
        fact = self._ledger.fact(
            ChangeVoided(change=standing.id, why=why), by="opsterm", correlation_id=standing.name
        )  # fmt: skip
        moved = await self._store.changes.move(voided, expected=ChangeState.APPROVED, facts=[fact])
        if moved is not None:
            self._ledger.committed(moved)
        raise NotApproved(f"{standing.name} is void: {why}", next_step="Make the job anew, and look at the key.")

    async def _hosts(self, targets: Sequence[OrderTarget]) -> Mapping[str, str]:
        connector = await self._connector()
        return {target.name: await connector.identity(target) for target in targets}
