"""Use-cases of claims: who is changing which target, claims by hand, and whether a change may run beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.claim import Claim, ClaimKind, claim_lines, claims_of, in_the_way
from opsterm.changes.claim_events import ClaimPassedOver, ClaimReleased, ClaimsKnown, ClaimTaken
from opsterm.changes.events import (
    ChangeApproved,
    ChangeDenied,
    ChangeEnded,
    ChangeExpired,
    ChangeRolledBack,
    ChangeStarted,
    ChangeVoided,
)
from opsterm.changes.lifecycle import case_of
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, Refused
from opsterm.core.events import Fact
from opsterm.policy.approval import why_asked
from opsterm.policy.mask import mask
from opsterm.policy.standing import is_standing
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_claims import ClaimStore
from opsterm.runtime.ports_store import Store
from opsterm.runtime.supervisor import Heart

LONGEST_S = 7 * 86_400.0
"""Seconds for which a target may be claimed by hand at once; it can be renewed."""

LOOKED_BACK_S = 2 * 86_400.0
"""Seconds after which an interrupted change claims nothing any more: more than a command may run."""

LOOK_EVERY_S = 2.0
"""How often somebody who waits looks whether the claims are gone: a claim may end without a fact that tells of it."""

REFUSE = "refuse"
"""The setting changes.claims that lets nobody go on beside a claim."""

CLAIM_FACTS = (
    ClaimTaken, ClaimReleased, ChangeApproved, ChangeDenied, ChangeExpired, ChangeVoided, ChangeStarted, ChangeEnded,
    ChangeRolledBack,
)  # fmt: skip
"""Everything after which other targets are claimed."""


_WAIT = "Wait, or have it given up: opsterm claim release"
_CLAIM = "Wait, or say why you claim them all the same: --despite-claim REASON"
_RUN = "Wait for them: --wait; or say why it runs all the same: --despite-claim REASON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """That a change may start.

    Attributes:
        beside: numbers of the changes that may run on its targets meanwhile; None when it only reads.
        facts: what is told with its start.
    """

    beside: Collection[int] | None
    facts: Sequence[Fact] = ()


class Claims:
    """Says who is changing which target.

    Args:
        store: where changes are kept.
        by_hand: returns where claims by hand are kept; loaded when first needed.
        inventory: targets.
        ledger: tells of claims.
        operator: who sits there.
        alive: whether the process of that name lives.
        on_claim: the setting changes.claims.
    """

    def __init__(
        self, store: Store, by_hand: Callable[[], ClaimStore], clock: Clock, *, inventory: Inventory, ledger: Ledger,
        operator: Operator, alive: Callable[[str], Awaitable[bool]], on_claim: str,
    ) -> None:  # fmt: skip
        self._store = store
        self._by_hand = by_hand
        self._clock = clock
        self._inventory = inventory
        self._ledger = ledger
        self._operator = operator
        self._alive = alive
        self._on_claim = on_claim
        self._known: Mapping[str, Sequence[Claim]] = {}

    @property
    def identity(self) -> str:
        """Whose claims by hand are one's own: several people may share an account, and log in from other places."""
        who = self._operator
        return f"{who.name} from {who.origin}" if who.origin else who.name

    @property
    def may_go_on(self) -> bool:
        """Whether somebody who says why may run a change beside the claims of others."""
        return self._on_claim != REFUSE

    # ------------------------------------------------------------------ looking

    async def all(self, selector: str = "") -> Sequence[Claim]:
        """Return all claims, or those on some targets, by target and time. Raises BadSelector, NotFound."""
        found, _ = await self._look()
        if selector.strip():
            names = {row.target.name for row in await self._inventory.resolve(selector)}
            found = [claim for claim in found if claim.target in names]
        return sorted(found, key=lambda claim: (claim.target, claim.since))

    async def _look(self) -> tuple[list[Claim], frozenset[int]]:
        """Return all claims, and the numbers of the changes that run."""
        now = self._clock.now()
        found, running = list(await self._by_hand().by_hand(now)), set()
        for change in await self._store.changes.claiming(now - LOOKED_BACK_S):
            if is_standing(change.order):  # its turns claim, each for itself
                continue
            alive = False
            if change.state is ChangeState.RUNNING:
                running.add(change.id)
                runner = await self._store.changes.runner(change.id)
                alive = not runner or await self._alive(runner)
            found += claims_of(change, now=now, alive=alive)
        return found, frozenset(running)

    def known(self, target: str) -> Sequence[Claim]:
        """Return the claims on a target as they were known last; costs no query. `follow` keeps them fresh."""
        now = self._clock.now()
        return [one for one in self._known.get(target, ()) if one.until is None or one.until >= now]

    async def refresh(self) -> None:
        """Read what `known` returns anew."""
        known: dict[str, list[Claim]] = {}
        for claim in (await self._look())[0]:
            known.setdefault(claim.target, []).append(claim)
        if known != self._known:
            self._known = known
            self._ledger.tell(ClaimsKnown())

    async def follow(self, heart: Heart) -> None:
        """Read the claims again whenever any process changes them. Run by the supervisor."""
        with self._ledger.hub.listen("claims in memory", *CLAIM_FACTS) as ear:
            await self.refresh()
            async for _ in ear.batches(pause_s=0.2):
                heart.beat()
                await self.refresh()

    # ------------------------------------------------------------------ by hand

    async def take(self, selector: str, *, for_s: float, reason: str = "", despite: str = "") -> Sequence[Claim]:
        """Claim targets by hand, or renew that; nothing is sent to them.

        Args:
            selector: which.
            for_s: seconds from now.
            reason: why, "" when not said.
            despite: why it is taken although others have claimed some of them, "" for not then.

        Raises:
            BadInput, NotFound: no time that can be used, no target.
            Refused: others have claimed some of them; nothing was claimed.
        """
        if not 1 <= for_s <= LONGEST_S:
            raise BadInput("A target is claimed for 1 s to 7 d.", next_step="Write it as in --for 30m or --for 4h.")
        self._require_may_go_on(despite)
        now, names = self._clock.now(), [row.target.name for row in await self._inventory.resolve(selector)]
        reason, despite = mask(reason.strip())[0], mask(despite.strip())[0]
        taken = [
            Claim(target=name, kind=ClaimKind.BY_HAND, by=self.identity, reason=reason, since=now, until=now + for_s)
            for name in names
        ]
        running = [
            one for one in (await self._look())[0]
            if one.target in names and one.change and self._operator.name not in (one.by, *one.others)
        ]  # fmt: skip
        if running and not despite:
            raise _refused("They were not claimed", running, now, _CLAIM if self.may_go_on else _WAIT)

        def told(others: Sequence[Claim]) -> Sequence[Fact]:
            beside = claim_lines([*running, *others], now)
            event = ClaimTaken(
                targets=tuple(names), by=self.identity, reason=reason, until=now + for_s, beside=beside, despite=despite
            )
            return [self._ledger.fact(event)]

        others, facts = await self._by_hand().take(taken, told, now=now, beside=bool(despite))
        if not facts:
            raise _refused("They were not claimed", others, now, _CLAIM if self.may_go_on else _WAIT)
        self._ledger.committed(facts)
        return taken

    async def release(self, selector: str, *, reason: str = "", of_others: bool = False) -> Sequence[Claim]:
        """Give up claims by hand; return what was given up.

        Args:
            selector: of which targets.
            reason: why; needed for the claims of others.
            of_others: whether everybody's claims are meant, not only one's own.

        Raises:
            BadInput: none of them is claimed so, or a reason is missing.
        """
        reason = mask(reason.strip())[0]
        if of_others and not reason:
            raise BadInput("The claims of others are not taken from them without a reason.", next_step="Say --reason.")
        names = [row.target.name for row in await self._inventory.resolve(selector)]

        def told(given_up: Sequence[Claim]) -> Sequence[Fact]:
            owners = sorted({claim.by for claim in given_up})
            return [
                self._ledger.fact(ClaimReleased(
                    targets=tuple(one.target for one in given_up if one.by == owner), of=owner, reason=reason
                ))
                for owner in owners
            ]  # fmt: skip

        of = "" if of_others else self.identity
        given_up, facts = await self._by_hand().release(names, told, now=self._clock.now(), of=of)
        if not given_up:
            who = "Nobody has claimed any" if of_others else "You have claimed none"
            raise BadInput(
                f"{who} of them by hand.",
                next_step="See who has claimed what: opsterm claim list. A change gives its claims up by its end.",
            )
        self._ledger.committed(facts)
        return given_up

    # ------------------------------------------------------------- before a change

    async def in_the_way(self, change: Change) -> Sequence[Claim]:
        """Return the claims because of which somebody should be asked before a change runs, the oldest first."""
        return self._in_the_way((await self._look())[0], change)

    def _in_the_way(self, claims: Sequence[Claim], change: Change) -> Sequence[Claim]:
        found = in_the_way(claims, change, operator=self._operator.name, identity=self.identity)
        return sorted(found, key=lambda claim: (claim.since, claim.target))

    async def passage(self, change: Change, despite: str = "") -> Passage:
        """Return that a change may start now.

        Args:
            change: the one that is about to.
            despite: why it runs although others have claimed some of its targets, "" for not then.

        Raises:
            Refused: others have claimed some of its targets.
        """
        if not why_asked(case_of(change)):
            return Passage(beside=None)
        found, running = await self._look()
        claims = self._in_the_way(found, change)
        despite = mask(despite.strip())[0]
        if not claims and not despite:
            return Passage(beside=running)
        self._require_may_go_on(despite)
        if not despite:
            raise _refused(f"{change.name} was not run", claims, self._clock.now(), _RUN if self.may_go_on else _WAIT)
        event = ClaimPassedOver(change=change.id, claims=claim_lines(claims, self._clock.now()), reason=despite)
        return Passage(beside=running, facts=[self._ledger.fact(event, correlation_id=change.name)])

    async def wait(self, change: Change) -> None:
        """Wait until no claim is in the way of a change, or until it may not start any more."""
        with self._ledger.hub.listen("claims that are waited for", *CLAIM_FACTS) as ear:
            while await self.in_the_way(change) and self._clock.now() <= change.order.expires_at:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await ear.batch()

    def _require_may_go_on(self, despite: str) -> None:
        if despite and not self.may_go_on:
            raise Refused(
                "Nobody goes on beside a claim here: the setting changes.claims is refuse.",
                next_step=_WAIT,
            )


def _refused(what: str, claims: Sequence[Claim], now: float, ways: str) -> Refused:
    lines = claim_lines(claims, now)
    rest = f" {len(lines) - 3} more: opsterm claim list." if len(lines) > 3 else ""
    return Refused(
        f"{what}: others have claimed {len({one.target for one in claims})} of the targets.",
        why=f"{'. '.join(lines[:3])}.{rest}",
        next_step=ways,
    )
