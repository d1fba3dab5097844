"""What is gathered for whoever decides a change, beside the change itself: the file, the judgement, the previews."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.claim import claim_lines
from opsterm.changes.lifecycle import WAITING_STATES
from opsterm.changes.rewriting.rewrite import Rewrite
from opsterm.core.errors import NotFound, OpstermError
from opsterm.policy.assessment import Assessment
from opsterm.policy.level import RiskLevel
from opsterm.policy.lockout import NO_LOCKOUT, Lockout, lockout_lines
from opsterm.runtime.gates import GateSeen
from opsterm.runtime.guards import GuardSeen
from opsterm.runtime.preview_text import preview_lines
from opsterm.runtime.put_review import ContentReview
from opsterm.runtime.runtime import Runtime

LOOKING = "looking up on the targets what it would do …"


class ChangeEvidence:
    """Gathers it piece by piece, and tells when there is more.

    Attributes:
        review: the file or folder that would be put, or files that would be sent, None for none.
        assessment: what the command may do, None until it is known.
        rewrite: its safer form, None when none is known.
        preview: lines of what was looked up, () for nothing.
        steps: by target which step of a plan is at work there, or was last.
        gate: the gate between two batches at which it stands, None while it stands at none.
        guards: what was heard last of each target that takes it back unless it is confirmed.
        claims: who else has claimed its targets, in words; () for nobody.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.review: ContentReview | None = None
        self.assessment: Assessment | None = None
        self.preview: tuple[str, ...] = ()
        self.guards: tuple[GuardSeen, ...] = ()
        self.steps: Mapping[str, str] = {}
        self.gate: GateSeen | None = None
        self.claims: tuple[str, ...] = ()
        self.rewrite: Rewrite | None = None
        self._runtime = runtime

    @property
    def can_cut(self) -> bool:
        """Whether the change can cut our own way to a target."""
        return self.lockout.cuts

    @property
    def lockout(self) -> Lockout:
        """What it may do to our own way, as far as that is known."""
        return self.assessment.lockout if self.assessment is not None else NO_LOCKOUT

    @property
    def cuts(self) -> tuple[str, ...]:
        """What is said of our own way to the targets, () for nothing."""
        if not (self.lockout.cuts or self.lockout.spared):
            return ()
        first, *others = lockout_lines(self.lockout)
        return (f"yes: {others[0]}", *others[1:]) if self.lockout.cuts else (first,)

    @property
    def safer(self) -> tuple[str, ...]:
        """Safer ways, () for none."""
        return tuple(one.text for one in self.assessment.alternatives) if self.assessment is not None else ()

    async def assess(self, change: Change) -> None:
        """Find out what the command may do and who claims its targets; that needs nothing but what is kept here."""
        self.assessment = await self._runtime.assessments.of_change(change)
        if change.state in WAITING_STATES:
            self.claims = claim_lines(await self._runtime.claims.in_the_way(change), self._runtime.clock.now())
        self.rewrite = self._runtime.rewrites.of_change(change)

    async def hear(self, change: Change) -> None:
        """Find out how its targets stand."""
        await self.hear_guards(change)
        await self.hear_steps(change)

    async def hear_steps(self, change: Change) -> None:
        """Find out how far a plan is on each target, and whether it waits between two batches."""
        self.steps = await self._runtime.plans.steps(change)
        self.gate = await self._runtime.gates.standing(change)

    async def hear_guards(self, change: Change) -> None:
        """Find out what was heard of its targets; none is asked."""
        self.guards = tuple((await self._runtime.guards.told(change)).values())

    async def gather(self, change: Change, told: Callable[[], None]) -> None:
        """Gather the rest; `told` is called whenever there is more of it.

        Args:
            change: any change; what waits is looked up on its targets, of any other only what was shown is told.
            told: shows it.
        """
        with suppress(NotFound):
            for compare in (False, True) if change.state is ChangeState.PROPOSED else (False,):
                self.review = await self._runtime.files.review(change, compare=compare)
                told()
        if change.risk.level.order <= RiskLevel.LOW.order:
            return
        previews = self._runtime.previews
        kept = await previews.kept(change)
        self.preview = tuple(preview_lines(kept))
        if change.state is not ChangeState.PROPOSED or self.review is not None:
            told()
            return
        self.preview = self.preview or (LOOKING,)
        told()
        try:
            self.preview = tuple(preview_lines(await previews.make(change)))
        except OpstermError as error:
            self.preview = (f"No preview: {error.what}",)
        told()
